namespace DhtTracer.Storage.Columns;

/// <summary>The columns of the sums of a block by peer. The numbers are stored: at most 64, and none changes its meaning.</summary>
internal enum PeerColumn
{
    /// <summary>Number of the peer, ascending. The next columns have a value for each peer.</summary>
    Peer = 0,

    /// <summary>Operations that heard of it.</summary>
    Seen = 1,
    Queried = 2,
    Answered = 3,

    /// <summary>Operations that dialed or asked it.</summary>
    Met = 4,
    Cancelled = 5,
    Failures = 6,
    TimeLost = 7,
    Named = 8,

    /// <summary>Start of the first query that heard of it.</summary>
    First = 9,
    Last = 10,

    /// <summary>Time lost to it by decisive queries, and the sum of the squares as the bits of a double.</summary>
    DecisiveLost = 11,
    DecisiveSquares = 12,

    /// <summary>How many durations of first answered requests and of successful dials its facts have.</summary>
    RequestCount = 13,
    DialCount = 14,

    /// <summary>One value: operations whose decisive query has a critical path and peers.</summary>
    LossOperations = 32,

    /// <summary>Agent version, as the number of a text, with the time lost to it by decisive queries and the sum of squares.</summary>
    LossAgent = 33,
    LossAgentSum = 34,
    LossAgentSquares = 35,

    /// <summary>Error class, and the same.</summary>
    LossClass = 36,
    LossClassSum = 37,
    LossClassSquares = 38,
}
