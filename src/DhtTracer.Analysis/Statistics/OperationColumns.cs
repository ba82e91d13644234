using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// A set of operations for statistics, a column for each figure: a million of them take 41 MB, a thirtieth of their
/// <see cref="OperationFacts"/>. Only what figures need row by row is a row. Counts are histograms, texts and phases are sums. The arrays
/// come from a pool: dispose the set to return them, and read nothing of it afterwards.
/// </summary>
public sealed class OperationColumns : IDisposable
{
    /// <summary>An unknown time or count.</summary>
    public const long Unknown = long.MinValue;

    private long[] _numbers;
    private ulong[] _starts;
    private long[] _durations;
    private byte[] _outcomes;
    private TimeValues? _sortedDurations;

    /// <summary>Makes room for operations.</summary>
    /// <param name="expected">How many rows to expect; more fit too.</param>
    public OperationColumns(int expected)
    {
        _numbers = ArrayPool<long>.Shared.Rent(expected);
        _starts = ArrayPool<ulong>.Shared.Rent(expected);
        _durations = ArrayPool<long>.Shared.Rent(expected);
        _outcomes = ArrayPool<byte>.Shared.Rent(expected);
        FirstResults = new TimeValues(expected);
        Discoveries = new TimeValues(expected);
    }

    /// <summary>A set without operations.</summary>
    public static OperationColumns Empty => new(0);

    /// <summary>Number of operations.</summary>
    public int Count { get; private set; }

    /// <summary>How many break each rule of lookups.</summary>
    public LintCounts Lint { get; } = new();

    /// <summary>The archive's number of each operation, by which it can be read again; ascending.</summary>
    public ReadOnlySpan<long> Numbers => _numbers.AsSpan(0, Count);

    /// <summary>Starts, in nanoseconds since 1970-01-01 UTC.</summary>
    public ReadOnlySpan<ulong> Starts => _starts.AsSpan(0, Count);

    /// <summary>Durations in nanoseconds, or <see cref="Unknown"/>.</summary>
    public ReadOnlySpan<long> Durations => _durations.AsSpan(0, Count);

    /// <summary>Outcomes, as numbers of <see cref="QueryOutcome"/>.</summary>
    public ReadOnlySpan<byte> Outcomes => _outcomes.AsSpan(0, Count);

    /// <summary>Nanoseconds to the first result.</summary>
    public TimeValues FirstResults { get; }

    /// <summary>Nanoseconds until the final answer was first known.</summary>
    public TimeValues Discoveries { get; }

    /// <summary>Greatest hops of a queried peer.</summary>
    public CountHistogram Hops { get; } = new();

    /// <summary>Peers sent a request.</summary>
    public CountHistogram Queried { get; } = new();

    /// <summary>Requests to a peer already asked.</summary>
    public CountHistogram Duplicates { get; } = new();

    /// <summary>Failed dials, with the peers to which a new connection was attempted.</summary>
    public PartHistogram DialFailed { get; } = new();

    /// <summary>Peers reached over an existing connection, with the peers to which a new one was attempted.</summary>
    public PartHistogram Reused { get; } = new();

    /// <summary>Error classes of the operations themselves.</summary>
    public TallySums Errors { get; } = new();

    /// <summary>Failed and cancelled dials and requests by error class.</summary>
    public TallySums PeerErrors { get; } = new();

    /// <summary>Peers met by agent version.</summary>
    public TallySums Agents { get; } = new();

    /// <summary>What the durations were spent on.</summary>
    public NamedSums Phases { get; } = new();

    /// <summary>When the earliest operation started; null in an empty set.</summary>
    public ulong? FirstUnixNano
    {
        get
        {
            ulong? first = null;
            foreach (var start in Starts)
            {
                first = first < start ? first : start;
            }

            return first;
        }
    }

    /// <summary>When the latest operation started; null in an empty set.</summary>
    public ulong? LastUnixNano
    {
        get
        {
            ulong? last = null;
            foreach (var start in Starts)
            {
                last = last > start ? last : start;
            }

            return last;
        }
    }

    /// <summary>The distribution of the durations.</summary>
    internal Distribution DurationDistribution() =>
        Durations.Contains(Unknown) || _sortedDurations is not null
            ? SortedDurations.Distribution()
            : Distribution.OfUnsorted(Durations, 0);

    /// <summary>The known durations, copied when they are first asked for.</summary>
    internal TimeValues SortedDurations
    {
        get
        {
            if (_sortedDurations is null)
            {
                _sortedDurations = new TimeValues(Count);
                _sortedDurations.Add(Durations);
            }

            return _sortedDurations;
        }
    }

    /// <summary>The columns of some facts, numbered from 0.</summary>
    public static OperationColumns Of(IReadOnlyCollection<OperationFacts> facts)
    {
        var columns = new OperationColumns(facts.Count);
        var rows = columns.Append(facts.Count);
        var i = 0;
        foreach (var fact in facts)
        {
            rows.Numbers[i] = i;
            rows.Starts[i] = fact.StartUnixNano;
            rows.Durations[i] = fact.DurationNs ?? Unknown;
            rows.Outcomes[i++] = (byte)fact.Outcome;
            columns.FirstResults.Add([fact.FirstResultNs ?? Unknown]);
            columns.Discoveries.Add([fact.DiscoveryNs ?? Unknown]);
            columns.Hops.Add([fact.Hops ?? Unknown]);
            columns.Queried.Add([fact.Queried ?? Unknown]);
            columns.Duplicates.Add([fact.Duplicates ?? Unknown]);
            columns.DialFailed.Add([fact.DialFailed ?? Unknown], [fact.Dialed ?? Unknown]);
            columns.Reused.Add([fact.Reused ?? Unknown], [fact.Dialed ?? Unknown]);
            if (fact.ErrorClass is { } error)
            {
                columns.Errors.Add(error, 1, 1);
            }

            columns.PeerErrors.Add(fact.PeerErrors);
            columns.Agents.Add(fact.Agents);
            if (fact.LintMask is { } mask)
            {
                columns.Lint.Add(mask);
            }

            if (fact.Phases is { } phases)
            {
                PhaseSums.Add(columns.Phases, phases);
            }
        }

        return columns;
    }

    /// <summary>Adds rows, for the caller to fill: their content is undefined until then. Numbers must be ascending.</summary>
    /// <param name="count">Number of rows.</param>
    public Rows Append(int count)
    {
        Grow(ref _numbers, Count + count);
        Grow(ref _starts, Count + count);
        Grow(ref _durations, Count + count);
        Grow(ref _outcomes, Count + count);
        var rows = new Rows(this, Count, count);
        Count += count;
        return rows;
    }

    /// <summary>Number of operations that are in both sets.</summary>
    public static int Shared(OperationColumns a, OperationColumns b)
    {
        var numbersOfA = a.Numbers;
        var numbersOfB = b.Numbers;
        var (i, j, shared) = (0, 0, 0);
        while (i < numbersOfA.Length && j < numbersOfB.Length)
        {
            var order = numbersOfA[i].CompareTo(numbersOfB[j]);
            shared += order == 0 ? 1 : 0;
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        return shared;
    }

    /// <summary>Share of the operations with a known duration that took at most so long; null when none is known.</summary>
    /// <param name="durationNs">Nanoseconds.</param>
    public double? ShareAtMost(long durationNs)
    {
        var sorted = SortedDurations.Sorted;
        if (sorted.Length == 0)
        {
            return null;
        }

        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] <= durationNs ? (middle + 1, high) : (low, middle);
        }

        return (double)low / sorted.Length;
    }

    /// <summary>A percentile of the known durations, in nanoseconds; null when none is known.</summary>
    /// <param name="percent">1 to 99.</param>
    public long? DurationPercentile(int percent) =>
        SortedDurations.Sorted is { Length: > 0 } sorted ? Percentile.Of(sorted, percent) : null;

    /// <summary>Returns the arrays to their pool.</summary>
    public void Dispose()
    {
        Return(ref _numbers);
        Return(ref _starts);
        Return(ref _durations);
        Return(ref _outcomes);
        FirstResults.Dispose();
        Discoveries.Dispose();
        _sortedDurations?.Dispose();
        (_sortedDurations, Count) = (null, 0);
    }

    private static void Return<T>(ref T[] array)
    {
        // An array of a pool has elements, and must be returned only once.
        if (array.Length > 0)
        {
            ArrayPool<T>.Shared.Return(array);
            array = [];
        }
    }

    private void Grow<T>(ref T[] array, int needed)
    {
        if (needed > array.Length)
        {
            var larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, array.Length * 2));
            array.AsSpan(0, Count).CopyTo(larger);
            Return(ref array);
            array = larger;
        }
    }

    /// <summary>Rows to fill.</summary>
    [SuppressMessage("Design", "CA1034", Justification = "The rows of these columns have no meaning without them.")]
    public readonly ref struct Rows
    {
        internal Rows(OperationColumns columns, int first, int count)
        {
            Numbers = columns._numbers.AsSpan(first, count);
            Starts = columns._starts.AsSpan(first, count);
            Durations = columns._durations.AsSpan(first, count);
            Outcomes = columns._outcomes.AsSpan(first, count);
        }

        /// <summary>See <see cref="OperationColumns.Numbers"/>.</summary>
        public Span<long> Numbers { get; }

        /// <summary>See <see cref="OperationColumns.Starts"/>.</summary>
        public Span<ulong> Starts { get; }

        /// <summary>See <see cref="OperationColumns.Durations"/>.</summary>
        public Span<long> Durations { get; }

        /// <summary>See <see cref="OperationColumns.Outcomes"/>.</summary>
        public Span<byte> Outcomes { get; }
    }
}
