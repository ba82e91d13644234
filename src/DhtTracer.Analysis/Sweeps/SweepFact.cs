using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>The kind of a <see cref="SweepFact"/>. The numbers are stored.</summary>
public enum SweepFactKind
{
    /// <summary><see cref="SweepMark"/>.</summary>
    Mark = 1,

    /// <summary><see cref="SweepExploration"/>.</summary>
    Exploration = 2,

    /// <summary><see cref="SweepLogEntry"/>.</summary>
    Log = 3,

    /// <summary><see cref="SweepStatistic"/>.</summary>
    Statistic = 4,

    /// <summary><see cref="BlockAnswer"/>: of requests for blocks, not of a sweep.</summary>
    Block = 5,
}

/// <summary>
/// One thing that a trace tells about a provide sweep, or a Kubo's log about requests for blocks. A sweep leaves thousands of small traces,
/// so the archive keeps these facts apart and the pages read only them.
/// </summary>
public abstract record SweepFact
{
    /// <summary>Its span.</summary>
    public required QueryId Id { get; init; }

    /// <summary><c>service.name</c> of the program; empty when absent.</summary>
    public string Service { get; init; } = "";

    /// <summary><c>service.instance.id</c> of the program; null when absent.</summary>
    public string? Instance { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; 0 for a line and when the end is unknown.</summary>
    public long DurationNs { get; init; }

    /// <summary>End, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong EndUnixNano => StartUnixNano + (ulong)Math.Max(0, DurationNs);
}

/// <summary>A key had its turn: the root span <c>IpfsDHT.Provide</c> with <c>announce=false</c>, before its records are sent.</summary>
public sealed record SweepMark : SweepFact
{
    /// <summary>The multihash.</summary>
    public required ImmutableArray<byte> Key
    {
        get;
        init
        {
            field = value;
            Position = KeyPrefix.PositionOf(value.AsSpan());
        }
    }

    /// <summary>Its position in the key space.</summary>
    public ulong Position { get; private init; }
}

/// <summary>A lookup that Kubo made for itself: it explores a part of the key space, provides one key, or looks for its own id.</summary>
public sealed record SweepExploration : SweepFact
{
    /// <summary>The bytes that it looked for.</summary>
    public required ImmutableArray<byte> Key
    {
        get;
        init
        {
            field = value;
            Position = KeyPrefix.PositionOf(value.AsSpan());
        }
    }

    /// <summary>Its position in the key space.</summary>
    public ulong Position { get; private init; }

    /// <summary>Positions of the peers that answered.</summary>
    public ImmutableArray<ulong> Answered { get; init; } = [];

    /// <summary>Positions of the peers that could not be dialed or did not answer.</summary>
    public ImmutableArray<ulong> Failed { get; init; } = [];
}

/// <summary>A line of the daemon's log.</summary>
public sealed record SweepLogEntry : SweepFact
{
    /// <summary><c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</summary>
    public required string Level { get; init; }

    /// <summary>The logger.</summary>
    public required string Logger { get; init; }

    /// <summary>The text.</summary>
    public required string Message { get; init; }

    /// <summary>Its fields as a JSON object; empty if there are none.</summary>
    public string Fields { get; init; } = "";
}

/// <summary>An answer of the daemon to <c>provide/stat</c> or <c>stats/dht</c>.</summary>
public sealed record SweepStatistic : SweepFact
{
    /// <summary>The command.</summary>
    public required string Command { get; init; }

    /// <summary>The answer, a JSON object.</summary>
    public required string Answer { get; init; }
}
