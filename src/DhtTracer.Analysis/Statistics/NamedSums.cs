using System.Runtime.InteropServices;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Sums of nanoseconds an operation by name, with the sums of their squares, for means and their standard errors. An operation without a
/// name counts as zero for it.
/// </summary>
public sealed class NamedSums
{
    private readonly Dictionary<string, (long Sum, double Squares)> _sums = new(StringComparer.Ordinal);

    /// <summary>Number of operations.</summary>
    public int Operations { get; set; }

    public IReadOnlyCollection<string> Names => _sums.Keys;

    /// <summary>Adds to a name.</summary>
    /// <param name="name">The name; hostile text when it comes from a span.</param>
    /// <param name="sum">The sum of nanoseconds of some operations.</param>
    /// <param name="squares">The sum of their squares.</param>
    public void Add(string name, long sum, double squares)
    {
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, name, out _);
        sums = (sums.Sum + sum, sums.Squares + squares);
    }

    /// <summary>The mean an operation, and its standard error.</summary>
    public (double Mean, double Error) Mean(string name)
    {
        var (sum, squares) = _sums.GetValueOrDefault(name);
        var mean = (double)sum / Operations;
        var variance = Operations < 2 ? 0 : Math.Max(0, (squares - (Operations * mean * mean)) / (Operations - 1));
        return (mean, Math.Sqrt(variance / Operations));
    }
}

/// <summary>The phases of critical paths as <see cref="NamedSums"/>.</summary>
public static class PhaseSums
{
    /// <summary>The phases, in the order of the values that <see cref="Add(NamedSums, PhaseTimes)"/> adds.</summary>
    public static IReadOnlyList<string> Names { get; } =
    ["own", "first-peers", "dials", "requests", "tail", "follow-up", "stores", "unknown"];

    /// <summary>Adds the phases of one operation.</summary>
    public static void Add(NamedSums sums, PhaseTimes phases)
    {
        sums.Operations++;
        var values = phases.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            sums.Add(Names[i], values[i], (double)values[i] * values[i]);
        }
    }
}
