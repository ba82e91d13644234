using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>
/// Spans inside a query whose parent never arrived: because it has not ended yet, or because a full queue dropped it. They are grouped by
/// the id of the missing parent, given back to the query they belong to when it is there, and else are an incomplete query.
/// </summary>
internal sealed class GoOrphans
{
    /// <summary>Groups times queries that are compared; a trace with more of them than any real one keeps them apart.</summary>
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

    /// <summary>
    /// A lookup whose missing parent also sent records is the first part of a provide or put that has not arrived.
    /// </summary>
    /// <returns>Whether the lookup was taken into the group of its parent.</returns>
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
    /// Gives groups back to the queries they fell off from: one that began while the query ran, and that shares most peers with it.
    /// A group whose missing parent cannot be a root goes to the only query that ran then.
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

    /// <summary>The groups that are left, those of one query together: they share peers and overlap in time. The outermost gives the
    /// id.</summary>
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

    /// <summary>How deep the missing parent of a span is: 0 a method, 1 a method or GetClosestPeers, from 2 on no root.</summary>
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
