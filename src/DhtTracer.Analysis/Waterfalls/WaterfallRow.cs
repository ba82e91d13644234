using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

public enum RowPhase
{
    /// <summary>Heard of and waiting to be dialed or asked.</summary>
    Queued = 0,

    /// <summary>A new connection is being made.</summary>
    Dialing = 1,

    /// <summary>Connected, without a request in flight.</summary>
    Connected = 2,

    /// <summary>A request that was answered.</summary>
    Request = 3,

    /// <summary>A request that failed, or without an answer in the trace.</summary>
    NoAnswer = 4,

    /// <summary>A written message without an answer in the protocol (ADD_PROVIDER).</summary>
    Sent = 5,

    /// <summary>A dial or request that the end of the query, or its caller, cancelled.</summary>
    Cancelled = 6,
}

/// <summary>A bar of a row. Times are nanoseconds after the query's start.</summary>
/// <param name="Phase">The phase that it shows.</param>
/// <param name="StartNs">Start.</param>
/// <param name="EndNs">End; never before <paramref name="StartNs"/>.</param>
/// <param name="Open">True when the trace shows no end; the bar is then drawn to the end of the time axis.</param>
/// <param name="Failed">The dial or request failed.</param>
/// <param name="Message">The message of a request; null for other phases.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record RowSegment(
    RowPhase Phase,
    long StartNs,
    long EndNs,
    bool Open = false,
    bool Failed = false,
    MessageType? Message = null,
    TraceError? Error = null
);

public sealed record WaterfallRow
{
    public required QueryPeer Peer { get; init; }

    /// <summary>The label, without the duplicate mark.</summary>
    public required string Label { get; init; }

    /// <summary>Why it failed, as text; null when it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>Its group, see <see cref="PeerRows.Group"/>.</summary>
    public required PeerFilter Group { get; init; }

    /// <summary>Its bars, in time order. A reused connection has no dialing bar.</summary>
    public required ImmutableArray<RowSegment> Segments { get; init; }

    /// <summary>The end of the last bar, or else the time when it was heard; null when the trace shows neither.</summary>
    public long? EndNs { get; init; }

    /// <summary>Creates the row of a peer.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="axisNs">Length of the time axis; open bars end there.</param>
    /// <param name="query">The query. A peer that was never asked waited until its end.</param>
    /// <param name="running">True while the query runs: anything without an end is still in progress.</param>
    public static WaterfallRow Of(QueryPeer peer, long axisNs, QuerySummary query, bool running = false)
    {
        var segments = Bars(peer, axisNs, query.DurationNs);
        return new WaterfallRow
        {
            Peer = peer,
            Label = RowLabel.WithoutMark(peer, query.Outcome, running),
            Failure = RowLabel.Failure(peer),
            Group = PeerRows.Group(peer),
            Segments = segments,
            EndNs = segments.IsEmpty ? peer.HeardNs : segments.Max(segment => segment.EndNs),
        };
    }

    private static ImmutableArray<RowSegment> Bars(QueryPeer peer, long axisNs, long? queryNs)
    {
        var bars = ImmutableArray.CreateBuilder<RowSegment>();
        var end = Math.Max(queryNs ?? axisNs, 0);
        if (peer.HeardNs is { } heard)
        {
            if (PeerRows.StartNs(peer) is { } start)
            {
                if (start > heard)
                {
                    bars.Add(new RowSegment(RowPhase.Queued, heard, start));
                }
            }
            else if (peer.State == PeerState.Queued)
            {
                bars.Add(new RowSegment(RowPhase.Queued, heard, Math.Max(heard, end)));
            }
        }

        long? connectedSince = null;
        if (peer.Dial is { } dial)
        {
            var dialEnd = dial.DurationNs is { } duration ? dial.StartNs + duration : Math.Max(dial.StartNs, axisNs);
            if (dial.Reused != true)
            {
                bars.Add(
                    new RowSegment(
                        peer.State == PeerState.Cancelled && peer.Requests.IsEmpty ? RowPhase.Cancelled : RowPhase.Dialing,
                        dial.StartNs,
                        dialEnd,
                        dial.DurationNs is null,
                        peer.State == PeerState.DialFailed,
                        Error: dial.Error
                    )
                );
            }

            connectedSince = dial.DurationNs is not null && dial.Error is null && !PeerRows.DialCameToNothing(peer) ? dialEnd : null;
        }

        foreach (var request in peer.Requests)
        {
            // A request without a recorded start is shown as a point in time: its answer.
            if ((request.StartNs ?? request.EndNs) is not { } asked)
            {
                continue;
            }

            if (connectedSince is { } since && asked > since)
            {
                bars.Add(new RowSegment(RowPhase.Connected, since, asked));
            }

            var requestEnd = request.EndNs ?? Math.Max(asked, axisNs);
            bars.Add(
                new RowSegment(
                    request.Outcome switch
                    {
                        RequestOutcome.Answered => RowPhase.Request,
                        RequestOutcome.Sent => RowPhase.Sent,
                        RequestOutcome.Cancelled => RowPhase.Cancelled,
                        _ => RowPhase.NoAnswer,
                    },
                    asked,
                    requestEnd,
                    request.EndNs is null,
                    request.Outcome == RequestOutcome.Failed,
                    request.Type,
                    request.Error
                )
            );
            connectedSince = connectedSince is null || request.EndNs is null ? null : Math.Max(requestEnd, connectedSince.Value);
        }

        if (peer.State == PeerState.Connected && connectedSince is { } idle && end > idle)
        {
            bars.Add(new RowSegment(RowPhase.Connected, idle, end));
        }

        return bars.ToImmutable();
    }
}
