using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Time that operations lost to peers on the critical paths of their decisive queries, in nanoseconds an operation. The other side of a
/// dual DHT ran in parallel, so it does not count.
/// </summary>
public sealed class PeerLosses
{
    /// <summary>By peer id.</summary>
    public NamedSums Peers { get; } = new();

    /// <summary>By agent version, if known.</summary>
    public NamedSums Agents { get; } = new();

    /// <summary>By error class of the peers whose dial or request failed. Cancelled dials and requests do not count.</summary>
    public NamedSums ErrorClasses { get; } = new();

    /// <summary>Number of operations whose decisive query has a critical path and peers.</summary>
    public int Operations
    {
        get => Peers.Operations;
        set => (Peers.Operations, Agents.Operations, ErrorClasses.Operations) = (value, value, value);
    }

    /// <summary>The first failure of a peer that is its fault; null when there is none.</summary>
    public static string? FailureOf(IEnumerable<string> errors) => errors.FirstOrDefault(static error => error != ErrorClass.Cancelled);

    /// <summary>The losses of some operations.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="peers">The facts of their peers.</param>
    public static PeerLosses Of(IEnumerable<OperationFacts> operations, IEnumerable<PeerFacts> peers)
    {
        var decisive = operations.Select(static operation => operation.Decisive).OfType<QueryId>().ToHashSet();
        var losses = new PeerLosses();
        foreach (
            var query in peers
                .Where(fact => fact.TimeLostNs is not null && decisive.Contains(fact.QueryId))
                .GroupBy(static fact => fact.QueryId)
        )
        {
            losses.Operations++;
            Add(losses.Peers, query, static fact => fact.PeerId);
            Add(losses.Agents, query, static fact => fact.Agent);
            Add(losses.ErrorClasses, query, static fact => FailureOf(fact.Errors));
        }

        return losses;
    }

    private static void Add(NamedSums sums, IEnumerable<PeerFacts> query, Func<PeerFacts, string?> name)
    {
        var lost = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var fact in query)
        {
            if (fact.TimeLostNs is > 0 and { } ns && name(fact) is { } key)
            {
                lost[key] = lost.GetValueOrDefault(key) + ns;
            }
        }

        foreach (var (key, ns) in lost)
        {
            sums.Add(key, ns, (double)ns * ns);
        }
    }
}
