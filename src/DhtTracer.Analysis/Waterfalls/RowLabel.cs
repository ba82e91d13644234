using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>
/// The text at the end of a row: <c>310ms, 2/5 peers</c> (dial plus request time, new and returned peers), <c>✗ 3s</c>,
/// <c>✓ 894ms, 3 rec, 1/7 peers</c>, <c>⚠ dup</c>.
/// </summary>
public static class RowLabel
{
    /// <summary>The mark of a peer that was asked twice, or added twice.</summary>
    public const string DuplicateMark = "⚠ dup";

    /// <summary>The whole label, including the duplicate mark.</summary>
    public static string Of(QueryPeer peer)
    {
        var text = WithoutMark(peer);
        return peer.Duplicate
            ? text.Length == 0
                ? DuplicateMark
                : text + " " + DuplicateMark
            : text;
    }

    /// <summary>The label of a row whose duplicate mark is shown elsewhere.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="outcome">How its query ended, to explain why a request was cancelled; null to leave that out.</param>
    /// <param name="running">True while the query runs: anything without an end is still in progress.</param>
    public static string WithoutMark(QueryPeer peer, QueryOutcome? outcome = null, bool running = false) =>
        peer.State switch
        {
            PeerState.DialFailed or PeerState.RequestFailed => "✗" + Spaced(BusyNs(peer)),
            PeerState.Answered => Answered(peer),
            PeerState.NoAnswer => Join(BusyNs(peer), running ? "in flight" : "no answer seen"),
            PeerState.Cancelled => Join(BusyNs(peer), Cut(outcome)),
            PeerState.Sent => Join(BusyNs(peer), "sent"),
            PeerState.Connected => running ? "connected" : "connected, not queried",
            PeerState.Dialing => running ? "dialing" : "dialing, never finished",
            PeerState.Queued => "queued",
            PeerState.Heard => running ? "not queried yet" : "not queried",
            PeerState.Unknown when running => "in flight",
            PeerState.Unknown => Join(BusyNs(peer), "unknown: spans lost"),
            _ => "",
        };

    /// <summary>Dial plus request time in nanoseconds; null when a part of it is unknown, or when nothing was sent.</summary>
    public static long? BusyNs(QueryPeer peer)
    {
        if (peer.Dial is null && peer.Requests.IsEmpty)
        {
            return null;
        }

        long sum = 0;
        if (peer.Dial is { } dial)
        {
            if (dial.DurationNs is not { } duration)
            {
                return null;
            }

            sum = duration;
        }

        foreach (var request in peer.Requests)
        {
            if (request.DurationNs is not { } duration)
            {
                return null;
            }

            sum += duration;
        }

        return sum;
    }

    /// <summary>
    /// The error class of the last failure, with spaces instead of hyphens; null when nothing failed, and for a cancelled peer, whose label
    /// says who cancelled it.
    /// </summary>
    public static string? Failure(QueryPeer peer)
    {
        if (peer.State == PeerState.Cancelled)
        {
            return null;
        }

        var error = peer.Dial?.Error;
        foreach (var request in peer.Requests)
        {
            error = request.Error ?? error;
        }

        return error?.Class.Replace('-', ' ');
    }

    private static string Answered(QueryPeer peer)
    {
        int? records = Sum(peer, static request => Add(request.Records, request.Providers));
        var text = new StringBuilder();
        if (records > 0)
        {
            text.Append("✓ ");
        }

        text.Append(BusyNs(peer) is { } busy ? DurationText.Of(busy) : "answered");
        if (records > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $", {records} rec");
        }

        if (Sum(peer, static request => request.Returned) is { } returned)
        {
            var fresh = Sum(peer, static request => request.New)?.ToString(CultureInfo.InvariantCulture) ?? DurationText.Unknown;
            text.Append(CultureInfo.InvariantCulture, $", {fresh}/{returned} peers");
        }

        return text.ToString();
    }

    // Names who ended the dial or request. None of these is the peer's fault.
    private static string Cut(QueryOutcome? outcome) =>
        outcome switch
        {
            QueryOutcome.Success => "not needed any more",
            QueryOutcome.Cancelled => "cancelled by the caller",
            QueryOutcome.TimedOut => "cut off by the deadline",
            _ => "cancelled",
        };

    /// <summary>The sum of the known values; null when none is known.</summary>
    private static int? Sum(QueryPeer peer, Func<PeerRequest, int?> value)
    {
        int? sum = null;
        foreach (var request in peer.Requests)
        {
            sum = Add(sum, value(request));
        }

        return sum;
    }

    private static int? Add(int? left, int? right) =>
        left is null ? right
        : right is null ? left
        : left + right;

    private static string Spaced(long? nanoseconds) => nanoseconds is null ? "" : " " + DurationText.Of(nanoseconds);

    private static string Join(long? nanoseconds, string text) => nanoseconds is null ? text : DurationText.Of(nanoseconds) + ", " + text;
}
