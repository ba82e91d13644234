using System.Buffers;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// The known values of one time of many operations, in nanoseconds, in an array from a pool. They are added first and read afterwards.
/// </summary>
/// <param name="expected">How many values to expect; more fit too.</param>
public sealed class TimeValues(int expected) : IDisposable
{
    // Below this, sorting takes no longer than looking for some places.
    private const int Many = 5_000;

    private long[] _values = ArrayPool<long>.Shared.Rent(Math.Max(1, expected));
    private bool _isSorted;

    /// <summary>Number of known values.</summary>
    public int Count { get; private set; }

    /// <summary>Number of unknown values.</summary>
    public int Unknown { get; private set; }

    /// <summary>The known values in ascending order. They are sorted when they are first asked for.</summary>
    internal ReadOnlySpan<long> Sorted
    {
        get
        {
            if (!_isSorted)
            {
                RadixSort.Sort(_values.AsSpan(0, Count));
                _isSorted = true;
            }

            return _values.AsSpan(0, Count);
        }
    }

    /// <summary>Adds values.</summary>
    /// <param name="values">Nanoseconds, or <see cref="OperationColumns.Unknown"/>.</param>
    public void Add(ReadOnlySpan<long> values)
    {
        if (Count + values.Length > _values.Length)
        {
            var larger = ArrayPool<long>.Shared.Rent(Math.Max(Count + values.Length, _values.Length * 2));
            _values.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<long>.Shared.Return(_values);
            _values = larger;
        }

        var count = Count;
        foreach (var value in values)
        {
            // Always written, and overwritten when it is unknown: a branch that cannot be predicted costs more.
            _values[count] = value;
            count += value == OperationColumns.Unknown ? 0 : 1;
        }

        Unknown += values.Length - (count - Count);
        Count = count;
        _isSorted = false;
    }

    /// <summary>Returns the array to its pool. The values must not be read afterwards.</summary>
    public void Dispose()
    {
        if (_values.Length > 0)
        {
            ArrayPool<long>.Shared.Return(_values);
            (_values, Count) = ([], 0);
        }
    }

    /// <summary>The distribution of the values. Many of them are not sorted for it.</summary>
    internal Distribution Distribution() =>
        _isSorted || Count < Many
            ? Statistics.Distribution.OfSorted(Sorted, Unknown)
            : Statistics.Distribution.OfUnsorted(_values.AsSpan(0, Count), Unknown);
}
