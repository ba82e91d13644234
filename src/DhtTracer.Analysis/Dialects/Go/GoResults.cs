// Over 300 lines: one rule for each type of query; all read the same spans.
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>The results that the caller of a query of go-libp2p-kad-dht got, and when the node first knew them.</summary>
internal sealed class GoResults
{
    private readonly TraceSpans _trace;
    private readonly GoSpanKind[] _kinds;
    private readonly GoQueryParts _parts;
    private readonly GoLookup _lookup;
    private readonly LookupBuilder _builder;
    private readonly bool _whole;

    /// <summary>Reads the results.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="kinds">The kind of each span.</param>
    /// <param name="parts">The spans of the query.</param>
    /// <param name="lookup">Its lookup.</param>
    /// <param name="builder">Its requests.</param>
    /// <param name="type">What it was for.</param>
    /// <param name="target">The wanted peer, as text.</param>
    /// <param name="whole">True when no span is known to be missing. Otherwise the discovery is unknown.</param>
    /// <param name="fullRt">True for a query of the accelerated client.</param>
    public GoResults(
        TraceSpans trace,
        GoSpanKind[] kinds,
        GoQueryParts parts,
        GoLookup lookup,
        LookupBuilder builder,
        QueryType type,
        string? target,
        bool whole,
        bool fullRt
    )
    {
        _trace = trace;
        _kinds = kinds;
        _parts = parts;
        _lookup = lookup;
        _builder = builder;
        _whole = whole;
        Width = GoClosest.Width(builder, target);
        if (parts.Root == TraceSpans.None || trace[parts.Root].EndUnixNano == 0)
        {
            Sent = type == QueryType.AddProvider && whole ? CountStored(MessageType.AddProvider) : null;
            return;
        }

        switch (type)
        {
            case QueryType.GetProviders:
                Providers();
                break;
            case QueryType.FindPeer:
                FoundPeer(target);
                break;
            case QueryType.GetValue:
                Values();
                break;
            case QueryType.AddProvider:
                Sent = Count = Stored(MessageType.AddProvider);
                break;
            case QueryType.PutValue:
                Count = Stored(MessageType.PutValue);
                break;
            case QueryType.GetClosestPeers when !fullRt:
                Closest();
                break;
            case QueryType.Ping:
                Found = builder.Requests.Any(static request => request.Outcome == RequestOutcome.Answered);
                Count = Found == true ? 1 : 0;
                break;
            default:
                break;
        }
    }

    /// <summary>Width of the result; null when unknown.</summary>
    public int? Width { get; }

    /// <summary>Whether the goal was reached; null when the spans do not show it directly.</summary>
    public bool? Found { get; private set; }

    /// <summary>Number of results; null when the trace does not show it.</summary>
    public int? Count { get; private set; }

    /// <summary>Number of ADD_PROVIDER messages written; null for other queries, and when they are in other traces.</summary>
    public int? Sent { get; private set; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when the trace does not show it.</summary>
    public long? DiscoveryNs { get; private set; }

    /// <summary>The peer whose answer held it; null for the routing table and for the node's own store.</summary>
    public string? DiscoveredBy { get; private set; }

    private Span Root => _trace[_parts.Root];

    /// <summary>
    /// Counts the providers, which are events of the root. A span keeps 128 events and drops the oldest; the oldest only says that
    /// streaming began. When the root was cancelled, the caller did not get the last provider.
    /// </summary>
    private void Providers()
    {
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        var began = false;
        foreach (var happened in Root.Events)
        {
            began |= happened.Is("started streaming");
            if (
                happened.Is("found provider")
                && (happened.Attributes.GetString("id") ?? happened.Attributes.GetString("peer")) is { Length: > 0 } id
            )
            {
                _ = distinct.Add(PeerText.Canonical(id));
            }
        }

        var dropped = (long)Root.DroppedEventsCount - (began || Root.DroppedEventsCount == 0 ? 0 : 1);
        var notTaken = distinct.Count > 0 && Root.IsError() && ErrorText.IsOfContext(Root.StatusMessage(), out _) ? 1 : 0;
        Count = (int)Math.Min(int.MaxValue, distinct.Count + dropped - notTaken);
        Found = Count > 0;
        if (_whole && Found == true)
        {
            FirstProvider();
        }
    }

    private void FirstProvider()
    {
        foreach (var member in _parts.Members)
        {
            if (_kinds[member] != GoSpanKind.ProvidersRoutine)
            {
                continue;
            }

            foreach (var happened in _trace[member].Events)
            {
                // A provider from the node's own store. The accelerated client does not mark it; there the event names the provider itself
                // as its source.
                if (
                    happened.Attributes["found_in_provider_store"] is BoolValue { Value: true } or StringValue { Value: "true" }
                    || (
                        happened.Is("found provider")
                        && happened.Attributes.GetString("from") is { Length: > 0 } from
                        && _builder.Peer(from) is { Requests.Count: 0 }
                    )
                )
                {
                    Discovered(SpanReading.Nanoseconds(_parts.Start, happened.TimeUnixNano), null);
                }
            }
        }

        foreach (var request in _builder.Requests)
        {
            if (request is { Providers: > 0, EndNs: { } end })
            {
                Discovered(end, request.Peer.Id);
            }
        }
    }

    private void FoundPeer(string? target)
    {
        Found = !Root.IsError();
        Count = Found == true ? 1 : 0;
        if (!_whole || Found != true)
        {
            return;
        }

        if (_lookup.Spawned.Count == 0 || _lookup.Spawned.Exists(peer => peer.IsFirstSpawn && peer.Draft.Id == target))
        {
            // The node knew the peer before it asked anybody.
            DiscoveryNs = 0;
            return;
        }

        foreach (var request in _builder.Requests)
        {
            if (request is { Closer: { } closer, EndNs: { } end } && closer.Any(peer => peer.Id == target))
            {
                Discovered(end, request.Peer.Id);
            }
        }
    }

    /// <summary>
    /// Values are events of SearchValue, each better than the one before. GetValue, above it, returns the last one when the search is over.
    /// </summary>
    private void Values()
    {
        if (Root.Name.EndsWith(".GetPublicKey", StringComparison.Ordinal))
        {
            PublicKey();
            return;
        }

        var search = _parts.Members.FindIndex(member => _trace[member].Name.EndsWith(".SearchValue", StringComparison.Ordinal));
        var source = search < 0 ? Root : _trace[_parts.Members[search]];
        var values = 0L;
        SpanEvent? last = null;
        foreach (var happened in source.Events)
        {
            if (happened.Is("found value"))
            {
                values++;
                last = happened;
            }
        }

        // The oldest events are dropped first: "started streaming", then values.
        var dropped = source.DroppedEventsCount > 0 ? source.DroppedEventsCount - (search < 0 ? 0 : 1) : 0;
        Found = values > 0;
        Count =
            Found == false ? 0
            : source == Root ? (int)Math.Min(int.MaxValue, values + dropped)
            : 1;
        if (_whole && last is not null && search >= 0)
        {
            DiscoveryNs = SpanReading.Nanoseconds(_parts.Start, last.TimeUnixNano);
            DiscoveredBy = Carrier(last);
        }
    }

    /// <summary>
    /// GetPublicKey reports neither its result nor an error. Either it knows the key, or it gets the key from the peer itself, or it finds
    /// the key as a record.
    /// </summary>
    private void PublicKey()
    {
        Found =
            _builder.Requests.Count == 0
            || _builder.Requests.Any(request => request.Records > 0 && _lookup.Phases[request] == GoPhase.Direct)
            || _parts.Members.Exists(member =>
                member != _parts.Root
                && _kinds[member] == GoSpanKind.Method
                && _trace[member].Events.Any(static happened => happened.Is("found value"))
            );
        Count = Found == true ? 1 : 0;
    }

    /// <summary>
    /// The peer whose answer was the first to hold the value of an event; null when none had come before it, as when the node's own store
    /// held the value.
    /// </summary>
    private string? Carrier(SpanEvent found)
    {
        if (found.Attributes.GetString("value") is not { } text || Multibase.Decode(text, out var value, out _) != MultiformatError.None)
        {
            return null;
        }

        var (at, by) = (ulong.MaxValue, (string?)null);
        foreach (var member in _parts.Members)
        {
            var span = _trace[member];
            if (
                _kinds[member] == GoSpanKind.Message
                && GoSpans.Message(span) == MessageType.GetValue
                && span.EndUnixNano is not 0 and var end
                && end < at
                && end <= found.TimeUnixNano
                && GoRecord.Value(span.Text("record")) is { } held
                && held.AsSpan().SequenceEqual(value)
            )
            {
                (at, by) = (end, span.Text("to"));
            }
        }

        return by is null ? null : PeerText.Canonical(by);
    }

    /// <summary>Number of peers that took a message; null when the message is in other traces, as in an optimistic provide.</summary>
    private int? Stored(MessageType message)
    {
        var count = CountStored(message);
        if (_whole)
        {
            LastHeard(_builder.Requests.Where(request => request.Type == message).Select(static request => request.Peer));
        }

        // The accelerated client's ProvideMany and an optimistic provide have no spans of their messages, or have them in other traces.
        var elsewhere =
            message == MessageType.AddProvider
            && count == 0
            && _parts.Members.Exists(member =>
                _trace[member].Name.EndsWith(".BulkMessageSend", StringComparison.Ordinal)
                || (
                    _kinds[member] == GoSpanKind.RunLookup
                    && _trace.Parent(member) is var parent and not TraceSpans.None
                    && _kinds[parent] == GoSpanKind.Method
                )
            );
        return elsewhere || !_whole ? null : count;
    }

    private int CountStored(MessageType message) =>
        _builder
            .Requests.Where(request => request.Type == message && request.Outcome is RequestOutcome.Answered or RequestOutcome.Sent)
            .Select(static request => request.Peer)
            .Distinct()
            .Count();

    private void Closest()
    {
        if (!_whole)
        {
            return;
        }

        if (_lookup.Spawned.Count == 0)
        {
            Count = 0;
            Found = false;
        }
        else if (GoClosest.Find(_lookup, Width) is { } closest)
        {
            Count = closest.Count;
            LastHeard(closest.Select(static peer => peer.Draft));
        }
    }

    /// <summary>
    /// Sets the discovery to the latest time at which one of these peers was first heard of; unknown if it is unknown for any of them.
    /// </summary>
    private void LastHeard(IEnumerable<PeerDraft> peers)
    {
        PeerDraft? last = null;
        foreach (var peer in peers)
        {
            if (peer.HeardNs is null)
            {
                return;
            }

            last = last is null || peer.HeardNs > last.HeardNs ? peer : last;
        }

        (DiscoveryNs, DiscoveredBy) = (last?.HeardNs, last?.Referrer);
    }

    private void Discovered(long at, string? by)
    {
        if (DiscoveryNs is null || at < DiscoveryNs)
        {
            (DiscoveryNs, DiscoveredBy) = (at, by);
        }
    }
}
