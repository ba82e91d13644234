using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// What became of a node's provide sweep in a span of time. Over 300 lines, because the records are read together. Spans tell which regions
/// had a turn, when, and with which keys; the daemon's
/// log
/// tells what could not be sent; only lookups tell what is held. Times are nanoseconds since 1970-01-01 UTC.
/// </summary>
public sealed record SweepReport
{
    /// <summary>Time of the first fact; 0 if there is none.</summary>
    public ulong StartUnixNano { get; init; }

    /// <summary>Time of the last fact: what is late is late at this time. 0 if there is none.</summary>
    public ulong EndUnixNano { get; init; }

    /// <summary>Peer id of the node; null when neither the resource nor its lookups of itself tell it.</summary>
    public string? Node { get; init; }

    /// <summary>Number of marks, one for each turn of a key.</summary>
    public int Marks { get; init; }

    /// <summary>Number of distinct keys that had a turn.</summary>
    public int Keys { get; init; }

    /// <summary>Number of lookups that explored.</summary>
    public int Lookups { get; init; }

    /// <summary>Number of lines of the daemon's log.</summary>
    public int LogLines { get; init; }

    /// <summary>The parts of the key space that were explored and provided together, by start.</summary>
    public ImmutableArray<SweepBatch> Batches { get; init; } = [];

    /// <summary>Keys that were provided one by one, by start: the sweep does so for one or two keys of a region.</summary>
    public ImmutableArray<SweepSingle> Singles { get; init; } = [];

    /// <summary>The regions in their order in the key space: the finest division that the turns made.</summary>
    public ImmutableArray<SweepRegion> Regions { get; init; } = [];

    /// <summary>The parts of the key space in which no region had a turn, in their order.</summary>
    public ImmutableArray<KeyPrefix> Never { get; init; } = [];

    /// <summary>The parts in which peers were tried and none answered, in their order.</summary>
    public ImmutableArray<SilentPart> Silent { get; init; } = [];

    /// <summary>The regions in which lookups found no record although peers answered, in their order.</summary>
    public ImmutableArray<ForgettingPart> Forgetting { get; init; } = [];

    /// <summary>Time within which each key should have a turn; null when unknown.</summary>
    public SweepInterval? Interval { get; init; }

    /// <summary>The daemon's last answer to <c>provide/stat</c>; null if it was not asked.</summary>
    public SweepStatus? Status { get; init; }

    /// <summary>Warnings and errors in the log, by time.</summary>
    public ImmutableArray<SweepLogEntry> Warnings { get; init; } = [];

    /// <summary>Where the data say something else than the daemon does.</summary>
    public ImmutableArray<string> Contradictions { get; init; } = [];

    /// <summary>The turns of a key, by time.</summary>
    /// <param name="key">The multihash.</param>
    public ImmutableArray<SweepTurn> TurnsOf(ReadOnlySpan<byte> key)
    {
        var turns = ImmutableArray.CreateBuilder<SweepTurn>();
        foreach (var batch in Batches)
        {
            foreach (var visit in batch.Visits)
            {
                foreach (var mark in visit.Marks)
                {
                    if (key.SequenceEqual(mark.Key.AsSpan()))
                    {
                        turns.Add(new SweepTurn(mark.StartUnixNano, visit.Prefix, batch, visit, null));
                    }
                }
            }
        }

        foreach (var single in Singles)
        {
            if (key.SequenceEqual(single.Key.AsSpan()))
            {
                turns.Add(new SweepTurn(single.StartUnixNano, null, null, null, single));
            }
        }

        turns.Sort(static (left, right) => left.UnixNano.CompareTo(right.UnixNano));
        return turns.ToImmutable();
    }
}

/// <summary>One exploration and the regions that were provided after it.</summary>
public sealed record SweepBatch
{
    /// <summary>The part that was explored. From the log, the prefix that it names.</summary>
    public required KeyPrefix Prefix { get; init; }

    /// <summary>Start of the first lookup, or the time of the line that says so.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>
    /// The last mark of a key, at most a tenth of a second before the end; from the log alone, its end. Null when unknown.
    /// </summary>
    public ulong? EndUnixNano { get; init; }

    /// <summary>End of the last lookup; null when there are no spans of it.</summary>
    public ulong? ExploredUnixNano { get; init; }

    /// <summary>Permalink of the first lookup; null when there are no spans.</summary>
    public QueryId? FirstLookup { get; init; }

    /// <summary>Number of lookups; null when there are no spans.</summary>
    public int? Lookups { get; init; }

    /// <summary>Number of peers that answered the lookups; null when there are no spans.</summary>
    public int? Answered { get; init; }

    /// <summary>Number of peers that could not be reached; null when there are no spans.</summary>
    public int? Failed { get; init; }

    /// <summary>Its regions, in the order of the key space.</summary>
    public ImmutableArray<SweepVisit> Visits { get; init; } = [];

    /// <summary>True for a reprovide, false for the first provide of new keys; null without a log.</summary>
    public bool? IsReprovide { get; init; }

    /// <summary>Number of keys that the log names; null without a log or while it runs.</summary>
    public int? LoggedKeys { get; init; }

    /// <summary>Duration that the log names, in nanoseconds; null without a log or while it runs.</summary>
    public long? LoggedNs { get; init; }

    /// <summary>What failed as a whole, in the daemon's words; null if nothing did, and without a log.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether there are spans of it.</summary>
    public bool HasSpans => Lookups is not null;

    /// <summary>Whether there are lines of it.</summary>
    public bool HasLog => IsReprovide is not null;

    /// <summary>Duration in nanoseconds: the log's, else from the first lookup to the last mark; null when unknown.</summary>
    public long? DurationNs => LoggedNs ?? (EndUnixNano is { } end && end >= StartUnixNano ? (long)(end - StartUnixNano) : null);
}

/// <summary>The turn of one region.</summary>
public sealed record SweepVisit
{
    /// <summary>The region. Of a group of keys without a known exploration, what the keys have in common.</summary>
    public required KeyPrefix Prefix { get; init; }

    /// <summary>The marks of its keys, by time; empty when only the log tells of it.</summary>
    public ImmutableArray<SweepMark> Marks { get; init; } = [];

    /// <summary>Number of keys; null when the log does not tell, as of a region that could not be sent.</summary>
    public int? Keys { get; init; }

    /// <summary>The first mark, or the time of the line.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>The last mark, or the time of the line.</summary>
    public required ulong EndUnixNano { get; init; }

    /// <summary>Peers of the region that answered the lookups before; null when there are no spans.</summary>
    public int? Answered { get; init; }

    /// <summary>Peers of the region that could not be reached; null when there are no spans.</summary>
    public int? Failed { get; init; }

    /// <summary>What the log says of sending; empty without a log at level debug, unless sending failed.</summary>
    public ImmutableArray<SweepSend> Sends { get; init; } = [];

    /// <summary>
    /// Whether these are one or two keys that were provided one by one, which the log tells by a prefix of the key and not by a region.
    /// </summary>
    public bool IsAlone { get; init; }

    /// <summary>Whether the log says that its records could not be sent.</summary>
    public bool IsFailed => Sends.Any(static send => send.Failure is not null) && Sends.All(static send => send.Failure is not null);
}

/// <summary>The sending of one region's records, as the daemon logs it.</summary>
/// <param name="UnixNano">Time of the line.</param>
/// <param name="Prefix">The region that it names.</param>
/// <param name="Keys">Number of keys; null when the line does not tell.</param>
/// <param name="Peers">Number of peers that were to get records; null when unknown.</param>
/// <param name="Errors">Number of these to which nothing could be sent; null when unknown. Says nothing about storing.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when unknown.</param>
/// <param name="Failure">Why the region counts as not provided, in the daemon's words; null if it counts as provided.</param>
public sealed record SweepSend(ulong UnixNano, KeyPrefix Prefix, int? Keys, int? Peers, int? Errors, long? DurationNs, string? Failure)
{
    /// <summary>Whether it was one key that the sweep provided alone.</summary>
    public bool IsAlone { get; init; }
}

/// <summary>A key that was provided alone.</summary>
/// <param name="Key">The multihash.</param>
/// <param name="StartUnixNano">Its mark.</param>
/// <param name="DurationNs">Duration of its lookup in nanoseconds. The records are sent after it.</param>
/// <param name="Lookup">Permalink of the lookup.</param>
/// <param name="Answered">Peers that answered the lookup.</param>
/// <param name="Failed">Peers that could not be reached.</param>
public sealed record SweepSingle(ImmutableArray<byte> Key, ulong StartUnixNano, long DurationNs, QueryId Lookup, int Answered, int Failed);

/// <summary>A region over all of its turns.</summary>
public sealed record SweepRegion
{
    /// <summary>The region.</summary>
    public required KeyPrefix Prefix { get; init; }

    /// <summary>Number of distinct keys that had a turn; null when only the log tells of it.</summary>
    public int? Keys { get; init; }

    /// <summary>Its turns by start. A turn may have been of a wider region.</summary>
    public ImmutableArray<SweepRegionTurn> Turns { get; init; } = [];

    /// <summary>The longest time between two turns in nanoseconds; null with fewer than two.</summary>
    public long? LongestGapNs { get; init; }

    /// <summary>Time since the last turn at the end of the report, in nanoseconds.</summary>
    public long SinceLastNs { get; init; }

    /// <summary>Whether two turns were further apart than the interval allows; null when the interval is unknown.</summary>
    public bool? IsLate { get; init; }

    /// <summary>Whether its next turn should have come; null when the interval is unknown.</summary>
    public bool? IsOverdue { get; init; }

    /// <summary>Whether the log says that the records of its last turn could not be sent; null without a log of that turn.</summary>
    public bool? IsFailed { get; init; }

    /// <summary>Answers of peers of the region to lookups of its keys, after a turn; null when there was no such lookup.</summary>
    public int? LookupAnswers { get; init; }

    /// <summary>How many of these answers named a provider.</summary>
    public int? LookupsHeld { get; init; }
}

/// <summary>One turn of a region.</summary>
/// <param name="Batch">Where it belongs.</param>
/// <param name="Visit">The turn.</param>
public sealed record SweepRegionTurn(SweepBatch Batch, SweepVisit Visit);

/// <summary>One turn of a key.</summary>
/// <param name="UnixNano">When.</param>
/// <param name="Region">The region; null for a key that was provided alone.</param>
/// <param name="Batch">The exploration before; null for a key that was provided alone.</param>
/// <param name="Visit">The region's turn; null for a key that was provided alone.</param>
/// <param name="Single">The key's own lookup; null for a turn with its region.</param>
public sealed record SweepTurn(ulong UnixNano, KeyPrefix? Region, SweepBatch? Batch, SweepVisit? Visit, SweepSingle? Single);

/// <summary>A part of the key space in which peers were tried and none answered.</summary>
/// <param name="Prefix">The part.</param>
/// <param name="Tried">Number of peers tried.</param>
/// <param name="Keys">Number of keys in it that had a turn: their records went to other peers, further away.</param>
/// <param name="ChanceLog10">
/// Decimal logarithm of the probability that some part would be silent by chance, if peers failed as often everywhere.
/// </param>
public sealed record SilentPart(KeyPrefix Prefix, int Tried, int Keys, double ChanceLog10);

/// <summary>A region whose peers answered lookups of keys that were sent near them, and none named a provider.</summary>
/// <param name="Prefix">The region.</param>
/// <param name="Peers">Number of peers that answered.</param>
/// <param name="Answers">Number of answers, all without a provider.</param>
/// <param name="Keys">Number of keys in it that had a turn.</param>
/// <param name="LookedUp">Number of these that were looked up.</param>
public sealed record ForgettingPart(KeyPrefix Prefix, int Peers, int Answers, int Keys, int LookedUp);

/// <summary>How the interval is known.</summary>
public enum SweepIntervalSource
{
    /// <summary>The user gave it.</summary>
    Given = 1,

    /// <summary>The daemon says so (<c>provide/stat</c>).</summary>
    Daemon = 2,

    /// <summary>
    /// From the timetable: a region's place in the cycle is its distance from the node's own id, so the times of the explorations show it.
    /// </summary>
    Timetable = 3,
}

/// <summary>Time within which each key should have a turn.</summary>
/// <param name="Ns">Nanoseconds.</param>
/// <param name="Source">How it is known.</param>
public sealed record SweepInterval(long Ns, SweepIntervalSource Source)
{
    /// <summary>How much later than the interval is late, in nanoseconds: a twentieth of it, at least ten seconds.</summary>
    public long ToleranceNs => Math.Max(Ns / 20, 10_000_000_000);
}

/// <summary>An answer of a lookup to a key that the node provides.</summary>
/// <param name="Key">The key's position.</param>
/// <param name="UnixNano">When it was asked.</param>
/// <param name="Peers">Positions of the peers that answered, and whether the answer named a provider.</param>
public sealed record SweepLookup(ulong Key, ulong UnixNano, ImmutableArray<(ulong Peer, bool Named)> Peers);
