using System.Runtime.InteropServices;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// How often each pair of two counts of an operation occurs, for example of failed dials and of dials. Operations that do not show both
/// are left out.
/// </summary>
public sealed class PartHistogram
{
    private const int Parts = 64;
    private const int Others = 256;

    private readonly int[] _small = new int[Parts * Others];
    private Dictionary<(long Part, long Other), int>? _large;

    /// <summary>Adds the counts of some operations, side by side.</summary>
    /// <param name="parts">Counts, or <see cref="OperationColumns.Unknown"/>.</param>
    /// <param name="others">The same number of counts, or <see cref="OperationColumns.Unknown"/>.</param>
    public void Add(ReadOnlySpan<long> parts, ReadOnlySpan<long> others)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            var (part, other) = (parts[i], others[i]);
            if ((ulong)part < Parts && (ulong)other < Others)
            {
                _small[(part * Others) + other]++;
            }
            else if (part != OperationColumns.Unknown && other != OperationColumns.Unknown)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_large ??= [], (part, other), out _)++;
            }
        }
    }

    /// <summary>The different pairs, each with the number of its occurrences, in no promised order.</summary>
    internal IEnumerable<(long Part, long Other, int Count)> Pairs()
    {
        for (var i = 0; i < _small.Length; i++)
        {
            if (_small[i] > 0)
            {
                yield return (i / Others, i % Others, _small[i]);
            }
        }

        foreach (var ((part, other), count) in _large ?? [])
        {
            yield return (part, other, count);
        }
    }
}
