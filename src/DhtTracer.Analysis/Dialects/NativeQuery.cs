using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Builds one query of the DhtTracer node.</summary>
/// <param name="trace">The trace.</param>
/// <param name="members">Its spans.</param>
/// <param name="rootId">Id of its <c>dht.query</c>.</param>
internal sealed class NativeQuery(TraceSpans trace, List<int> members, SpanId rootId)
{
    private readonly Span? _root = members.Select(member => trace[member]).FirstOrDefault(span => span.SpanId == rootId);

    /// <summary>
    /// The span that holds the query's type and key: the root, or while that is missing, the span of a peer that was sent something.
    /// </summary>
    private readonly Span? _telling =
        members.Select(member => trace[member]).FirstOrDefault(span => span.SpanId == rootId)
        ?? members
            .Select(member => trace[member])
            .FirstOrDefault(span => span.Name == NativeSpans.Peer && span.Text(NativeAttributes.QueryType) is not null);

    public Query Build()
    {
        members.Sort();
        var spans = members.ConvertAll(member => trace[member]);
        var start = _root?.StartUnixNano ?? spans.Min(static span => span.StartUnixNano);
        var type = Type(spans);
        var key = Key(type);
        var node =
            PeerText.OrNull(_root?.Text(NativeAttributes.Node))
            ?? PeerText.OrNull(spans[0].Resource.Attributes.GetString("service.instance.id"));
        var lookup = new LookupBuilder(key?.KadId, node, dialsKnown: true);
        var peers = new NativePeers(lookup, start, _root);
        foreach (var span in spans)
        {
            peers.Read(span);
        }

        peers.Finish();
        var outcome = Outcome();
        var query = lookup.Build(
            new Query
            {
                Id = new QueryId(spans[0].TraceId, rootId),
                OperationId = new QueryId(spans[0].TraceId, Outermost() ?? rootId),
                Background = _telling?.Boolean(NativeAttributes.QueryBackground) ?? false,
                Type = type,
                Key = key?.Key,
                Source = TraceSource.Native,
                Service = spans[0].Resource.ServiceName,
                Node = node,
                StartUnixNano = start,
                DurationNs = _root is { EndUnixNano: not 0 } ? SpanReading.Nanoseconds(start, _root.EndUnixNano) : null,
                Outcome = outcome,
                Error = _root is null ? null : NativePeers.Error(_root),
                Termination = Termination(),
                TerminatedNs = TerminatedNs(start),
                DiscoveryNs = _root?.Integer(NativeAttributes.QueryDiscoveryNs),
                Parameters = new QueryParameters(
                    _root?.Count(NativeAttributes.Alpha),
                    _root?.Count(NativeAttributes.Beta),
                    _root?.Count(NativeAttributes.K)
                ),
                Counts = new QueryCounts { Results = _root?.Count(NativeAttributes.QueryResults) },
            }
        );
        query = query with
        {
            Skipped =
                query.Peers.IsEmpty && (_root?.Boolean(NativeAttributes.QueryLocal) == true || query.Error?.Class == ErrorClass.NoPeers),
        };
        return type == QueryType.AddProvider
            ? query with
            {
                Counts = query.Counts with { Sent = lookup.Requests.Count(static request => request.Outcome == RequestOutcome.Sent) },
            }
            : query;
    }

    private QueryOutcome Outcome()
    {
        if (_root is not { EndUnixNano: not 0 })
        {
            return QueryOutcome.Incomplete;
        }

        return Words.TryParse<QueryOutcome>(_root.Text(NativeAttributes.QueryOutcome), out var outcome)
            && outcome != QueryOutcome.Incomplete
                ? outcome
            : _root.IsError() ? QueryOutcome.Failed
            : QueryOutcome.Success;
    }

    // When the lookup stopped asking; the follow-up comes after it.
    private long? TerminatedNs(ulong start)
    {
        foreach (var told in _root?.Events ?? [])
        {
            if (told.Name == NativeEvents.Terminated)
            {
                return SpanReading.Nanoseconds(start, told.TimeUnixNano);
            }
        }

        return null;
    }

    private QueryTermination? Termination() =>
        Words.TryParse<QueryTermination>(_root?.Text(NativeAttributes.QueryTermination), out var reason) ? reason : null;

    private TargetKey? Key(QueryType type)
    {
        var written = _telling?.Text(NativeAttributes.KeyText);
        return _telling?.Text(NativeAttributes.Key) is { } hex && Multibase.Decode("f" + hex, out var bytes, out _) == MultiformatError.None
            ? TargetKey.OfBytes(bytes, written, type)
            : null;
    }

    /// <summary>
    /// The type of the query. If no span holds it, the messages decide, except FIND_NODE, which every kind of lookup sends.
    /// </summary>
    private QueryType Type(List<Span> spans)
    {
        if (Words.TryParse<QueryType>(_telling?.Text(NativeAttributes.QueryType), out var type))
        {
            return type;
        }

        // GET_VALUE is checked before PUT_VALUE: a get-value also sends PUT_VALUE to correct records, but a put-value never sends
        // GET_VALUE.
        var sent = spans
            .Where(static span => span.Name == NativeSpans.Request)
            .Select(static span => MessageTypes.Parse(span.Text(NativeAttributes.MessageType)))
            .ToHashSet();
        return sent.Contains(MessageType.AddProvider) ? QueryType.AddProvider
            : sent.Contains(MessageType.GetProviders) ? QueryType.GetProviders
            : sent.Contains(MessageType.GetValue) ? QueryType.GetValue
            : sent.Contains(MessageType.PutValue) ? QueryType.PutValue
            : sent.Contains(MessageType.Ping) && sent.Count == 1 ? QueryType.Ping
            : QueryType.Unknown;
    }

    /// <summary>The query above this one, as a bootstrap is above its lookups; null when there is none.</summary>
    private SpanId? Outermost()
    {
        SpanId? outermost = null;
        foreach (var above in _root is null ? [] : trace.Ancestors(members.Find(member => trace[member].SpanId == rootId)))
        {
            if (trace[above].Name.StartsWith("dht.", StringComparison.Ordinal))
            {
                outermost = trace[above].SpanId;
            }
        }

        return outermost;
    }
}
