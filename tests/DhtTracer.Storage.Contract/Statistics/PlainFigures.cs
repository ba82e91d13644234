using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Contract.Statistics;

/// <summary>
/// The figures of operations worked out one by one from their facts, without columns, sums or a sort of our own: what any faster way must
/// give.
/// </summary>
internal static class PlainFigures
{
    public static OverviewFacts Overview(IReadOnlyList<OperationFacts> operations)
    {
        var known = operations.Where(static o => o.Outcome is not (QueryOutcome.Incomplete or QueryOutcome.Unknown)).ToList();
        var dials = operations.Where(static o => o is { Dialed: not null, DialFailed: not null }).ToList();
        var connections = operations.Where(static o => o is { Dialed: not null, Reused: not null }).ToList();
        return new OverviewFacts
        {
            Operations = operations.Count,
            Success = Share.OfOperations(known.Count(static o => o.Outcome == QueryOutcome.Success), known.Count),
            Duration = Of(operations, static o => o.DurationNs),
            FirstResult = Of(operations, static o => o.FirstResultNs),
            Discovery = Of(operations, static o => o.DiscoveryNs),
            Hops = Of(operations, static o => o.Hops),
            PeersQueried = Of(operations, static o => o.Queried),
            DialFailure = new Share(dials.Sum(static o => (long)o.DialFailed!), dials.Sum(static o => (long)o.Dialed!), null),
            Reuse = new Share(
                connections.Sum(static o => (long)o.Reused!),
                connections.Sum(static o => (long)(o.Reused! + o.Dialed!)),
                null
            ),
            Duplicates = Of(operations, static o => o.Duplicates),
            Outcomes =
            [
                .. Enum.GetValues<QueryOutcome>()
                    .Select(outcome => new OutcomeCount(outcome, operations.Count(operation => operation.Outcome == outcome))),
            ],
            OperationErrors =
            [
                .. Named(operations.Select(static o => o.ErrorClass).OfType<string>().Select(static e => new NamedCount(e, 1))),
            ],
            PeerErrors =
            [
                .. Named(operations.SelectMany(static o => o.PeerErrors).Where(static error => error.Name != ErrorClass.Cancelled)),
            ],
            PeerCancelled = operations
                .SelectMany(static o => o.PeerErrors)
                .Where(static e => e.Name == ErrorClass.Cancelled)
                .Sum(static e => e.Count),
            Agents = [.. Named(operations.SelectMany(static o => o.Agents))],
            Rules =
            [
                .. Enumerable
                    .Range(1, 15)
                    .Select(rule => new NamedCount($"DHT{rule:000}", operations.Count(o => ((o.LintMask ?? 0) >> rule & 1) == 1)))
                    .Where(static count => count.Count > 0)
                    .OrderByDescending(static count => count.Count),
            ],
            RulesChecked = operations.Count(static o => o.LintMask is not null),
        };
    }

    public static IEnumerable<NamedCount> Named(IEnumerable<NamedCount> counts) =>
        counts
            .GroupBy(static count => count.Name, StringComparer.Ordinal)
            .Select(static group => new NamedCount(group.Key, group.Sum(static count => count.Count)))
            .OrderByDescending(static count => count.Count)
            .ThenBy(static count => count.Name, StringComparer.Ordinal);

    public static Distribution Of<T>(IEnumerable<T> facts, Func<T, long?> value)
    {
        var all = facts.Select(value).ToList();
        return Distribution.OfSorted([.. all.OfType<long>().Order()], all.Count(static item => item is null));
    }
}
