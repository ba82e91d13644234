using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace DhtTracer.Kademlia;

/// <summary>
/// Emits the spans of <c>docs/span-conventions.md</c> for one query. A span is made when it ends, of what was kept of its start, and is let go
/// then; only those that have others below them are there earlier. Some thousand small objects that live as long as a lookup would make each
/// garbage collection longer, and that is more than half of what spans cost a node that is busy.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The buffer is disposable only as an enumerator, and holds nothing.")]
internal sealed class ActivityObserver : IQueryObserver
{
    /// <summary>Name of the instrumentation scope.</summary>
    public const string SourceName = "DhtTracer.Kademlia";

    /// <summary>Peers whose spans say what the query is for: the first to be done with, so that a query has its name while it runs.</summary>
    private const int DescribingPeers = 3;

    private static readonly ActivitySource Source = new(
        SourceName, typeof(ActivityObserver).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "");

    private static readonly PeerSpans Ended = new(null!);

    private readonly List<LookupPeer> _heard = [];

    /// <summary>By <see cref="LookupPeer.Index"/>: null before there is something to say of the peer.</summary>
    private readonly List<PeerSpans?> _peers = [];
    private readonly List<ActivityEvent> _events = [];
    private readonly TagBuffer _tags = new();
    private Activity? _query;
    private DateTimeOffset _start;
    private string _type = "";
    private string _key = "";
    private string _keyText = "";
    private bool _background;
    private int _described;

    private ActivityObserver()
    {
    }

    /// <summary>An observer, or null when nobody listens.</summary>
    public static ActivityObserver? CreateIfListened() => Source.HasListeners() ? new ActivityObserver() : null;

    public void QueryStarted(QueryDescription query)
    {
        _start = query.Start;
        _type = query.Type.ToText();
        _key = Convert.ToHexStringLower(query.Key.Span);
        _keyText = query.KeyText;
        _background = query.Background;
        Describe();
        _tags.Add("dht.node", PeerName.Of(query.Node).Text);
        _tags.Add("dht.protocol", query.Protocol);
        _tags.Add("dht.alpha", query.Parameters.Alpha);
        _tags.Add("dht.beta", query.Parameters.Beta);
        _tags.Add("dht.k", query.Parameters.K);
        _tags.Add("dht.routing_table.size", query.RoutingTableSize);
        _query = Begin("dht.query", default, query.Start);
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
        _tags.Add("dht.peer.id", peer.Text);
        _tags.Add("dht.dial.reused", SpanTags.Boxed(result.Reused));
        _tags.AddKnown("dht.dial.address", result.Address);
        _tags.AddKnown("dht.dial.addresses_tried", result.AddressesTried);
        _tags.AddKnown("network.transport", result.Transport);
        _tags.AddError(result.Error);
        Emit("dht.dial", ActivityKind.Client, parent, start, time, result.Error);
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
        _tags.Add("dht.peer.id", peer.Text);
        _tags.Add("dht.message.type", started.Type.ToText());
        _tags.AddKnown("dht.request.followup", started.FollowUp ? SpanTags.True : null);
        _tags.Add("dht.request.outcome", request.Outcome.ToText());
        if (request.Answer is { } answer)
        {
            _tags.AddPeers("dht.closer_peers", answer.CloserPeers, request.Named);
            _tags.AddPeers("dht.provider_peers", answer.ProviderPeers, []);
            if (answer.Type == KadMessageType.GetValue)
            {
                _tags.Add("dht.record", SpanTags.Boxed(answer.Record is not null));
            }

            _tags.AddKnown("dht.record.valid", request.RecordValid);
        }

        _tags.AddError(request.Error);
        Emit("dht.request", ActivityKind.Client, parent, spans.RequestStart, time, request.Error, request.NewPeers);
    }

    public void ResultFound(LookupPeer answeredBy, DateTimeOffset time, string result) =>
        _events.Add(new ActivityEvent("dht.result", time, new ActivityTagsCollection { { "dht.peer.id", answeredBy.Text }, { "dht.result", result } }));

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
        if (end.Error is { } error)
        {
            _query.AddTag("dht.error.class", error.Class);
            _query.AddTag("dht.error.text", error.Text);
            if (end.Outcome != DhtQueryOutcome.NotFound)
            {
                _query.SetStatus(ActivityStatusCode.Error, error.Text);
            }
        }

        End(_query, end.Time);
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
            spans.Span = Begin("dht.peer", _query!.Context, spans.Of.HeardAt);
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
            _tags.Add("dht.peer.state", peer.State.ToText());
            _tags.AddKnown("dht.peer.addresses", SpanTags.TextsOf(peer.Addresses));
            Emit("dht.peer", ActivityKind.Internal, _query!.Context, peer.HeardAt, time);
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
            foreach (var (key, value) in _tags)
            {
                span.AddTag(key, value);
            }

            _tags.Clear();
        }

        End(span, time);
    }

    private void DescribePeer(LookupPeer peer)
    {
        _tags.Add("dht.peer.id", peer.Text);
        _tags.AddKnown("dht.peer.referrer", peer.Referrer?.Text);
        _tags.Add("dht.peer.hops", SpanTags.Boxed(peer.Hops));
        _tags.Add("dht.peer.xor", SpanTags.Boxed(peer.Xor));
    }

    /// <summary>What the query is for.</summary>
    private void Describe()
    {
        _tags.Add("dht.query.type", _type);
        _tags.AddKnown("dht.query.background", _background ? SpanTags.True : null);
        _tags.Add("dht.key", _key);
        _tags.Add("dht.key.text", _keyText);
    }

    /// <summary>Makes a span that lasts, with the attributes of the buffer.</summary>
    private Activity? Begin(string name, ActivityContext parent, DateTimeOffset time)
    {
        // The query runs interleaved with its caller: the spans are its own affair and must not become the ambient one.
        var ambient = Activity.Current;
        var span = Source.StartActivity(name, ActivityKind.Internal, parent, _tags, links: null, time);
        _tags.Clear();
        Activity.Current = ambient;
        return span;
    }

    private static void End(Activity span, DateTimeOffset time)
    {
        var ambient = Activity.Current;
        span.SetEndTime(time.UtcDateTime);
        span.Stop();
        Activity.Current = ambient;
    }

    /// <summary>Makes a whole span, with the attributes of the buffer. It is the ambient one only in here.</summary>
    private void Emit(
        string name, ActivityKind kind, ActivityContext parent, DateTimeOffset start, DateTimeOffset end, DhtError? error = null, IReadOnlyList<LookupPeer>? heard = null)
    {
        var span = Source.StartActivity(name, kind, parent, _tags, links: null, start);
        _tags.Clear();
        if (span is null)
        {
            return;
        }

        if (error is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, error.Text);
        }

        for (var i = 0; i < heard?.Count; i++)
        {
            span.AddEvent(SpanTags.Event("dht.heard", heard[i].HeardAt, heard[i]));
        }

        span.SetEndTime(end.UtcDateTime);
        span.Stop();
    }

    private sealed class PeerSpans(LookupPeer of)
    {
        public LookupPeer Of => of;

        public Activity? Span { get; set; }

        /// <summary>Of the dial that is under way, or of the one in <see cref="Reused"/>.</summary>
        public DateTimeOffset? DialStart { get; set; }

        /// <summary>The open connection that is still to be told.</summary>
        public DialResult? Reused { get; set; }

        /// <summary>The request that is under way.</summary>
        public RequestStart? Request { get; set; }

        /// <summary>When it began.</summary>
        public DateTimeOffset RequestStart { get; set; }
    }
}
