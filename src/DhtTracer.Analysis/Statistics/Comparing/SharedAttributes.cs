using System.Collections.Immutable;
using System.Globalization;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Ranks what the operations of a slow set have in common and those of another set have not: which errors and agent versions they met, how
/// many dials failed, how far they went, when they ran, which rules they break.
/// </summary>
public static class SharedAttributes
{
    /// <summary>Attributes with an interval: as many as a page lists. Their intervals hold together at 95 % (Bonferroni).</summary>
    public const int MostWithInterval = 20;

    private const double Level = 1 - (0.05 / MostWithInterval);
    private const ulong HourNs = 3_600_000_000_000;
    private const int MostHops = 12;

    private static readonly (long Least, string Name)[] FailedDials = [(0, "none"), (1, "1-2"), (3, "3-5"), (6, "6-9"), (10, "10 or more")];

    /// <summary>Ranks by adjusted p-value, then by difference descending, then by kind and name (ordinal).</summary>
    /// <param name="slow">The slow set.</param>
    /// <param name="other">The other set, which shares no operation with it.</param>
    public static ImmutableArray<SharedAttribute> Rank(OperationColumns slow, OperationColumns other)
    {
        ArgumentNullException.ThrowIfNull(slow);
        ArgumentNullException.ThrowIfNull(other);
        var (ofSlow, ofOther) = (Count(slow), Count(other));
        var tested = ofSlow
            .Operations.Keys.Union(ofOther.Operations.Keys)
            .Select(attribute =>
            {
                var (inSlow, inOther) = (ofSlow.Operations.GetValueOrDefault(attribute), ofOther.Operations.GetValueOrDefault(attribute));
                var (wholeOfSlow, wholeOfOther) = (ofSlow.Wholes[(int)attribute.Kind], ofOther.Wholes[(int)attribute.Kind]);
                return new SharedAttribute(
                    attribute.Kind,
                    attribute.Name,
                    inSlow,
                    wholeOfSlow,
                    inOther,
                    wholeOfOther,
                    Ratio(inSlow, wholeOfSlow) - Ratio(inOther, wholeOfOther),
                    null,
                    OverRepresentation.FisherGreater(inSlow, wholeOfSlow, inOther, wholeOfOther),
                    1
                );
            })
            .Where(static attribute => attribute is { OfSlow: > 0, OfOther: > 0 })
            .OrderBy(static attribute => attribute.PValue)
            .ToList();
        var adjusted = OverRepresentation.Adjust([.. tested.Select(static attribute => attribute.PValue)]);
        return
        [
            .. tested
                .Select((attribute, i) => attribute with { Adjusted = adjusted[i] })
                .OrderBy(static attribute => attribute.Adjusted)
                .ThenByDescending(static attribute => attribute.Difference)
                .ThenBy(static attribute => attribute.Kind)
                .ThenBy(static attribute => attribute.Name, StringComparer.Ordinal)
                .Select((attribute, i) => i < MostWithInterval ? WithInterval(attribute) : attribute),
        ];
    }

    private static Counts Count(OperationColumns set)
    {
        var counts = new Counts();
        counts.Whole(AttributeKind.Error, set.Count);
        foreach (var error in set.Errors.Operations)
        {
            counts.Add(AttributeKind.Error, error.Name, (int)error.Count);
        }

        counts.Whole(AttributeKind.PeerError, set.Count);
        foreach (var error in set.PeerErrors.Operations.Where(static error => error.Name != ErrorClass.Cancelled))
        {
            counts.Add(AttributeKind.PeerError, error.Name, (int)error.Count);
        }

        counts.Whole(AttributeKind.Agent, set.Count);
        foreach (var agent in set.Agents.Operations)
        {
            counts.Add(AttributeKind.Agent, agent.Name, (int)agent.Count);
        }

        foreach (var (failed, _, count) in set.DialFailed.Pairs())
        {
            counts.Whole(AttributeKind.FailedDials, count);
            counts.Add(AttributeKind.FailedDials, FailedDials.Last(step => step.Least <= failed).Name, count);
        }

        foreach (var (hops, count) in set.Hops.Values())
        {
            counts.Whole(AttributeKind.Hops, count);
            counts.Add(AttributeKind.Hops, hops >= MostHops ? $"{MostHops} or more" : hops.ToString(CultureInfo.InvariantCulture), count);
        }

        counts.Whole(AttributeKind.HourOfDay, set.Count);
        var hours = new int[24];
        foreach (var start in set.Starts)
        {
            hours[start / HourNs % 24]++;
        }

        for (var hour = 0; hour < hours.Length; hour++)
        {
            counts.Add(AttributeKind.HourOfDay, string.Create(CultureInfo.InvariantCulture, $"{hour:00}:00"), hours[hour]);
        }

        counts.Whole(AttributeKind.Rule, (int)set.Lint.Checked);
        foreach (var rule in set.Lint.ToCounts())
        {
            counts.Add(AttributeKind.Rule, rule.Name, (int)rule.Count);
        }

        return counts;
    }

    private static SharedAttribute WithInterval(SharedAttribute attribute) =>
        ShareDifference.Of(
            new Share(attribute.InOther, attribute.OfOther, null),
            new Share(attribute.InSlow, attribute.OfSlow, null),
            Level
        )
            is var (low, high)
            ? attribute with
            {
                Interval = new DifferenceInterval(low, high),
            }
            : attribute;

    private static double Ratio(int part, int whole) => whole == 0 ? 0 : (double)part / whole;

    /// <summary>How many operations of a set have each attribute, and how many tell of each kind.</summary>
    private sealed class Counts
    {
        public Dictionary<(AttributeKind Kind, string Name), int> Operations { get; } = [];

        public int[] Wholes { get; } = new int[Enum.GetValues<AttributeKind>().Length];

        public void Whole(AttributeKind kind, int operations) => Wholes[(int)kind] += operations;

        public void Add(AttributeKind kind, string name, int operations)
        {
            if (operations > 0)
            {
                Operations[(kind, name)] = Operations.GetValueOrDefault((kind, name)) + operations;
            }
        }
    }
}
