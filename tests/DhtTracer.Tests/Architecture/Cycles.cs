namespace DhtTracer.Tests.Architecture;

/// <summary>Finds circles in a directed graph.</summary>
internal static class Cycles
{
    /// <summary>Sets of nodes that reach each other, each in order; empty when the graph has no circle. An edge from a node to itself is
    /// none.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Find(IEnumerable<(string From, string To)> edges)
    {
        var next = edges.Where(edge => edge.From != edge.To).ToLookup(edge => edge.From, edge => edge.To);
        var reached = next.Select(node => node.Key).ToDictionary(node => node, node => Reach(next, node));
        return
        [
            .. reached
                .Where(node => node.Value.Contains(node.Key))
                .Select(node =>
                    node.Value.Where(other => reached.TryGetValue(other, out var back) && back.Contains(node.Key))
                        .Order(StringComparer.Ordinal)
                        .ToArray()
                )
                .DistinctBy(cycle => string.Join(' ', cycle))
                .OrderBy(cycle => cycle[0], StringComparer.Ordinal),
        ];
    }

    private static HashSet<string> Reach(ILookup<string, string> next, string from)
    {
        var reached = new HashSet<string>();
        var pending = new Stack<string>(next[from]);
        while (pending.TryPop(out var node))
        {
            if (reached.Add(node))
            {
                foreach (var other in next[node])
                {
                    pending.Push(other);
                }
            }
        }

        return reached;
    }
}
