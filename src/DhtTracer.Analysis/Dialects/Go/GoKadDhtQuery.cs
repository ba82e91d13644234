using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>Builds one query of go-libp2p-kad-dht.</summary>
/// <param name="trace">The trace.</param>
/// <param name="kinds">The kind of each span.</param>
/// <param name="parts">The spans of this query.</param>
/// <param name="wholeness">What is known of missing spans.</param>
internal sealed class GoKadDhtQuery(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts, GoWholeness wholeness)
{
    private readonly Span? _root = parts.Root == TraceSpans.None ? null : trace[parts.Root];

    public Query Build()
    {
        parts.Members.Sort();
        var type = Type();
        var above = new GoContext(trace, kinds, parts);
        var key = GoKeys.Find(trace, kinds, parts.Members, above.Ancestors, type);
        var node = Node();
        var fullRt = parts.Members.Exists(member => GoSpans.IsFullRt(trace[member].Name));
        var builder = new LookupBuilder(key?.KadId, node, dialsKnown: !fullRt);
        var lookup = new GoLookup(trace, kinds, parts, builder, key?.KadId, wholeness.NeverEnded);
        var foreign = IsForeign();
        var implied = foreign ? 0 : GoLosses.MissingParts(lookup);
        var missing = Math.Max(wholeness.Missing + implied, wholeness.IsDoubtful ? 1 : 0);
        var whole = missing == 0 && !foreign && builder.Requests.All(static request => !LacksItsPeers(request));
        GoDials.Read(lookup);
        foreach (var peer in lookup.Peers)
        {
            peer.Draft.TakenNs = peer.QueryEndNs;
        }

        if (whole)
        {
            GoReferrers.Find(lookup);
        }
        else
        {
            GoReferrers.FindOfLossy(lookup);
        }

        var results = new GoResults(trace, kinds, parts, lookup, builder, type, key?.Key.Text, whole, fullRt);
        var outcome = foreign
            ? GoOutcome.OfForeign(_root, type, results.Found, lookup.Termination, out var error)
            : GoOutcome.Of(_root, type, results.Found, lookup, whole, out error);
        var first = trace[parts.Members[0]];
        var query = builder.Build(
            new Query
            {
                Id = new QueryId(first.TraceId, parts.RootId),
                OperationId = new QueryId(first.TraceId, parts.RootId),
                Type = type,
                Key = key?.Key,
                Source = TraceSource.GoKadDht,
                Service = first.Resource.ServiceName,
                Node = node,
                StartUnixNano = parts.Start,
                DurationNs = _root is { EndUnixNano: not 0 } ? SpanReading.Nanoseconds(parts.Start, _root.EndUnixNano) : null,
                Outcome = outcome,
                Error = error,
                Termination = lookup.Termination,
                TerminatedNs = lookup.TerminatedNs,
                DiscoveryNs = outcome == QueryOutcome.Success ? results.DiscoveryNs : null,
                DiscoveredBy = outcome == QueryOutcome.Success ? results.DiscoveredBy : null,
                Missing = new MissingParts(missing, DroppedEvents()),
                Parameters = new QueryParameters(whole ? lookup.Alpha : null, null, results.Width),
                Counts = new QueryCounts
                {
                    Results =
                        type == QueryType.GetClosestPeers && outcome is not (QueryOutcome.Success or QueryOutcome.NotFound) ? null
                        : foreign && results.Found != true ? null
                        : results.Count,
                },
            }
        );
        var (fewestHops, hops) = whole ? Hops(lookup) : (null, null);
        return query with
        {
            Hops = hops,
            HopsAtLeast = fewestHops,
            Counts = Known(query.Counts, lookup, whole, fullRt) with { Sent = results.Sent },
        };
    }

    /// <summary>
    /// True when another program wrote the spans with the names of go-libp2p-kad-dht. The names mean the same, but the lookup follows other
    /// rules, so nothing is inferred from the spans.
    /// </summary>
    private bool IsForeign() =>
        parts.Members.Exists(member =>
            GoSpans.IsInner(kinds[member])
            && trace[member].ScopeName() is { Length: > 0 } scope
            && !scope.StartsWith("go-libp2p-kad-dht", StringComparison.Ordinal)
        );

    /// <summary>An answer that should list its peers but does not, because the attribute was dropped.</summary>
    private static bool LacksItsPeers(RequestDraft request) =>
        request is { Outcome: RequestOutcome.Answered, Type: MessageType.FindNode or MessageType.GetValue, Closer: null };

    /// <summary>
    /// The greatest hop count of the queried peers. The first value is a lower bound. The second is exact, or null while a queried peer can
    /// have more hops.
    /// </summary>
    private static (int? Fewest, int? Exact) Hops(GoLookup lookup)
    {
        int? fewest = null;
        var most = 0;
        foreach (var peer in lookup.Peers)
        {
            if (peer.Draft.Requests.Count > 0)
            {
                fewest = Math.Max(fewest ?? 0, peer.FewestHops);
                most = Math.Max(most, peer.MostHops);
            }
        }

        return (fewest, fewest == most ? fewest : null);
    }

    /// <summary>
    /// Sets the counts that cannot be known to null. Peers of the routing table that were never asked are in no span, unless all were asked
    /// at once. The answers of a provider lookup are not listed. While spans are missing, something unseen may have happened.
    /// </summary>
    private static QueryCounts Known(QueryCounts counts, GoLookup lookup, bool whole, bool fullRt)
    {
        var seenComplete = whole && !fullRt && !lookup.AnswersHidden && (lookup.IsFew || lookup.Spawned.Count == 0);
        counts = counts with { SeenComplete = seenComplete, Remaining = seenComplete ? counts.Remaining : null };
        return whole
            ? counts
            : counts with
            {
                Queried = null,
                Dialed = null,
                DialFailed = null,
                ToQuery = null,
                Returned = null,
                Duplicates = null,
            };
    }

    private int DroppedEvents() => (int)Math.Min(int.MaxValue, parts.Members.Sum(member => (long)trace[member].DroppedEventsCount));

    /// <summary>
    /// The node's id: from the resource, or the cause of the first spawns. The node never asks itself, so a peer that was asked is not the
    /// node.
    /// </summary>
    private string? Node()
    {
        foreach (var member in parts.Members)
        {
            if (PeerText.OrNull(trace[member].Resource.Attributes.GetString("service.instance.id")) is { } id)
            {
                return id;
            }
        }

        if (wholeness.IsDoubtful)
        {
            // The first spawn may be lost. Then the cause of the first one seen is a peer.
            return null;
        }

        var first = parts.Members.FindIndex(member => kinds[member] == GoSpanKind.SpawnQuery);
        return first >= 0 && PeerText.OrNull(trace[parts.Members[first]].Text("Cause")) is { } cause && !parts.Peers.Contains(cause)
            ? cause
            : null;
    }

    private QueryType Type()
    {
        if (parts.Root != TraceSpans.None && kinds[parts.Root] is var kind)
        {
            return kind switch
            {
                GoSpanKind.Method => GoSpans.MethodType(_root!.Name)!.Value,
                GoSpanKind.Ping => QueryType.Ping,
                GoSpanKind.ProvidersRoutine => QueryType.GetProviders,
                _ => QueryType.GetClosestPeers,
            };
        }

        // The root never arrived. The type of the messages tells what the query was for, except FIND_NODE: a provide or a put also starts
        // by looking for peers.
        var sent = parts
            .Members.Where(member => kinds[member] == GoSpanKind.Message)
            .Select(member => GoSpans.Message(trace[member]))
            .ToHashSet();
        return sent.Contains(MessageType.AddProvider) ? QueryType.AddProvider
            : sent.Contains(MessageType.GetProviders) || parts.Members.Exists(member => kinds[member] == GoSpanKind.ProvidersRoutine)
                ? QueryType.GetProviders
            : sent.Contains(MessageType.GetValue) ? QueryType.GetValue
            : sent.Contains(MessageType.PutValue) ? QueryType.PutValue
            : QueryType.Unknown;
    }
}
