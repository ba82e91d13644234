using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Spans inside a query whose parent never arrived: the parent has not ended yet, or a full queue dropped it. They are grouped by the id of
/// the missing parent. A group goes back to its query if that is found; otherwise it becomes an incomplete query.
/// </summary>
internal sealed class GoOrphans
{
    /// <summary>
    /// Most comparisons of groups with queries. A trace that needs more is larger than any real one; its groups stay apart.
    /// </summary>
    private const long MostComparisons = 1_000_000;

    private readonly TraceSpans _trace;
    private readonly SortedDictionary<SpanId, (GoQueryParts Parts, int Level)> _groups = [];
    private readonly GoSpanKind[] _kinds;
    private readonly GoPartition _partition;

    private GoOrphans(TraceSpans trace, GoSpanKind[] kinds, GoPartition partition)
    {
        _trace = trace;
        _kinds = kinds;
        _partition = partition;
    }

    /// <summary>Groups the orphans of a trace.</summary>
    public static GoOrphans Find(TraceSpans trace, GoSpanKind[] kinds, GoPartition partition)
    {
        var orphans = new GoOrphans(trace, kinds, partition);
        for (var i = 0; i < kinds.Length; i++)
        {
            if (GoSpans.IsInner(kinds[i]) && trace.IsOrphan(i))
            {
                orphans.Group(i);
            }
        }

        return orphans;
    }

    /// <summary>A lookup whose missing parent also sent records is the first part of a provide or put that has not arrived yet.</summary>
    /// <returns>Whether the lookup was added to the group of its parent.</returns>
    public bool TakeBeside(int lookup)
    {
        if (!_trace.IsOrphan(lookup) || !_groups.TryGetValue(_trace[lookup].ParentSpanId, out var group) || group.Level > 0)
        {
            return false;
        }

        group.Parts.Add(Below(lookup, _trace[lookup].ParentSpanId));
        return true;
    }

    /// <summary>
    /// Gives groups back to the queries they belong to. A group belongs to the query that was running when the group began and that shares
    /// the most peers with it. A group that shares no peers, and whose missing parent cannot be a root, goes to the only query running
    /// then.
    /// </summary>
    public void Adopt(IReadOnlyList<GoQueryParts> queries)
    {
        if ((long)_groups.Count * queries.Count > MostComparisons)
        {
            return;
        }

        foreach (var (id, group) in _groups.ToList())
        {
            var running = queries.Where(query => group.Parts.Start >= query.Start && group.Parts.Start <= query.End).ToList();
            var related = running
                .Select(query => (Query: query, Shared: query.Peers.Count(group.Parts.Peers.Contains)))
                .Where(static candidate => candidate.Shared > 0)
                .OrderByDescending(static candidate => candidate.Shared)
                .ToList();
            var owner =
                related.Count == 1 || (related.Count > 1 && related[0].Shared > related[1].Shared) ? related[0].Query
                : related.Count == 0 && running.Count == 1 && group.Level >= 2 ? running[0]
                : null;
            if (owner is not null)
            {
                owner.Add(group.Parts);
                _groups.Remove(id);
            }
        }
    }

    /// <summary>
    /// The remaining groups. Groups of one query are joined: they share peers and overlap in time. The outermost group gives the id.
    /// </summary>
    public IEnumerable<GoQueryParts> Rest()
    {
        var left = _groups
            .Values.OrderBy(static group => group.Level)
            .ThenBy(static group => group.Parts.Start)
            .ThenBy(static group => group.Parts.RootId)
            .Select(static group => group.Parts)
            .ToList();
        while (left.Count > 0)
        {
            var outermost = left[0];
            left.RemoveAt(0);
            while ((long)left.Count * left.Count <= MostComparisons && left.Find(other => Overlap(outermost, other)) is { } part)
            {
                outermost.Add(part);
                left.Remove(part);
            }

            if (outermost.Peers.Count > 0)
            {
                yield return outermost;
            }
        }
    }

    private static bool Overlap(GoQueryParts one, GoQueryParts other) =>
        one.Start <= other.End && other.Start <= one.End && one.Peers.Overlaps(other.Peers);

    /// <summary>
    /// Depth of the missing parent of a span: 0 is a method, 1 is a method or GetClosestPeers; from 2 on it cannot be a root.
    /// </summary>
    private static int ParentLevel(GoSpanKind kind, Span span) =>
        kind switch
        {
            GoSpanKind.ProvidersRoutine => 0,
            GoSpanKind.RunLookup => 1,
            GoSpanKind.RunQuery => 2,
            GoSpanKind.QueryRun => 3,
            GoSpanKind.Message => GoSpans.Message(span) is MessageType.PutValue or MessageType.AddProvider ? 0 : 3,
            GoSpanKind.SpawnQuery or GoSpanKind.Terminate => 4,
            GoSpanKind.QueryPeer => 5,
            _ => 6,
        };

    private void Group(int index)
    {
        var id = _trace[index].ParentSpanId;
        var parts = Below(index, id);
        var level = ParentLevel(_kinds[index], _trace[index]);
        if (_groups.TryGetValue(id, out var group))
        {
            group.Parts.Add(parts);
            _groups[id] = (group.Parts, Math.Min(group.Level, level));
        }
        else
        {
            _groups.Add(id, (parts, level));
        }
    }

    private GoQueryParts Below(int index, SpanId parent)
    {
        var members = new List<int>();
        _trace.Collect(index, members, child => _partition.Query(child) == _partition.Query(index));
        return new GoQueryParts(_trace, _kinds, members, TraceSpans.None, parent);
    }
}
