using System.Runtime.InteropServices;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// How often each value of a count occurs, for example of hops. Counts have few different values, so a million operations need a few
/// kilobytes, and percentiles are exact.
/// </summary>
public sealed class CountHistogram
{
    private const int Small = 1024;

    private readonly int[] _small = new int[Small];
    private Dictionary<long, int>? _others;

    /// <summary>Number of known values.</summary>
    public int Count { get; private set; }

    /// <summary>Number of unknown values.</summary>
    public int Unknown { get; private set; }

    /// <summary>Adds values.</summary>
    /// <param name="values">Counts, or <see cref="OperationColumns.Unknown"/>.</param>
    public void Add(ReadOnlySpan<long> values)
    {
        var unknown = 0;
        foreach (var value in values)
        {
            if ((ulong)value < Small)
            {
                _small[value]++;
            }
            else if (value == OperationColumns.Unknown)
            {
                unknown++;
            }
            else
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_others ??= [], value, out _)++;
            }
        }

        Unknown += unknown;
        Count += values.Length - unknown;
    }

    /// <summary>The different values in ascending order, each with the number of its occurrences.</summary>
    internal List<(long Value, int Count)> Values()
    {
        var values = new List<(long Value, int Count)>();
        for (var value = 0; value < Small; value++)
        {
            if (_small[value] > 0)
            {
                values.Add((value, _small[value]));
            }
        }

        if (_others is not null)
        {
            values.AddRange(_others.Select(static pair => (pair.Key, pair.Value)));
            values.Sort();
        }

        return values;
    }

    /// <summary>The distribution of the values.</summary>
    internal Distribution Distribution()
    {
        var values = Values();
        var ends = new int[values.Count];
        var (sum, end) = (default(Int128), 0);
        for (var i = 0; i < ends.Length; i++)
        {
            sum += (Int128)values[i].Value * values[i].Count;
            end += values[i].Count;
            ends[i] = end;
        }

        return Statistics.Distribution.Of(
            Count,
            Unknown,
            sum,
            place =>
            {
                // The first value whose last place is not before this one.
                var found = Array.BinarySearch(ends, place + 1);
                return values[found < 0 ? ~found : found].Value;
            }
        );
    }
}
