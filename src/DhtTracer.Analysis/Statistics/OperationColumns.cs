using System.Diagnostics.CodeAnalysis;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// A set of operations for statistics, a column for each figure: a million of them take 65 MB, a twentieth of their
/// <see cref="OperationFacts"/>. Only what figures need row by row is a row; texts and phases are sums. The rows are in no promised order.
/// </summary>
public sealed class OperationColumns
{
    /// <summary>An unknown time.</summary>
    public const long Unknown = long.MinValue;

    public const int UnknownCount = int.MinValue;

    private readonly long[] _numbers;
    private readonly ulong[] _starts;
    private readonly long[] _durations;
    private readonly long[] _firstResults;
    private readonly long[] _discoveries;
    private readonly int[] _hops;
    private readonly int[] _queried;
    private readonly int[] _dialed;
    private readonly int[] _dialFailed;
    private readonly int[] _reused;
    private readonly int[] _duplicates;
    private readonly byte[] _outcomes;
    private SortedValues? _sortedDurations;
    private SortedValues? _sortedFirstResults;
    private SortedValues? _sortedDiscoveries;

    /// <summary>Makes room for operations.</summary>
    /// <param name="capacity">The most rows that <see cref="Append"/> will add.</param>
    public OperationColumns(int capacity)
    {
        _numbers = GC.AllocateUninitializedArray<long>(capacity);
        _starts = GC.AllocateUninitializedArray<ulong>(capacity);
        _durations = GC.AllocateUninitializedArray<long>(capacity);
        _firstResults = GC.AllocateUninitializedArray<long>(capacity);
        _discoveries = GC.AllocateUninitializedArray<long>(capacity);
        _hops = GC.AllocateUninitializedArray<int>(capacity);
        _queried = GC.AllocateUninitializedArray<int>(capacity);
        _dialed = GC.AllocateUninitializedArray<int>(capacity);
        _dialFailed = GC.AllocateUninitializedArray<int>(capacity);
        _reused = GC.AllocateUninitializedArray<int>(capacity);
        _duplicates = GC.AllocateUninitializedArray<int>(capacity);
        _outcomes = GC.AllocateUninitializedArray<byte>(capacity);
    }

    /// <summary>A set without operations.</summary>
    public static OperationColumns Empty { get; } = new(0);

    /// <summary>Number of operations.</summary>
    public int Count { get; private set; }

    /// <summary>How many break each rule of lookups.</summary>
    public LintCounts Lint { get; } = new();

    /// <summary>The archive's number of each operation, by which it can be read again.</summary>
    public ReadOnlySpan<long> Numbers => _numbers.AsSpan(0, Count);

    /// <summary>Starts, in nanoseconds since 1970-01-01 UTC.</summary>
    public ReadOnlySpan<ulong> Starts => _starts.AsSpan(0, Count);

    /// <summary>Durations in nanoseconds, or <see cref="Unknown"/>.</summary>
    public ReadOnlySpan<long> Durations => _durations.AsSpan(0, Count);

    /// <summary>Nanoseconds to the first result, or <see cref="Unknown"/>.</summary>
    public ReadOnlySpan<long> FirstResults => _firstResults.AsSpan(0, Count);

    /// <summary>Nanoseconds until the final answer was first known, or <see cref="Unknown"/>.</summary>
    public ReadOnlySpan<long> Discoveries => _discoveries.AsSpan(0, Count);

    /// <summary>Greatest hops of a queried peer, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> Hops => _hops.AsSpan(0, Count);

    /// <summary>Peers sent a request, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> Queried => _queried.AsSpan(0, Count);

    /// <summary>Peers to which a new connection was attempted, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> Dialed => _dialed.AsSpan(0, Count);

    /// <summary>Dials that failed, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> DialFailed => _dialFailed.AsSpan(0, Count);

    /// <summary>Peers reached over an existing connection, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> Reused => _reused.AsSpan(0, Count);

    /// <summary>Requests to a peer already asked, or <see cref="UnknownCount"/>.</summary>
    public ReadOnlySpan<int> Duplicates => _duplicates.AsSpan(0, Count);

    /// <summary>Outcomes, as numbers of <see cref="QueryOutcome"/>.</summary>
    public ReadOnlySpan<byte> Outcomes => _outcomes.AsSpan(0, Count);

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

    /// <summary>The known durations, sorted when they are first asked for.</summary>
    internal SortedValues SortedDurations => _sortedDurations ??= SortedValues.Of(Durations);

    /// <summary>The known times to the first result, sorted when they are first asked for.</summary>
    internal SortedValues SortedFirstResults => _sortedFirstResults ??= SortedValues.Of(FirstResults);

    /// <summary>The known discovery times, sorted when they are first asked for.</summary>
    internal SortedValues SortedDiscoveries => _sortedDiscoveries ??= SortedValues.Of(Discoveries);

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
            rows.FirstResults[i] = fact.FirstResultNs ?? Unknown;
            rows.Discoveries[i] = fact.DiscoveryNs ?? Unknown;
            rows.Hops[i] = fact.Hops ?? UnknownCount;
            rows.Queried[i] = fact.Queried ?? UnknownCount;
            rows.Dialed[i] = fact.Dialed ?? UnknownCount;
            rows.DialFailed[i] = fact.DialFailed ?? UnknownCount;
            rows.Reused[i] = fact.Reused ?? UnknownCount;
            rows.Duplicates[i] = fact.Duplicates ?? UnknownCount;
            rows.Outcomes[i++] = (byte)fact.Outcome;
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

    /// <summary>Adds rows, for the caller to fill: their content is undefined until then.</summary>
    /// <param name="count">Number of rows.</param>
    public Rows Append(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _numbers.Length - Count);
        var rows = new Rows(this, Count, count);
        Count += count;
        return rows;
    }

    /// <summary>Number of operations that are in both sets.</summary>
    public static int Shared(OperationColumns a, OperationColumns b)
    {
        var (numbersOfA, numbersOfB) = (a.Numbers.ToArray(), b.Numbers.ToArray());
        RadixSort.Sort(numbersOfA);
        RadixSort.Sort(numbersOfB);
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
        var sorted = SortedDurations.Values;
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

    /// <summary>Rows to fill.</summary>
    [SuppressMessage("Design", "CA1034", Justification = "The rows of these columns have no meaning without them.")]
    public readonly ref struct Rows
    {
        internal Rows(OperationColumns columns, int first, int count)
        {
            Numbers = columns._numbers.AsSpan(first, count);
            Starts = columns._starts.AsSpan(first, count);
            Durations = columns._durations.AsSpan(first, count);
            FirstResults = columns._firstResults.AsSpan(first, count);
            Discoveries = columns._discoveries.AsSpan(first, count);
            Hops = columns._hops.AsSpan(first, count);
            Queried = columns._queried.AsSpan(first, count);
            Dialed = columns._dialed.AsSpan(first, count);
            DialFailed = columns._dialFailed.AsSpan(first, count);
            Reused = columns._reused.AsSpan(first, count);
            Duplicates = columns._duplicates.AsSpan(first, count);
            Outcomes = columns._outcomes.AsSpan(first, count);
        }

        /// <summary>See <see cref="OperationColumns.Numbers"/>.</summary>
        public Span<long> Numbers { get; }

        /// <summary>See <see cref="OperationColumns.Starts"/>.</summary>
        public Span<ulong> Starts { get; }

        /// <summary>See <see cref="OperationColumns.Durations"/>.</summary>
        public Span<long> Durations { get; }

        /// <summary>See <see cref="OperationColumns.FirstResults"/>.</summary>
        public Span<long> FirstResults { get; }

        /// <summary>See <see cref="OperationColumns.Discoveries"/>.</summary>
        public Span<long> Discoveries { get; }

        /// <summary>See <see cref="OperationColumns.Hops"/>.</summary>
        public Span<int> Hops { get; }

        /// <summary>See <see cref="OperationColumns.Queried"/>.</summary>
        public Span<int> Queried { get; }

        /// <summary>See <see cref="OperationColumns.Dialed"/>.</summary>
        public Span<int> Dialed { get; }

        /// <summary>See <see cref="OperationColumns.DialFailed"/>.</summary>
        public Span<int> DialFailed { get; }

        /// <summary>See <see cref="OperationColumns.Reused"/>.</summary>
        public Span<int> Reused { get; }

        /// <summary>See <see cref="OperationColumns.Duplicates"/>.</summary>
        public Span<int> Duplicates { get; }

        /// <summary>See <see cref="OperationColumns.Outcomes"/>.</summary>
        public Span<byte> Outcomes { get; }
    }
}
