using System.Diagnostics;
using System.Reflection;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>Emits the spans of <c>docs/span-conventions.md</c> for one query.</summary>
internal sealed class ActivityObserver : IQueryObserver
{
    /// <summary>Name of the instrumentation scope.</summary>
    public const string SourceName = "DhtTracer.Kademlia";

    private static readonly ActivitySource Source = new(
        SourceName, typeof(ActivityObserver).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "");

    private readonly List<PeerSpans> _peers = [];
    private Activity? _query;
    private DateTimeOffset _start;
    private string _type = "";
    private string _key = "";
    private string _keyText = "";
    private bool _background;

    private ActivityObserver()
    {
    }

    /// <summary>An observer, or null when nobody listens.</summary>
    public static ActivityObserver? CreateIfListened() => Source.HasListeners() ? new ActivityObserver() : null;

    public void QueryStarted(QueryDescription query)
    {
        _start = query.Start;
        _query = Start("dht.query", ActivityKind.Internal, default, query.Start);
        if (_query is null)
        {
            return;
        }

        query.Span = _query.Context;
        _type = query.Type.ToText();
        _key = Convert.ToHexStringLower(query.Key.Span);
        _keyText = query.KeyText;
        _background = query.Background;
        Describe(_query);
        _query.AddTag("dht.node", LookupPeer.TextOf(query.Node));
        _query.AddTag("dht.protocol", query.Protocol);
        _query.AddTag("dht.alpha", query.Parameters.Alpha);
        _query.AddTag("dht.beta", query.Parameters.Beta);
        _query.AddTag("dht.k", query.Parameters.K);
        _query.AddTag("dht.routing_table.size", query.RoutingTableSize);
    }

    public void PeerHeard(LookupPeer peer)
    {
        if (_query is null)
        {
            return;
        }

        _peers.Add(new PeerSpans(peer));
        if (peer.Referrer is null)
        {
            _query.AddEvent(SpanTags.Event("dht.seed", peer.HeardAt, "dht.peer.id", peer.Text));
        }
        else
        {
            _peers[peer.Referrer.Index].Request?.AddEvent(SpanTags.Event("dht.heard", peer.HeardAt, "dht.peer.id", peer.Text));
        }
    }

    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        if (_query is null)
        {
            return;
        }

        var dial = Start("dht.dial", ActivityKind.Client, BeginPeer(peer), time);
        dial?.AddTag("dht.peer.id", peer.Text);
        _peers[peer.Index].Dial = dial;
    }

    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        if (_query is null || _peers[peer.Index].Dial is not { } dial)
        {
            return;
        }

        dial.AddTag("dht.dial.reused", result.Reused);
        dial.AddKnown("dht.dial.address", result.Address);
        dial.AddKnown("dht.dial.addresses_tried", result.AddressesTried);
        dial.AddKnown("network.transport", result.Transport);
        dial.AddError(result.Error);
        Stop(dial, time);
        _peers[peer.Index].Dial = null;
    }

    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request)
    {
        if (_query is null)
        {
            return;
        }

        var span = Start("dht.request", ActivityKind.Client, BeginPeer(peer), time);
        _peers[peer.Index].Request = span;
        span?.AddTag("dht.peer.id", peer.Text);
        span?.AddTag("dht.message.type", request.Type.ToText());
        if (request.FollowUp)
        {
            span?.AddTag("dht.request.followup", value: true);
        }

        if (request.Duplicate)
        {
            _peers[peer.Index].Peer?.AddEvent(SpanTags.Event("dht.duplicate", time, "dht.message.type", request.Type.ToText()));
        }
    }

    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        if (_query is null || _peers[peer.Index].Request is not { } span)
        {
            return;
        }

        span.AddTag("dht.request.outcome", request.Outcome.ToText());
        if (request.Answer is { } answer)
        {
            span.AddPeers("dht.closer_peers", answer.CloserPeers, request.Named);
            span.AddPeers("dht.provider_peers", answer.ProviderPeers, []);
            if (answer.Type == KadMessageType.GetValue)
            {
                span.AddTag("dht.record", answer.Record is not null);
            }

            span.AddKnown("dht.record.valid", request.RecordValid);
        }

        span.AddError(request.Error);
        Stop(span, time);
        _peers[peer.Index].Request = null;
    }

    public void ResultFound(LookupPeer answeredBy, DateTimeOffset time, string result) =>
        _query?.AddEvent(new ActivityEvent("dht.result", time, new ActivityTagsCollection { { "dht.peer.id", answeredBy.Text }, { "dht.result", result } }));

    public void LookupTerminated(DateTimeOffset time, LookupTermination termination) =>
        _query?.AddEvent(SpanTags.Event("dht.terminated", time, "dht.query.termination", termination.ToText()));

    public void PeerDone(LookupPeer peer)
    {
        if (_query is not null)
        {
            EndPeer(_peers[peer.Index], peer.DoneAt);
        }
    }

    public void QueryEnded(QueryEnd end)
    {
        if (_query is null)
        {
            return;
        }

        foreach (var spans in _peers)
        {
            EndPeer(spans, spans.Of.Order is null ? end.Time : spans.Of.DoneAt);
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

        Stop(_query, end.Time);
        _query = null;
    }

    /// <summary>The span of a peer begins when it was heard of, but is made only when there is something to say of it.</summary>
    private ActivityContext BeginPeer(LookupPeer peer)
    {
        var spans = _peers[peer.Index];
        spans.Peer ??= Start("dht.peer", ActivityKind.Internal, _query!.Context, peer.HeardAt);
        return spans.Peer?.Context ?? _query!.Context;
    }

    private void EndPeer(PeerSpans spans, DateTimeOffset time)
    {
        if (spans.IsEnded)
        {
            return;
        }

        spans.IsEnded = true;
        var peer = spans.Of;
        BeginPeer(peer);
        if (spans.Peer is not { } span)
        {
            return;
        }

        span.AddTag("dht.peer.id", peer.Text);
        span.AddKnown("dht.peer.referrer", peer.Referrer?.Text);
        span.AddTag("dht.peer.hops", SpanTags.Boxed(peer.Hops));
        span.AddTag("dht.peer.xor", SpanTags.Boxed(peer.Xor));
        span.AddKnown("dht.peer.order", peer.Order is { } order ? SpanTags.Boxed(order) : null);
        span.AddTag("dht.peer.state", peer.State.ToText());
        span.AddKnown("dht.peer.agent", peer.Agent);
        span.AddKnown("dht.peer.protocols", peer.Protocols is { Count: > 0 } protocols ? protocols as string[] ?? [.. protocols] : null);
        span.AddKnown("dht.peer.addresses", SpanTags.TextsOf(peer.Addresses));
        span.AddKnown("dht.peer.duplicate", peer.Duplicate ? true : null);
        if (peer.Order is not null)
        {
            // These spans are on their way long before that of the query.
            Describe(span);
        }

        Stop(span, time);
    }

    /// <summary>What the query is for.</summary>
    private void Describe(Activity span)
    {
        span.AddTag("dht.query.type", _type);
        if (_background)
        {
            span.AddTag("dht.query.background", value: true);
        }

        span.AddTag("dht.key", _key);
        span.AddTag("dht.key.text", _keyText);
    }

    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent, DateTimeOffset time)
    {
        // The query runs interleaved with its caller: the spans are its own affair and must not become the ambient one.
        var ambient = Activity.Current;
        var activity = Source.StartActivity(name, kind, parent, tags: null, links: null, time);
        Activity.Current = ambient;
        return activity;
    }

    private static void Stop(Activity activity, DateTimeOffset time)
    {
        var ambient = Activity.Current;
        activity.SetEndTime(time.UtcDateTime);
        activity.Stop();
        Activity.Current = ambient;
    }

    private sealed class PeerSpans(LookupPeer of)
    {
        public LookupPeer Of => of;

        public Activity? Peer { get; set; }

        public Activity? Dial { get; set; }

        public Activity? Request { get; set; }

        public bool IsEnded { get; set; }
    }
}
