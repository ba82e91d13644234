using System.Collections.Immutable;
using System.Globalization;

namespace DhtTracer.Analysis.Statistics;

/// <summary>How many operations break each rule of lookups.</summary>
public sealed class LintCounts
{
    private readonly long[] _counts = new long[64];

    /// <summary>Number of operations that were checked.</summary>
    public long Checked { get; private set; }

    /// <summary>Counts an operation by the rules that it breaks.</summary>
    /// <param name="mask">Bit <c>n</c> for rule <c>DHTn</c>.</param>
    public void Add(long mask)
    {
        Checked++;
        for (var rest = (ulong)mask; rest != 0; rest &= rest - 1)
        {
            _counts[System.Numerics.BitOperations.TrailingZeroCount(rest)]++;
        }
    }

    /// <summary>The rules that were broken, most often first, then by number.</summary>
    public ImmutableArray<NamedCount> ToCounts() =>
        [
            .. Enumerable
                .Range(1, 63)
                .Where(number => _counts[number] > 0)
                .OrderByDescending(number => _counts[number])
                .Select(number => new NamedCount(string.Create(CultureInfo.InvariantCulture, $"DHT{number:000}"), _counts[number])),
        ];
}
