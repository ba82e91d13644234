using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>What a query of go-libp2p-kad-dht found, and when.</summary>
internal sealed class GoResults
{
    private readonly TraceSpans trace;
    private readonly GoSpanKind[] kinds;
    private readonly GoQueryParts parts;

    public GoResults(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts, LookupBuilder lookup, QueryType type, string? target)
    {
        this.trace = trace;
        this.kinds = kinds;
        this.parts = parts;
        switch (type)
        {
            case QueryType.GetProviders:
                Providers();
                break;
            case QueryType.FindPeer:
                FoundPeer(lookup, target);
                break;
            case QueryType.GetValue:
                Values(lookup);
                break;
            case QueryType.AddProvider:
                Stored(lookup, MessageType.AddProvider);
                break;
            case QueryType.PutValue:
                Stored(lookup, MessageType.PutValue);
                break;
            case QueryType.Ping:
                Count = RootSucceeded() ? 1 : 0;
                break;
            default:
                // Which peers GetClosestPeers returned, and how many it was to return, is in no attribute.
                break;
        }
    }

    /// <summary>Results, or null when the trace does not tell.</summary>
    public int? Count { get; private set; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when the trace does not tell.</summary>
    public long? DiscoveryNs { get; private set; }

    /// <summary>
    /// Providers handed to the caller. An SDK cuts events at 128 a span, and the spans with the events can be missing: the answers themselves
    /// fill that gap.
    /// </summary>
    private void Providers()
    {
        var firstKnown = new Dictionary<string, ulong>(StringComparer.Ordinal);
        var handed = new HashSet<string>(StringComparer.Ordinal);
        var cut = false;
        foreach (var member in parts.Members)
        {
            var span = trace[member];
            if (kinds[member] == GoSpanKind.Message && GoSpans.Message(span) == MessageType.GetProviders && span.EndUnixNano != 0)
            {
                foreach (var provider in GoRequests.Providers(span))
                {
                    Known(provider, span.EndUnixNano);
                }
            }
            else if (kinds[member] is GoSpanKind.Method or GoSpanKind.ProvidersRoutine)
            {
                cut |= span.DroppedEventsCount > 0;
                foreach (var happened in span.Events)
                {
                    if (happened.Is("found provider") && (happened.Attributes.GetString("peer") ?? happened.Attributes.GetString("id")) is { Length: > 0 } id)
                    {
                        var provider = PeerText.Canonical(id);
                        handed.Add(provider);
                        Known(provider, happened.TimeUnixNano);
                    }
                }
            }
        }

        if (handed.Count == 0 || cut)
        {
            handed.UnionWith(firstKnown.Keys);
        }

        Count = handed.Count;
        DiscoveryNs = handed.Count == 0 ? null : SpanReading.Nanoseconds(parts.Start, handed.Max(provider => firstKnown[provider]));

        void Known(string provider, ulong at)
        {
            if (!firstKnown.TryGetValue(provider, out var earlier) || at < earlier)
            {
                firstKnown[provider] = at;
            }
        }
    }

    private void FoundPeer(LookupBuilder lookup, string? target)
    {
        var events = EventTimes("found peer").ToList();
        if (events.Count > 0 || RootSucceeded())
        {
            Count = 1;
            DiscoveryNs = Earlier(LookupDiscovery.FirstNaming(lookup, target), events.Count > 0 ? events.Min() : null);
        }
        else if (parts.Root != TraceSpans.None && trace[parts.Root].EndUnixNano != 0)
        {
            Count = 0;
        }
    }

    /// <summary>Answers that held a record; a value may also come from the node's own store, which only an event tells.</summary>
    private void Values(LookupBuilder lookup)
    {
        var events = EventTimes("found value").ToList();
        var answers = lookup.Requests.Where(static request => request.Records > 0).ToList();
        Count = answers.Count > 0 ? answers.Count : events.Count;

        // Later values replace earlier ones: the last one reported is the answer.
        DiscoveryNs = events.Count > 0 ? events.Max() : answers.Min(static answer => answer.AnswerNs);
    }

    private void Stored(LookupBuilder lookup, MessageType message)
    {
        Count = lookup.Requests.Where(request => request.Type == message && request.Outcome == RequestOutcome.Answered)
            .Select(static request => request.Peer).Distinct().Count();
        DiscoveryNs = LookupDiscovery.LastHeard(lookup, message);
    }

    private IEnumerable<long> EventTimes(string name) =>
        from member in parts.Members
        where kinds[member] == GoSpanKind.Method
        from happened in trace[member].Events
        where happened.Is(name)
        select SpanReading.Nanoseconds(parts.Start, happened.TimeUnixNano);

    private bool RootSucceeded() => parts.Root != TraceSpans.None && trace[parts.Root].EndUnixNano != 0 && !trace[parts.Root].IsError();

    private static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
