using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Groups the queries of a trace into operations. Finds the sides, the sides that had nobody to ask, and the background work of the node.
/// </summary>
internal sealed class GoOperations(TraceSpans trace, GoSpanKind[] kinds, GoPartition partition)
{
    /// <summary>Lookups of one call start within this time of each other: 1 ms in nanoseconds.</summary>
    private const ulong LongestApartNs = 1_000_000;

    private readonly List<(GoQueryParts Parts, Query Query)> _queries = [];

    /// <summary>Adds a query.</summary>
    public void Add(GoQueryParts parts, Query query) => _queries.Add((parts, query));

    /// <summary>Adds the operations to the drafts, and the queries with what only their operation shows.</summary>
    public void Build(TraceDraft drafts)
    {
        _queries.Sort(
            static (left, right) =>
            {
                var order = left.Query.StartUnixNano.CompareTo(right.Query.StartUnixNano);
                return order != 0 ? order : left.Query.Id.SpanId.CompareTo(right.Query.Id.SpanId);
            }
        );
        foreach (var group in Groups())
        {
            Build(group, drafts);
        }
    }

    private void Build(Group group, TraceDraft drafts)
    {
        var sides = Sides(group);
        var skipped = group.Queries.Select(query => AskedNobody(query.Parts, query.Query)).ToList();
        var background = Background(group, skipped.TrueForAll(static nobody => nobody));
        var queries = new List<Query>(group.Queries.Count);
        for (var i = 0; i < group.Queries.Count; i++)
        {
            queries.Add(
                group.Queries[i].Query with
                {
                    OperationId = group.Id,
                    Background = background is not null,
                    Side = sides[i],
                    Skipped = skipped[i],
                }
            );
            drafts.Add(queries[i]);
        }

        drafts.Add(new GoOperation(trace, kinds, partition, group.Id, group.Root, queries, background).Build());
    }

    /// <summary>The queries of each operation; the operations are sorted by start.</summary>
    private List<Group> Groups()
    {
        var groups = new List<Group>();
        var byRoot = new Dictionary<int, Group>();
        Group? latestLost = null;
        foreach (var query in _queries)
        {
            var root = query.Parts.Root == TraceSpans.None ? TraceSpans.None : partition.Operation(query.Parts.Root);
            if (root != TraceSpans.None && byRoot.TryGetValue(root, out var known))
            {
                known.Queries.Add(query);
                continue;
            }

            var isLost = root == TraceSpans.None || (root == query.Parts.Root && trace.IsOrphan(root));
            if (isLost && latestLost is not null && AreSidesOfOne(latestLost, query))
            {
                latestLost.Join(query, MissingParent(query.Parts));
                continue;
            }

            var group = new Group(
                query,
                query.Parts.Root == TraceSpans.None ? query.Query.Id.SpanId : trace[root].SpanId,
                root,
                MissingParent(query.Parts)
            );
            groups.Add(group);
            latestLost = isLost ? group : latestLost;
            if (root != TraceSpans.None)
            {
                byRoot.Add(root, group);
            }
        }

        return groups;
    }

    /// <summary>
    /// Whether two queries without a span above are the sides of one operation whose own span was lost. They are siblings with the same
    /// name and key that start within a millisecond. A trace whose root never arrives (the daemon's own) holds many operations, minutes
    /// apart.
    /// </summary>
    private bool AreSidesOfOne(Group lost, (GoQueryParts Parts, Query Query) query)
    {
        var first = lost.Queries[0];
        var (parent, otherParent) = (lost.MissingParent, MissingParent(query.Parts));
        return lost.Queries.Count == 1
            && query.Query.StartUnixNano - first.Query.StartUnixNano <= LongestApartNs
            && first.Query.Key is { } key
            && key.Bytes == query.Query.Key?.Bytes
            && (first.Query.Type == query.Query.Type || first.Query.Type == QueryType.Unknown || query.Query.Type == QueryType.Unknown)
            && (parent is null || otherParent is null || parent == otherParent)
            && IsOfOneInstance(first.Parts)
            && IsOfOneInstance(query.Parts);
    }

    /// <summary>Whether the query can be one of two sides; queries of the accelerated client have no sides.</summary>
    private bool IsOfOneInstance(GoQueryParts parts) =>
        parts.Root == TraceSpans.None || trace[parts.Root].Name.StartsWith("IpfsDHT.", StringComparison.Ordinal);

    private SpanId? MissingParent(GoQueryParts parts) =>
        parts.Root != TraceSpans.None && trace.IsOrphan(parts.Root) ? trace[parts.Root].ParentSpanId : null;

    /// <summary>The sides within each call of a dual DHT; null for queries outside of one.</summary>
    private DhtSide?[] Sides(Group group)
    {
        var sides = new DhtSide?[group.Queries.Count];
        var calls = Enumerable
            .Range(0, sides.Length)
            .Select(at => (At: at, Dual: group.IsLost && sides.Length > 1 ? TraceSpans.None : DualAbove(group.Queries[at].Parts)))
            .GroupBy(static query => query.Dual, static query => query.At);
        foreach (var call in calls)
        {
            List<int> members = [.. call];
            if (call.Key != TraceSpans.None || (group.IsLost && members.Count > 1))
            {
                var found = GoSides.Of(trace, kinds, [.. members.Select(member => group.Queries[member])]);
                for (var i = 0; i < members.Count; i++)
                {
                    sides[members[i]] = found[i];
                }
            }
            else if (
                members is [var only]
                && group.Queries[only].Parts is { Root: not TraceSpans.None } parts
                && trace[parts.Root].Name == "KademliaDHT.IpfsDHT.GetClosestPeers"
                && GoMarks.IsKubo(trace[parts.Root])
            )
            {
                // "dht query", the sweep and the refresh ask one of the two DHTs without a span of the dual DHT above.
                sides[only] = GoSides.EvidenceOf(trace, kinds, parts).Side;
            }
        }

        return sides;
    }

    private int DualAbove(GoQueryParts parts)
    {
        foreach (var above in parts.Root == TraceSpans.None ? [] : trace.Ancestors(parts.Root))
        {
            if (kinds[above] == GoSpanKind.Message)
            {
                break;
            }

            if (trace[above].Name.StartsWith("Dual.", StringComparison.Ordinal))
            {
                return above;
            }
        }

        return TraceSpans.None;
    }

    /// <summary>
    /// Whether a query had nobody to ask: the routing table was empty, or the node had the answer itself. An optimistic provide that trusts
    /// its routing table asks nobody either, but it runs a lookup.
    /// </summary>
    private bool AskedNobody(GoQueryParts parts, Query query) =>
        parts.Root != TraceSpans.None
        && trace[parts.Root].EndUnixNano != 0
        && query.Missing.Spans == 0
        && parts.Peers.Count == 0
        && !parts.Members.Exists(member => kinds[member] is GoSpanKind.QueryRun or GoSpanKind.Message or GoSpanKind.SpawnQuery);

    private BackgroundKind? Background(Group group, bool askedNobody)
    {
        if (group.Root == TraceSpans.None)
        {
            return null;
        }

        if (partition.IsNested(group.Root))
        {
            return BackgroundKind.PeerAddress;
        }

        foreach (var above in trace.Ancestors(group.Root))
        {
            var name = trace[above].Name;
            if (kinds[above] == GoSpanKind.Background)
            {
                return GoMarks.IsBootstrap(name) ? BackgroundKind.Bootstrap : BackgroundKind.Refresh;
            }

            if (name.StartsWith("Namesys.Republisher.", StringComparison.Ordinal))
            {
                return BackgroundKind.Republish;
            }
        }

        var root = trace[group.Root];
        var (first, isBare) = (group.Queries[0].Query, kinds[group.Root] == GoSpanKind.Lookup && root.ParentSpanId.IsZero);
        if (isBare && askedNobody && (GoMarks.IsKubo(root) ? IsOfPeer(first.Key) : first.Node is not null && first.Key?.Text == first.Node))
        {
            return BackgroundKind.ConnectivityCheck;
        }

        // Kubo's commands have an HTTP span above, so an operation of Kubo without one is the daemon's own work. Other programs call the
        // DHT themselves.
        return !root.ParentSpanId.IsZero || !GoMarks.IsKubo(root) ? null
            : isBare ? BackgroundKind.Sweep
            : root.Name.EndsWith(".ProvideMany", StringComparison.Ordinal) ? BackgroundKind.Reprovide
            : null;
    }

    /// <summary>
    /// The sweep explores with keys that are hashes. Only its connectivity check looks for a peer id that holds a public key, or for a peer
    /// by the hash.
    /// </summary>
    private static bool IsOfPeer(QueryKey? key) => key is not null && PeerText.OrNull(key.Text) is not null;

    /// <summary>The queries of one operation.</summary>
    private sealed class Group((GoQueryParts Parts, Query Query) first, SpanId id, int root, SpanId? missingParent)
    {
        public QueryId Id { get; private set; } = new(first.Query.Id.TraceId, id);

        /// <summary>Index of the operation's own span; <see cref="TraceSpans.None"/> when it never arrived.</summary>
        public int Root { get; private set; } = root;

        /// <summary>Id of the span above, which never arrived; null when there is none or it is unknown.</summary>
        public SpanId? MissingParent { get; private set; } = missingParent;

        /// <summary>True when the operation's own span never arrived.</summary>
        public bool IsLost => Root == TraceSpans.None;

        public List<(GoQueryParts Parts, Query Query)> Queries { get; } = [first];

        /// <summary>Adds the other side of an operation whose own span was lost.</summary>
        public void Join((GoQueryParts Parts, Query Query) query, SpanId? parent)
        {
            MissingParent ??= parent;
            Queries.Add(query);
            Root = TraceSpans.None;
            Id = MissingParent is { } above ? Id with { SpanId = above } : Id;
        }
    }
}
