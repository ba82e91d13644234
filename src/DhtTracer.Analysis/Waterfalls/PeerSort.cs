using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>Sort order of the rows of a waterfall. Unknown values come last, in both directions.</summary>
public enum PeerSort
{
    /// <summary>By the time heard, as in <see cref="Query.Peers"/>.</summary>
    Heard = 0,

    /// <summary>By XOR; the closest peer comes last.</summary>
    Xor = 1,

    /// <summary>By hops.</summary>
    Hops = 2,

    /// <summary>By the time when they were first sent anything.</summary>
    Order = 3,

    /// <summary>By the start of the first dial or request.</summary>
    Start = 4,

    /// <summary>By dial plus request time.</summary>
    Duration = 5,
}

/// <summary>Selects rows. Each peer belongs to exactly one filter other than <see cref="All"/> and <see cref="Contacted"/>.</summary>
public enum PeerFilter
{
    /// <summary>Every peer.</summary>
    All = 0,

    /// <summary>Answered.</summary>
    Completed = 1,

    /// <summary>Dial or request failed.</summary>
    Failed = 2,

    /// <summary>Asked, but the trace shows neither an answer nor a failure.</summary>
    Unfinished = 3,

    /// <summary>Never sent a request: heard, queued, dialing or connected.</summary>
    Unqueried = 4,

    /// <summary>The end of the query, or its caller, cancelled a dial or request.</summary>
    Cancelled = 5,

    /// <summary>Was sent a message without an answer in the protocol (ADD_PROVIDER).</summary>
    Sent = 6,

    /// <summary>Spans were lost, so it is unknown whether it was asked.</summary>
    Unknown = 7,

    /// <summary>Dialed, asked, or possibly asked.</summary>
    Contacted = 8,
}

/// <summary>Sorts and filters rows.</summary>
public static class PeerRows
{
    /// <summary>The group of a peer, never <see cref="PeerFilter.All"/> or <see cref="PeerFilter.Contacted"/>.</summary>
    public static PeerFilter Group(QueryPeer peer) =>
        peer.State switch
        {
            PeerState.Answered => PeerFilter.Completed,
            PeerState.DialFailed or PeerState.RequestFailed => PeerFilter.Failed,
            PeerState.NoAnswer => PeerFilter.Unfinished,
            PeerState.Cancelled => PeerFilter.Cancelled,
            PeerState.Sent => PeerFilter.Sent,
            PeerState.Unknown => PeerFilter.Unknown,
            _ => PeerFilter.Unqueried,
        };

    /// <summary>Whether a peer passes a filter.</summary>
    public static bool Matches(QueryPeer peer, PeerFilter filter) =>
        filter switch
        {
            PeerFilter.All => true,
            PeerFilter.Contacted => WasContacted(peer),
            _ => Group(peer) == filter,
        };

    /// <summary>Whether a peer was dialed, asked, or possibly asked. All other peers were only heard of.</summary>
    public static bool WasContacted(QueryPeer peer) =>
        peer.Dial is not null || !peer.Requests.IsEmpty || Group(peer) != PeerFilter.Unqueried;

    /// <summary>Whether the dial of a peer made no connection: it failed, or was cancelled before anything was asked.</summary>
    internal static bool DialCameToNothing(QueryPeer peer) =>
        peer.State == PeerState.DialFailed || (peer.State == PeerState.Cancelled && peer.Requests.IsEmpty);

    /// <summary>
    /// Whether a text is part of the peer's id, its agent, one of its addresses or the class of one of its errors, ignoring case.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="text">The text. Error classes match with hyphens and with spaces.</param>
    public static bool Contains(QueryPeer peer, string text)
    {
        if (Has(peer.Id) || Has(peer.Agent) || HasError(peer.Dial?.Error))
        {
            return true;
        }

        foreach (var address in peer.Addresses)
        {
            if (Has(address))
            {
                return true;
            }
        }

        foreach (var request in peer.Requests)
        {
            if (HasError(request.Error))
            {
                return true;
            }
        }

        return false;

        bool Has(string? part) => part?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;
        bool HasError(TraceError? error) => error is not null && (Has(error.Class) || Has(error.Class.Replace('-', ' ')));
    }

    /// <summary>The peers that pass the filter, sorted. Equal peers stay in the order heard.</summary>
    public static IEnumerable<QueryPeer> Select(IEnumerable<QueryPeer> peers, PeerSort sort, bool descending, PeerFilter filter)
    {
        var kept = peers.Where(peer => Matches(peer, filter));
        if (sort == PeerSort.Heard)
        {
            return descending ? kept.Reverse() : kept;
        }

        var knownFirst = kept.OrderBy(peer => Value(peer, sort) is null);
        return descending ? knownFirst.ThenByDescending(peer => Value(peer, sort)) : knownFirst.ThenBy(peer => Value(peer, sort));
    }

    /// <summary>Start of the first dial or request in nanoseconds after the query's start; null when nothing was sent.</summary>
    public static long? StartNs(QueryPeer peer)
    {
        long? start = peer.Dial?.StartNs;
        foreach (var request in peer.Requests)
        {
            start = request.StartNs is { } asked && !(start <= asked) ? asked : start;
        }

        return start;
    }

    private static long? Value(QueryPeer peer, PeerSort sort) =>
        sort switch
        {
            PeerSort.Xor => peer.Xor,
            PeerSort.Hops => peer.Hops,
            PeerSort.Order => peer.Order,
            PeerSort.Start => StartNs(peer),
            PeerSort.Duration => RowLabel.BusyNs(peer),
            _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, "not a sort of rows"),
        };
}
