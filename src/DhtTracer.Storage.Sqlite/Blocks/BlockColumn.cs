namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>The columns of a block of operations. The numbers are stored: at most 64, and none changes its meaning.</summary>
internal enum BlockColumn
{
    /// <summary>Number of the operation.</summary>
    Number = 0,
    Start = 1,
    Duration = 2,
    FirstResult = 3,
    Discovery = 4,
    Hops = 5,
    Queried = 6,
    Dialed = 7,
    DialFailed = 8,
    Reused = 9,
    Duplicates = 10,
    Type = 11,
    Outcome = 12,
    Source = 13,

    /// <summary>Number of a text.</summary>
    ErrorClass = 14,

    /// <summary>Number of a text.</summary>
    Service = 15,

    /// <summary>Number of a peer.</summary>
    Node = 16,
    Alpha = 17,
    Background = 18,
    Skipped = 19,

    /// <summary>The first of the eight phases, in the order of <see cref="Storage.Packed.PackedPhases"/>.</summary>
    FirstPhase = 20,

    /// <summary>The rows of a <see cref="TallyColumn"/>.</summary>
    PeerErrors = 28,

    /// <summary>The rows of a <see cref="TallyColumn"/>.</summary>
    Agents = 29,

    /// <summary>Bits of the rules of lookups that the operation breaks.</summary>
    Lint = 30,

    /// <summary>The names of the rows of <see cref="PeerErrors"/>, with their sums.</summary>
    PeerErrorSums = 31,

    /// <summary>The names of the rows of <see cref="Agents"/>, with their sums.</summary>
    AgentSums = 32,

    /// <summary>
    /// What the phases of the operations that count by default add up to: a sum, the sum of the squares as the bits of a double, and the
    /// number of operations that know it, phase by phase.
    /// </summary>
    PhaseSums = 33,
}
