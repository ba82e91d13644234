namespace DhtTracer.Analysis.Statistics;

/// <summary>The known values of a column in ascending order.</summary>
/// <param name="Array">The values.</param>
/// <param name="Unknown">Number of unknown values.</param>
internal sealed record SortedValues(long[] Array, int Unknown)
{
    /// <summary>The values, ascending.</summary>
    public ReadOnlySpan<long> Values => Array;

    /// <summary>Sorts a column of times.</summary>
    public static SortedValues Of(ReadOnlySpan<long> column)
    {
        var known = column.Length - column.Count(OperationColumns.Unknown);
        var values = GC.AllocateUninitializedArray<long>(known);
        var i = 0;
        foreach (var value in column)
        {
            if (value != OperationColumns.Unknown)
            {
                values[i++] = value;
            }
        }

        RadixSort.Sort(values);
        return new SortedValues(values, column.Length - known);
    }

    /// <summary>Sorts a column of counts.</summary>
    public static SortedValues Of(ReadOnlySpan<int> column)
    {
        var known = column.Length - column.Count(OperationColumns.UnknownCount);
        var values = GC.AllocateUninitializedArray<long>(known);
        var i = 0;
        foreach (var value in column)
        {
            if (value != OperationColumns.UnknownCount)
            {
                values[i++] = value;
            }
        }

        RadixSort.Sort(values);
        return new SortedValues(values, column.Length - known);
    }

    /// <summary>The distribution of the values.</summary>
    public Distribution Distribution() => Statistics.Distribution.OfSorted(Values, Unknown);
}
