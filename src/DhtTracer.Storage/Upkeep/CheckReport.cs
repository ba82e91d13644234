using System.Collections.Immutable;

namespace DhtTracer.Storage.Upkeep;

/// <summary>What a check does.</summary>
/// <param name="Quick">Leaves out the comparison with a new analysis, which takes as long as analysing everything again.</param>
/// <param name="Repair">Writes anew what can be computed from the spans.</param>
public sealed record CheckOptions(bool Quick = false, bool Repair = false);

/// <summary>What was found to be wrong.</summary>
public enum CheckProblem
{
    /// <summary>The file itself is damaged. The remedy is a backup.</summary>
    File = 0,

    /// <summary>The spans of a trace are damaged. The remedy is a backup, or the trace's source.</summary>
    Spans = 1,

    /// <summary>What was derived from the spans of a trace is not what an analysis gives now. A repair writes it anew.</summary>
    Derived = 2,

    /// <summary>A total is not the sum of its parts. A repair counts again.</summary>
    Total = 3,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Problem">Its kind.</param>
/// <param name="Text">Where, and what is wrong, in words.</param>
/// <param name="Repaired">Whether it was repaired.</param>
public sealed record CheckFinding(CheckProblem Problem, string Text, bool Repaired);

/// <summary>The result of a check.</summary>
public sealed record CheckReport
{
    /// <summary>Number of traces whose spans were read and compared with their checksums.</summary>
    public required long Traces { get; init; }

    /// <summary>Number of these that were stored without a checksum by an older version: they could only be unpacked.</summary>
    public required long WithoutChecksum { get; init; }

    /// <summary>Number of traces that were analysed again and compared.</summary>
    public required long Compared { get; init; }

    /// <summary>Number of traces left out of the comparison because they wait for analysis or an older version analysed them.</summary>
    public required long Waiting { get; init; }

    /// <summary>What is wrong, at most <see cref="MaxFindings"/>.</summary>
    public required ImmutableArray<CheckFinding> Findings { get; init; }

    /// <summary>Number of findings beyond those.</summary>
    public required long MoreFindings { get; init; }

    /// <summary>Findings that a report lists.</summary>
    public const int MaxFindings = 100;

    /// <summary>Whether nothing is wrong, or all of it was repaired.</summary>
    public bool IsSound => MoreFindings == 0 && Findings.All(static finding => finding.Repaired);
}
