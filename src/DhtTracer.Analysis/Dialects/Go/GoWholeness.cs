using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>What is known of the completeness of a query's spans.</summary>
/// <param name="Missing">Spans that others name as their parent, and that are not there.</param>
/// <param name="NeverEnded">
/// The lookup itself never ended, so that some of its spans were never exported although none was lost: after a quorum the library waits
/// for a caller who no longer listens.
/// </param>
/// <param name="IsDoubtful">
/// Spans of this or of another query of the same time and trace are missing: what this one does not show may have happened all the same.
/// </param>
internal readonly record struct GoWholeness(int Missing, bool NeverEnded, bool IsDoubtful);

/// <summary>
/// Whether the spans of the queries of a trace are all there. A lost span shows as a parent that is in no span; which query it belonged to
/// is not always certain.
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

        // Spans are sorted by start; the latest end so far tells whether any of those before was still running at some time.
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

    /// <summary>Counts what a lookup implies and does not hold: a spawned peer has a dial and an end, a lookup that asked somebody
    /// terminated.</summary>
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
                    // Its QueryPeer waits for ever to hand over an answer with a record; the request itself has ended.
                    dials++;
                    break;
                default:
                    others = true;
                    break;
            }
        }

        // Query.Run, RunQuery and RunLookupWithFollowup of a lookup that never ends are never exported: two ids that nobody knows.
        var neverEnded = !others && !runs.IsZero && runs != requests && missing.Count == dials + (requests.IsZero ? 1 : 2);
        return new GoWholeness(neverEnded ? 0 : missing.Count, neverEnded, false);
    }
}
