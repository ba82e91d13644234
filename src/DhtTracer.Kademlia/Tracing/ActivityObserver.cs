using System.Diagnostics;
using System.Reflection;

namespace DhtTracer.Kademlia;

/// <summary>
/// Emits the spans of <c>docs/span-conventions.md</c> for one query. A span is made when it ends, of what was kept of its start, and is let
/// go then; only those that have others below them are there earlier. Some thousand small objects that live as long as a lookup would make
/// each garbage collection longer, and that is more than half of what spans cost a node that is busy. Over 300 lines, because each step of
/// a query adds to the same few spans.
/// </summary>
internal sealed class ActivityObserver : IQueryObserver
{
    /// <summary>Name of the instrumentation scope.</summary>
    public const string SourceName = "DhtTracer.Kademlia";

    /// <summary>Peers whose spans say what the query is for: the first to be done with, so that a query has its name while it
    /// runs.</summary>
    private const int DescribingPeers = 3;

    private static readonly ActivitySource Source = new(
        SourceName,
        typeof(ActivityObserver).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? ""
    );

    private static readonly PeerSpans Ended = new(null!);

    private readonly List<LookupPeer> _heard = [];

    /// <summary>By <see cref="LookupPeer.Index"/>: null before there is something to say of the peer.</summary>
    private readonly List<PeerSpans?> _peers = [];
    private readonly List<ActivityEvent> _events = [];
    private readonly SpanMaker _spans = new(Source);
    private Activity? _query;
    private DateTimeOffset _start;
    private string _type = "";
    private string _node = "";
    private string _key = "";
    private string _keyText = "";
    private bool _background;
    private int _described;

    private ActivityObserver() { }

    private TagBuffer Tags => _spans.Tags;

    /// <summary>An observer, or null when nobody listens.</summary>
    public static ActivityObserver? CreateIfListened() => Source.HasListeners() ? new ActivityObserver() : null;

    public void QueryStarted(QueryDescription query)
    {
        _start = query.Start;
        _type = query.Type.ToText();
        _node = PeerName.Of(query.Node).Text;
        _key = Convert.ToHexStringLower(query.Key.Span);
        _keyText = query.KeyText;
        _background = query.Background;
        Describe();
        Tags.Add("dht.node", _node);
        Tags.Add("dht.protocol", query.Protocol);
        Tags.Add("dht.alpha", query.Parameters.Alpha);
        Tags.Add("dht.beta", query.Parameters.Beta);
        Tags.Add("dht.k", query.Parameters.K);
        Tags.Add("dht.routing_table.size", query.RoutingTableSize);
        _query = _spans.Begin("dht.query", default, query.Start);
        query.Span = _query?.Context;
    }

    public void PeerHeard(LookupPeer peer)
    {
        if (_query is null)
        {
            return;
        }

        // Those that an answer names are told with its request.
        _heard.Add(peer);
        _peers.Add(null);
        if (peer.Referrer is null)
        {
            _events.Add(SpanTags.Event("dht.seed", peer.HeardAt, peer));
        }
    }

    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        if (BeginOf(peer) is { } spans)
        {
            spans.DialStart = time;
        }
    }

    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        if (Of(peer) is not { DialStart: { } start } spans)
        {
            return;
        }

        if (result.Reused && time == start)
        {
            // Most of the dials of a lookup in a network that it knows; as spans without length they would be a quarter of all.
            spans.Reused = result;
            return;
        }

        spans.DialStart = null;
        var parent = BeginPeer(spans);
        Tags.Add("dht.peer.id", peer.Text);
        Tags.Add("dht.dial.reused", SpanTags.Boxed(result.Reused));
        Tags.AddKnown("dht.dial.address", result.Address);
        Tags.AddKnown("dht.dial.addresses_tried", result.AddressesTried);
        Tags.AddKnown("network.transport", result.Transport);
        Tags.AddError(result.Error);
        _spans.Emit("dht.dial", ActivityKind.Client, parent, start, time, result.Error);
    }

    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request)
    {
        if (BeginOf(peer) is not { } spans)
        {
            return;
        }

        spans.Request = request;
        spans.RequestStart = time;
        if (request.Duplicate)
        {
            BeginPeer(spans);
            spans.Span?.AddEvent(SpanTags.Event("dht.duplicate", time, "dht.message.type", request.Type.ToText()));
        }
    }

    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        if (Of(peer) is not { Request: { } started } spans)
        {
            return;
        }

        spans.Request = null;
        var parent = BeginPeer(spans);
        Tags.Add("dht.peer.id", peer.Text);
        Tags.Add("dht.message.type", started.Type.ToText());
        Tags.AddKnown("dht.request.followup", started.FollowUp ? SpanTags.True : null);
        Tags.Add("dht.request.outcome", request.Outcome.ToText());
        if (request.Answer is { } answer)
        {
            Tags.AddPeers("dht.closer_peers", answer.CloserPeers, request.Named);
            Tags.AddPeers("dht.provider_peers", answer.ProviderPeers, []);
            if (answer.Type == KadMessageType.GetValue)
            {
                Tags.Add("dht.record", SpanTags.Boxed(answer.Record is not null));
            }

            Tags.AddKnown("dht.record.valid", request.RecordValid);
        }

        Tags.AddError(request.Error);
        _spans.Emit("dht.request", ActivityKind.Client, parent, spans.RequestStart, time, request.Error, request.NewPeers);
    }

    public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) =>
        _events.Add(
            new ActivityEvent(
                "dht.result",
                time,
                new ActivityTagsCollection { { "dht.peer.id", answeredBy?.Text ?? _node }, { "dht.result", result } }
            )
        );

    public void LookupTerminated(DateTimeOffset time, LookupTermination termination) =>
        _events.Add(SpanTags.Event("dht.terminated", time, "dht.query.termination", termination.ToText()));

    public void PeerDone(LookupPeer peer)
    {
        if (_query is not null)
        {
            EndPeer(peer, peer.DoneAt);
        }
    }

    public void QueryEnded(QueryEnd end)
    {
        if (_query is null)
        {
            return;
        }

        foreach (var peer in _heard)
        {
            EndPeer(peer, peer.Order is null ? end.Time : peer.DoneAt);
        }

        foreach (var happened in _events)
        {
            _query.AddEvent(happened);
        }

        _query.AddTag("dht.query.outcome", end.Outcome.ToText());
        _query.AddKnown("dht.query.termination", end.Termination?.ToText());
        _query.AddKnown("dht.query.discovery_ns", (end.DiscoveredAt - _start)?.Ticks * TimeSpan.NanosecondsPerTick);
        _query.AddTag("dht.query.results", end.Results);
        if (end.HasLocalResult)
        {
            _query.AddTag("dht.query.local", true);
        }

        if (end.Error is { } error)
        {
            _query.AddTag("dht.error.class", error.Class);
            _query.AddTag("dht.error.text", error.Text);
            if (end.Outcome != DhtQueryOutcome.NotFound)
            {
                _query.SetStatus(ActivityStatusCode.Error, error.Text);
            }
        }

        SpanMaker.End(_query, end.Time);
        _query = null;
    }

    private PeerSpans? Of(LookupPeer peer)
    {
        if (_query is null)
        {
            return null;
        }

        // Shared by all queries, so nothing may be kept in it.
        var spans = _peers[peer.Index];
        Debug.Assert(!ReferenceEquals(spans, Ended), "A peer that is done is not asked again.");
        return ReferenceEquals(spans, Ended) ? null : spans;
    }

    private PeerSpans? BeginOf(LookupPeer peer)
    {
        if (_query is not null)
        {
            _peers[peer.Index] ??= new PeerSpans(peer);
        }

        return Of(peer);
    }

    /// <summary>The span of a peer begins when it was heard of, but is made only when there is something to say of it.</summary>
    /// <returns>What goes below it.</returns>
    private ActivityContext BeginPeer(PeerSpans spans)
    {
        if (spans.Span is null)
        {
            DescribePeer(spans.Of);
            spans.Span = _spans.Begin("dht.peer", _query!.Context, spans.Of.HeardAt);
        }

        if (spans is { Reused: { } result, DialStart: { } time })
        {
            spans.Reused = null;
            spans.DialStart = null;
            spans.Span?.AddEvent(SpanTags.Reused(time, result.Address));
        }

        return spans.Span?.Context ?? _query!.Context;
    }

    private void EndPeer(LookupPeer peer, DateTimeOffset time)
    {
        var spans = _peers[peer.Index];
        if (ReferenceEquals(spans, Ended))
        {
            return;
        }

        _peers[peer.Index] = Ended;
        if (spans is null)
        {
            DescribePeer(peer);
            Tags.Add("dht.peer.state", peer.State.ToText());
            Tags.AddKnown("dht.peer.addresses", SpanTags.TextsOf(peer.Addresses));
            _spans.Emit("dht.peer", ActivityKind.Internal, _query!.Context, peer.HeardAt, time);
            return;
        }

        BeginPeer(spans);
        if (spans.Span is not { } span)
        {
            return;
        }

        span.AddKnown("dht.peer.order", peer.Order is { } order ? SpanTags.Boxed(order) : null);
        span.AddTag("dht.peer.state", peer.State.ToText());
        span.AddKnown("dht.peer.agent", peer.Agent);
        span.AddKnown("dht.peer.protocols", peer.Protocols is { Count: > 0 } protocols ? protocols as string[] ?? [.. protocols] : null);
        span.AddKnown("dht.peer.addresses", SpanTags.TextsOf(peer.Addresses));
        span.AddKnown("dht.peer.duplicate", peer.Duplicate ? SpanTags.True : null);
        if (++_described <= DescribingPeers)
        {
            Describe();
            foreach (var (key, value) in Tags)
            {
                span.AddTag(key, value);
            }

            Tags.Clear();
        }

        SpanMaker.End(span, time);
    }

    private void DescribePeer(LookupPeer peer)
    {
        Tags.Add("dht.peer.id", peer.Text);
        Tags.AddKnown("dht.peer.referrer", peer.Referrer?.Text);
        Tags.Add("dht.peer.hops", SpanTags.Boxed(peer.Hops));
        Tags.Add("dht.peer.xor", SpanTags.Boxed(peer.Xor));
    }

    /// <summary>What the query is for.</summary>
    private void Describe()
    {
        Tags.Add("dht.query.type", _type);
        Tags.AddKnown("dht.query.background", _background ? SpanTags.True : null);
        Tags.Add("dht.key", _key);
        Tags.Add("dht.key.text", _keyText);
    }
}
