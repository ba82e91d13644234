using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>What an operation is an example of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExemplarKind>))]
public enum ExemplarKind
{
    /// <summary>Nearest to the set's median duration and to the mean shares of its phases.</summary>
    [JsonStringEnumMemberName("typical")]
    Typical = 1,

    /// <summary>The longest.</summary>
    [JsonStringEnumMemberName("slowest")]
    Slowest = 2,

    /// <summary>The one in which what sets the set apart shows most.</summary>
    [JsonStringEnumMemberName("cause")]
    Cause = 3,
}

/// <summary>One operation to look at.</summary>
/// <param name="Kind">What it is an example of.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Attribute">The attribute that shows most in it; null for other kinds.</param>
/// <param name="Phase">The phase that it spent most time in, as <see cref="PhaseSums.Names"/> have it; null for other kinds.</param>
/// <param name="Amount">How much of the attribute it has (failures, peers, dials), or nanoseconds of the phase; null for other
/// kinds.</param>
public sealed record Exemplar(ExemplarKind Kind, OperationFacts Operation, SharedAttribute? Attribute, string? Phase, long? Amount);

/// <summary>Chooses operations to look at out of a set. Few operations are read whole: those near the median and the longest.</summary>
public static class ExemplarChoice
{
    /// <summary>Operations near the median, and longest ones, that are read.</summary>
    public const int MostRead = 200;

    /// <summary>Numbers of the operations whose durations are nearest to the median, nearest first.</summary>
    /// <param name="set">The set.</param>
    public static ImmutableArray<long> NearMedian(OperationColumns set)
    {
        ArgumentNullException.ThrowIfNull(set);
        var sorted = set.SortedDurations.Sorted;
        if (sorted.Length == 0)
        {
            return [];
        }

        // As many durations to each side of the median as are read: whatever is nearest is between them.
        var median = Percentile.Of(sorted, 50);
        var rank = Percentile.Rank(sorted.Length, 50) - 1;
        var (least, most) = (sorted[Math.Max(0, rank - MostRead)], sorted[Math.Min(sorted.Length - 1, rank + MostRead)]);
        var nearest = new PriorityQueue<long, (long Distance, long Number)>();
        var durations = set.Durations;
        for (var row = 0; row < durations.Length; row++)
        {
            if (durations[row] < least || durations[row] > most || durations[row] == OperationColumns.Unknown)
            {
                continue;
            }

            // The farthest is first in the queue, and gives way.
            var place = (-Math.Abs(durations[row] - median), -set.Numbers[row]);
            if (nearest.Count < MostRead)
            {
                nearest.Enqueue(set.Numbers[row], place);
            }
            else
            {
                nearest.EnqueueDequeue(set.Numbers[row], place);
            }
        }

        var numbers = new long[nearest.Count];
        for (var i = numbers.Length - 1; i >= 0; i--)
        {
            numbers[i] = nearest.Dequeue();
        }

        return [.. numbers];
    }

    /// <summary>Chooses.</summary>
    /// <param name="set">The set.</param>
    /// <param name="near">Operations of <see cref="NearMedian"/>.</param>
    /// <param name="slowest">The longest operations, longest first.</param>
    /// <param name="attributes">What sets it apart from another set, see <see cref="SharedAttributes"/>.</param>
    /// <param name="phases">The phases of both sets.</param>
    /// <param name="isB">Whether the set is B of these phases.</param>
    public static ImmutableArray<Exemplar> Choose(
        OperationColumns set,
        IReadOnlyList<OperationFacts> near,
        IReadOnlyList<OperationFacts> slowest,
        IReadOnlyList<SharedAttribute> attributes,
        IReadOnlyList<LostTime> phases,
        bool isB
    )
    {
        ArgumentNullException.ThrowIfNull(set);
        var found = ImmutableArray.CreateBuilder<Exemplar>();
        if (Typical(set, near) is { } typical)
        {
            found.Add(new Exemplar(ExemplarKind.Typical, typical, null, null, null));
        }

        if (slowest.Count > 0)
        {
            found.Add(new Exemplar(ExemplarKind.Slowest, slowest[0], null, null, null));
        }

        if ((ByAttribute(slowest, attributes) ?? ByPhase(slowest, phases, isB)) is { } cause)
        {
            found.Add(cause);
        }

        return found.ToImmutable();
    }

    /// <summary>How much of an attribute an operation has; 0 for none, null where its kind has no amount.</summary>
    internal static long? Amount(OperationFacts operation, SharedAttribute attribute) =>
        attribute.Kind switch
        {
            AttributeKind.Error => operation.ErrorClass == attribute.Name ? 1 : 0,
            AttributeKind.PeerError => CountOf(operation.PeerErrors, attribute.Name),
            AttributeKind.Agent => CountOf(operation.Agents, attribute.Name),
            AttributeKind.FailedDials when attribute.Name != "none" => operation.DialFailed ?? 0,
            AttributeKind.Rule => operation.LintMask is { } mask && (mask & Bit(attribute.Name)) != 0 ? 1 : 0,
            _ => null,
        };

    // The sum of the differences of shares is between 0 and 2; a duration twice the median counts as much as half of all phases.
    private static OperationFacts? Typical(OperationColumns set, IReadOnlyList<OperationFacts> near)
    {
        if (set.SortedDurations.Sorted is not { Length: > 0 } sorted)
        {
            return null;
        }

        var median = (double)Math.Max(1, Percentile.Of(sorted, 50));
        var total = PhaseSums.Names.Sum(name => set.Phases.Operations == 0 ? 0 : set.Phases.Mean(name).Mean);
        double[] shares = [.. PhaseSums.Names.Select(name => total > 0 ? set.Phases.Mean(name).Mean / total : 0)];
        double Distance(OperationFacts operation)
        {
            var duration = Math.Abs(Math.Log2(Math.Max(1, operation.DurationNs ?? 1) / median));
            if (operation.Phases is not { TotalNs: > 0 } phases || total <= 0)
            {
                // Without phases it is as far as one that shares none.
                return duration + (total <= 0 ? 0 : 2);
            }

            return duration + phases.ToArray().Select((ns, i) => Math.Abs(((double)ns / phases.TotalNs) - shares[i])).Sum();
        }

        return near.Where(static operation => operation.DurationNs is not null).MinBy(Distance);
    }

    private static Exemplar? ByAttribute(IReadOnlyList<OperationFacts> slowest, IReadOnlyList<SharedAttribute> attributes)
    {
        foreach (var attribute in attributes.Where(static attribute => attribute.Significant))
        {
            var most = slowest
                .Where(operation => Amount(operation, attribute) > 0)
                .MaxBy(operation => (Amount(operation, attribute), operation.DurationNs));
            if (most is not null)
            {
                return new Exemplar(ExemplarKind.Cause, most, attribute, null, Amount(most, attribute));
            }
        }

        return null;
    }

    private static Exemplar? ByPhase(IReadOnlyList<OperationFacts> slowest, IReadOnlyList<LostTime> phases, bool isB)
    {
        double Longer(LostTime phase) => isB ? phase.Difference : -phase.Difference;
        if (phases.Where(phase => phase.Significant && Longer(phase) > 0).MaxBy(Longer) is not { } cause)
        {
            return null;
        }

        var at = PhaseSums.Names.Index().First(name => name.Item == cause.Name).Index;
        var most = slowest.Where(static operation => operation.Phases is not null).MaxBy(operation => operation.Phases!.ToArray()[at]);
        return most is null ? null : new Exemplar(ExemplarKind.Cause, most, null, cause.Name, most.Phases!.ToArray()[at]);
    }

    // The bit of a rule "DHT007" is 7.
    private static long Bit(string rule) =>
        int.TryParse(rule.AsSpan(Math.Min(3, rule.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 64
            ? 1L << number
            : 0;

    private static long CountOf(ImmutableArray<NamedCount> counts, string name)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            sum += count.Name == name ? count.Count : 0;
        }

        return sum;
    }
}
