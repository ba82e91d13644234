namespace DhtTracer.Storage.Columns;

/// <summary>
/// The columns of the facts of a block. A fact is what one query did with one peer. The numbers are stored: at most 64, and none changes
/// its meaning.
/// </summary>
internal enum FactColumn
{
    /// <summary>Number of the peer, ascending. The facts of the first peer come first, each group in the order of its queries.</summary>
    Peer = 0,

    /// <summary>How many different pairs of an agent version and a list of addresses its facts have.</summary>
    PairCount = 1,

    /// <summary>Agent version of a pair, as the number of a text, or unknown.</summary>
    Agent = 2,

    /// <summary>Multiaddrs of a pair, one to a line, as the number of a text, or unknown.</summary>
    Addresses = 3,

    /// <summary>For each query of the block that is not skipped: the place of its operation in the block.</summary>
    QueryOperation = 4,

    /// <summary>Start of the query.</summary>
    QueryStart = 5,

    /// <summary>Its <see cref="QueryRole"/>.</summary>
    QueryRole = 6,

    /// <summary>The first column of the facts of peers that the query dialed or asked, see <see cref="FactPart"/>.</summary>
    Contacted = 8,

    /// <summary>The first column of the facts of peers that the query only heard of.</summary>
    Heard = 24,
}

/// <summary>
/// The columns of a group of facts, counted from its first. Lists come as their lengths, one for each peer, and their values.
/// </summary>
internal enum FactPart
{
    /// <summary>How many facts each peer has.</summary>
    FactCount = 0,

    /// <summary>Place of the query among those of the block.</summary>
    Query = 1,

    /// <summary><see cref="FactFlags"/>, plus 256 times the number of errors.</summary>
    Flags = 2,

    /// <summary>Answers of other peers that named it, or unknown.</summary>
    Named = 3,

    /// <summary>Which of the peer's pairs.</summary>
    Pair = 4,

    /// <summary>Times lost that are not 0.</summary>
    LostCount = 5,
    Lost = 6,

    /// <summary>Durations of first answered requests.</summary>
    RequestCount = 7,
    Request = 8,

    /// <summary>Durations of successful dials.</summary>
    DialCount = 9,
    Dial = 10,

    /// <summary>Durations of first failures.</summary>
    FailedCount = 11,
    Failed = 12,

    /// <summary>Error classes, as numbers of texts.</summary>
    ErrorCount = 13,
    Error = 14,
}

/// <summary>What a fact has.</summary>
[Flags]
internal enum FactFlags
{
    None = 0,

    /// <summary>The query sent it a request.</summary>
    Queried = 1,
    Answered = 2,

    /// <summary>It is known how much time the query lost to it, 0 if <see cref="HasLost"/> is not set.</summary>
    LostKnown = 4,
    HasLost = 8,
    HasRequest = 16,
    HasDial = 32,
    HasFailed = 64,
}

/// <summary>What a query is for its operation.</summary>
internal enum QueryRole
{
    /// <summary>Another side of it.</summary>
    Other = 0,

    /// <summary>Its decisive query, without a critical path.</summary>
    Decisive = 1,

    /// <summary>Its decisive query; it is known how much time it lost to peers.</summary>
    DecisiveWithPath = 2,
}
