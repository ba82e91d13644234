using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>One query of go-libp2p-kad-dht.</summary>
/// <param name="trace">The trace.</param>
/// <param name="kinds">What its spans are.</param>
/// <param name="parts">The spans of this query.</param>
internal sealed class GoKadDhtQuery(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts)
{
    /// <summary>
    /// A DialPeer that finds a connection takes microseconds. A new connection needs four round trips and a key exchange, which takes
    /// longer than this also on one machine.
    /// </summary>
    private const long LongestReuseNs = 500_000;

    private readonly Span? root = parts.Root == TraceSpans.None ? null : trace[parts.Root];
    private readonly Dictionary<PeerDraft, (long At, string? Cause)> spawned = [];

    /// <summary>Start of the last request to a peer by the lookup itself, before its follow-up.</summary>
    private readonly Dictionary<PeerDraft, long> lastOfLookup = [];

    /// <summary>Makes the query.</summary>
    public Query Build()
    {
        parts.Members.Sort();
        var type = Type();
        var above = new GoContext(trace, kinds, parts);
        var key = GoKeys.Find(trace, kinds, parts.Members, above.Ancestors, type);
        var node = Node();
        var fullRt = parts.Members.Exists(member => GoSpans.IsFullRt(trace[member].Name));
        var lookup = new LookupBuilder(key?.KadId, node, dialsKnown: !fullRt);
        var termination = Termination(out var terminatedNs);
        var dials = Read(lookup);
        foreach (var (peer, start, duration) in dials)
        {
            peer.Add(Dial(peer, start, duration, terminatedNs));
        }

        lookup.HearFromAnswers(0);
        HearFromSpawns(lookup, node);
        var first = trace[parts.Members[0]];
        var results = new GoResults(trace, kinds, parts, lookup, type, key?.Key.Text);
        var outcome = GoOutcome.Of(root, type, results.Count, termination, out var error);
        return lookup.Build(new Query
        {
            Id = new QueryId(first.TraceId, parts.RootId),
            OperationId = new QueryId(first.TraceId, parts.RootId),
            Type = type,
            Key = key?.Key,
            Source = TraceSource.GoKadDht,
            Service = first.Resource.ServiceName,
            Node = node,
            StartUnixNano = parts.Start,
            DurationNs = root is { EndUnixNano: not 0 } ? SpanReading.Nanoseconds(parts.Start, root.EndUnixNano) : null,
            Outcome = outcome,
            Error = error,
            Termination = termination,
            DiscoveryNs = results.DiscoveryNs,
            Counts = new QueryCounts { Results = outcome == QueryOutcome.NotFound ? 0 : results.Count == 0 && outcome == QueryOutcome.Incomplete ? null : results.Count },
        });
    }

    /// <summary>Reads requests and spawns into the lookup, and gives back the dials, whose fate only the requests tell.</summary>
    private List<(PeerDraft Peer, long Start, long? Duration)> Read(LookupBuilder lookup)
    {
        var dials = new List<(PeerDraft, long, long?)>();
        foreach (var member in parts.Members)
        {
            var span = trace[member];
            var start = SpanReading.Nanoseconds(parts.Start, span.StartUnixNano);
            long? duration = span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano);
            switch (kinds[member])
            {
                case GoSpanKind.SpawnQuery when lookup.Peer(span.Text("QueryPeer")) is { } peer:
                    spawned.TryAdd(peer, (start, span.Text("Cause")));
                    break;
                case GoSpanKind.DialPeer when lookup.Peer(DialedPeer(member)) is { } peer:
                    dials.Add((peer, start, duration));
                    break;
                case GoSpanKind.Message when GoSpans.Message(span) is { } message && lookup.Peer(span.Text("to")) is { } peer:
                    var request = GoRequests.Read(lookup, span, peer, message, start, duration);
                    lookup.Add(request);
                    if (message is not (MessageType.PutValue or MessageType.AddProvider)
                        && (trace.Parent(member) is TraceSpans.None || kinds[trace.Parent(member)] != GoSpanKind.RunLookup))
                    {
                        lastOfLookup[peer] = Math.Max(start, lastOfLookup.GetValueOrDefault(peer, long.MinValue));
                    }

                    break;
                default:
                    break;
            }
        }

        return dials;
    }

    /// <summary>
    /// A failed dial shows only as a DialPeer with no request to that peer after it. Termination aborts dials, so one that was under way
    /// then was taken back. The follow-up, and the stores after a lookup, dial again inside the request: they prove nothing about this dial.
    /// </summary>
    private PeerDial Dial(PeerDraft peer, long start, long? duration, long? terminatedNs)
    {
        if (duration is not { } took)
        {
            return new PeerDial(start, null, null, null);
        }

        if (lastOfLookup.TryGetValue(peer, out var last) && last >= start)
        {
            return new PeerDial(start, took, took < LongestReuseNs, null);
        }

        var aborted = terminatedNs is { } terminated && start + took > terminated;
        return new PeerDial(start, took, false, new TraceError(aborted ? ErrorClass.Cancelled : ErrorClass.DialFailed, null));
    }

    private string? DialedPeer(int dial)
    {
        if (trace[dial].Text("PeerID") is { } id)
        {
            return id;
        }

        foreach (var above in trace.Ancestors(dial))
        {
            if (kinds[above] == GoSpanKind.SpawnQuery)
            {
                return trace[above].Text("QueryPeer");
            }
        }

        return null;
    }

    /// <summary>
    /// A peer that no answer named before it was asked counts as from the routing table. What triggered its spawn is all that is known of
    /// how it came up: kept as an inferred referrer, unless the node itself started it.
    /// </summary>
    private void HearFromSpawns(LookupBuilder lookup, string? node)
    {
        var answersVisible = lookup.Requests.Any(static request => request.Closer is not null);
        foreach (var (peer, (at, cause)) in spawned)
        {
            if (!peer.IsHeard)
            {
                peer.IsHeard = true;
                peer.HeardNs = 0;
                peer.Hops = 0;
            }

            if (peer.Referrer is null && cause is not null && PeerText.Canonical(cause) is var trigger && trigger != node && trigger != peer.Id)
            {
                peer.Referrer = trigger;
                peer.ReferrerInferred = true;

                // Without visible answers the spawn is the first that is known of it; with them, the routing table had it from the start.
                peer.HeardNs = answersVisible ? peer.HeardNs : at;
            }
        }
    }

    /// <summary>The node: its resource says it, or it is the cause of the first spawns. It never asks itself, so an asked peer is not it.</summary>
    private string? Node()
    {
        foreach (var member in parts.Members)
        {
            if (PeerText.OrNull(trace[member].Resource.Attributes.GetString("service.instance.id")) is { } id)
            {
                return id;
            }
        }

        var first = parts.Members.Find(member => kinds[member] == GoSpanKind.SpawnQuery);
        return kinds[first] == GoSpanKind.SpawnQuery && PeerText.OrNull(trace[first].Text("Cause")) is { } cause && !parts.Peers.Contains(cause)
            ? cause
            : null;
    }

    /// <summary>The first reason: a cancelled lookup can report a second one afterwards.</summary>
    private QueryTermination? Termination(out long? atNs)
    {
        atNs = null;
        QueryTermination? reason = null;
        ulong at = ulong.MaxValue;
        foreach (var member in parts.Members)
        {
            var span = trace[member];
            if (kinds[member] == GoSpanKind.Terminate && Words.TryParse<QueryTermination>(span.Text("Reason"), out var found)
                && (span.StartUnixNano < at || (span.StartUnixNano == at && found == QueryTermination.Cancelled)))
            {
                (at, reason) = (span.StartUnixNano, found);
                atNs = SpanReading.Nanoseconds(parts.Start, at);
            }
        }

        return reason;
    }

    private QueryType Type()
    {
        if (parts.Root != TraceSpans.None && kinds[parts.Root] is var kind)
        {
            return kind switch
            {
                GoSpanKind.Method => GoSpans.MethodType(root!.Name)!.Value,
                GoSpanKind.Ping => QueryType.Ping,
                GoSpanKind.ProvidersRoutine => QueryType.GetProviders,
                _ => QueryType.GetClosestPeers,
            };
        }

        // A root that never arrived: what it sent tells what it was for, unless it only looked for peers: a provide or a put does that first.
        var sent = parts.Members.Where(member => kinds[member] == GoSpanKind.Message).Select(member => GoSpans.Message(trace[member])).ToHashSet();
        return sent.Contains(MessageType.AddProvider) ? QueryType.AddProvider
            : sent.Contains(MessageType.GetProviders) || parts.Members.Exists(member => kinds[member] == GoSpanKind.ProvidersRoutine) ? QueryType.GetProviders
            : sent.Contains(MessageType.GetValue) ? QueryType.GetValue
            : sent.Contains(MessageType.PutValue) ? QueryType.PutValue
            : QueryType.Unknown;
    }
}
