using System.Collections.Immutable;

namespace DhtTracer.Analysis.Lint;

/// <summary>All rules, in the order of their numbers.</summary>
public static class LintRules
{
    /// <summary>The rules.</summary>
    public static ImmutableArray<LintRule> All { get; } =
    [
        RoundBarrier.Rule,
        AskedPastConvergence.Rule,
        StoppedBeforeBeta.Rule,
        DeadClosestPeers.Rule,
        UnlimitedPeers.Rule,
        WrongAnswers.Rule,
        PoisonedPeers.Rule,
        OwnNeighbours.Rule,
        MismatchedIds.Rule,
        RepeatedAsks.Rule,
        WaitedAfterAnswer.Rule,
        UnneededQuorum.Rule,
        EmptyTable.Rule,
        FewSeeds.Rule,
        UnlimitedStores.Rule,
    ];

    /// <summary>The rule of an id, whatever its case; null when there is none.</summary>
    public static LintRule? Find(string id) => All.FirstOrDefault(rule => rule.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
}
