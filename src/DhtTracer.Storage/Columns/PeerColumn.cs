namespace DhtTracer.Storage.Columns;

/// <summary>The columns of the peers of a block. The numbers are stored: at most 64, and none changes its meaning.</summary>
internal enum PeerColumn
{
    /// <summary>Number of the peer, ascending. The next columns have a value for each peer.</summary>
    Peer = 0,
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

    /// <summary>How many values it has in the columns that follow each of these.</summary>
    RequestCount = 13,
    DialCount = 14,
    FailedCount = 15,
    ClassCount = 16,
    AgentCount = 17,
    AddressCount = 18,

    /// <summary>
    /// Durations of first answered requests, of successful dials and of first failures: those of the first peer, then the next's.
    /// </summary>
    Request = 19,
    Dial = 20,
    Failed = 21,

    /// <summary>Error class of failures, as the number of a text, and how many.</summary>
    Class = 22,
    ClassFailures = 23,

    /// <summary>Agent version, as the number of a text, in how many operations, and starts of the first and last query.</summary>
    Agent = 24,
    AgentOperations = 25,
    AgentFirst = 26,
    AgentLast = 27,

    /// <summary>Multiaddr, as the number of a text, and the same.</summary>
    Address = 28,
    AddressOperations = 29,
    AddressFirst = 30,
    AddressLast = 31,

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
