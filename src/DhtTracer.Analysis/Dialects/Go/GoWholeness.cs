using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>How complete the spans of a query are.</summary>
/// <param name="Missing">Number of spans that others name as their parent but that never arrived.</param>
/// <param name="NeverEnded">
/// True when the lookup itself never ended: after a quorum the library waits for a caller who no longer listens. Some of its spans were
/// then never exported, although none was lost.
/// </param>
/// <param name="IsDoubtful">
/// True when spans are missing from this query, or from another one of the same trace and time. Something that this query does not show may
/// have happened.
/// </param>
internal readonly record struct GoWholeness(int Missing, bool NeverEnded, bool IsDoubtful);

/// <summary>
/// Finds missing spans in the queries of a trace. A lost span shows as a parent id that no span has. Its query is not always certain.
/// </summary>
internal sealed class GoLosses
{
    private readonly Dictionary<GoQueryParts, GoWholeness> _queries = new(ReferenceEqualityComparer.Instance);

    /// <summary>Looks for missing parents.</summary>
    public GoLosses(TraceSpans trace, GoSpanKind[] kinds, IReadOnlyList<GoQueryParts> queries)
    {
        var excused = new HashSet<int>();
        foreach (var query in queries)
        {
            var whole = Count(trace, kinds, query);
            _queries.Add(query, whole);
            if (whole.NeverEnded)
            {
                excused.UnionWith(query.Members);
            }
        }

        // Spans are sorted by start. The latest end so far shows whether an earlier span was still running at a given time.
        var starts = new List<ulong>();
        var latestEnds = new List<ulong>();
        for (var i = 0; i < kinds.Length; i++)
        {
            if (GoSpans.IsInner(kinds[i]) && trace.IsOrphan(i) && !excused.Contains(i))
            {
                starts.Add(trace[i].StartUnixNano);
                latestEnds.Add(Math.Max(trace[i].EndUnixNano, latestEnds.Count == 0 ? 0 : latestEnds[^1]));
            }
        }

        foreach (var query in queries)
        {
            var before = starts.BinarySearch(query.End);
            before = before < 0 ? ~before : before + 1;
            if (_queries[query].Missing > 0 || (before > 0 && latestEnds[before - 1] >= query.Start))
            {
                _queries[query] = _queries[query] with { IsDoubtful = true };
            }
        }
    }

    /// <summary>The completeness of a query.</summary>
    public GoWholeness this[GoQueryParts query] => _queries[query];

    /// <summary>
    /// Counts the missing parts of a lookup: a spawned peer must have a dial and an end, and a lookup that asked somebody must have
    /// terminated.
    /// </summary>
    public static int MissingParts(GoLookup lookup)
    {
        var missing = lookup.Spawned.Count > 0 && lookup.TerminatedNs is null ? 1 : 0;
        foreach (var peer in lookup.Spawned)
        {
            missing += peer.QueryEndNs is null && !(lookup.NeverEnded && peer.Request is not null) ? 1 : 0;
            missing += peer.DialStartNs is null ? 1 : 0;
            missing += GoDials.LacksItsRequest(peer) ? 1 : 0;
        }

        return missing;
    }

    private static GoWholeness Count(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts query)
    {
        var missing = new HashSet<SpanId>();
        var (runs, requests) = (default(SpanId), default(SpanId));
        var (others, dials) = (false, 0);
        foreach (var member in query.Members)
        {
            others |= kinds[member] is GoSpanKind.QueryRun or GoSpanKind.RunQuery or GoSpanKind.RunLookup;
            if (member == query.Root || !trace.IsOrphan(member))
            {
                continue;
            }

            var parent = trace[member].ParentSpanId;
            var isNew = missing.Add(parent);
            switch (kinds[member])
            {
                case GoSpanKind.SpawnQuery or GoSpanKind.Terminate when runs.IsZero || runs == parent:
                    runs = parent;
                    break;
                case GoSpanKind.Message when requests.IsZero || requests == parent:
                    requests = parent;
                    break;
                case GoSpanKind.DialPeer when isNew:
                    // The peer's QueryPeer waits forever to deliver an answer with a record. The request itself has ended.
                    dials++;
                    break;
                default:
                    others = true;
                    break;
            }
        }

        // A lookup that never ends never exports Query.Run, RunQuery and RunLookupWithFollowup. So two parent ids stay unknown.
        var neverEnded = !others && !runs.IsZero && runs != requests && missing.Count == dials + (requests.IsZero ? 1 : 2);
        return new GoWholeness(neverEnded ? 0 : missing.Count, neverEnded, false);
    }
}
