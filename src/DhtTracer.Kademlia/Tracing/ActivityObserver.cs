using System.Diagnostics;
using System.Reflection;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>
/// Emits the spans of <c>docs/span-conventions.md</c> for one query. A span object is created when the span ends, from the state kept since
/// its start, and released at once. Only spans with children exist earlier. The reason is garbage collection, more than half of the cost of
/// spans on a busy node: thousands of small objects that live as long as a lookup would slow down each collection. Over 300 lines, because
/// each step of a query adds to the same few spans.
/// </summary>
internal sealed class ActivityObserver : IQueryObserver
{
    /// <summary>Name of the instrumentation scope.</summary>
    public const string SourceName = "DhtTracer.Kademlia";

    /// <summary>
    /// How many peers' spans carry the description of the query: the first ones that end, so that a query has its name while it runs.
    /// </summary>
    private const int DescribingPeers = 3;

    private static readonly ActivitySource Source = new(
        SourceName,
        typeof(ActivityObserver).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? ""
    );

    private static readonly PeerSpans Ended = new(null!);

    private readonly List<LookupPeer> _heard = [];

    /// <summary>By <see cref="LookupPeer.Index"/>; null until there is something to record about the peer.</summary>
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

    /// <summary>Creates an observer, or returns null if there is no listener.</summary>
    public static ActivityObserver? CreateIfListened() => Source.HasListeners() ? new ActivityObserver() : null;

    public void QueryStarted(QueryDescription query)
    {
        _start = query.Start;
        _type = Words.Of(query.Type);
        _node = PeerName.Of(query.Node).Text;
        _key = Convert.ToHexStringLower(query.Key.Span);
        _keyText = query.KeyText;
        _background = query.Background;
        Describe();
        Tags.Add(NativeAttributes.Node, _node);
        Tags.Add(NativeAttributes.Protocol, query.Protocol);
        Tags.Add(NativeAttributes.Alpha, query.Parameters.Alpha);
        Tags.Add(NativeAttributes.Beta, query.Parameters.Beta);
        Tags.Add(NativeAttributes.K, query.Parameters.K);
        Tags.Add(NativeAttributes.RoutingTableSize, query.RoutingTableSize);
        _query = _spans.Begin(NativeSpans.Query, default, query.Start);
        query.Span = _query?.Context;
    }

    public void PeerHeard(LookupPeer peer)
    {
        if (_query is null)
        {
            return;
        }

        // Peers named by an answer are recorded with its request.
        _heard.Add(peer);
        _peers.Add(null);
        if (peer.Referrer is null)
        {
            _events.Add(SpanTags.Event(NativeEvents.Seed, peer.HeardAt, peer));
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
            // In a known network, most dials of a lookup reuse a connection. As spans without duration they would be a quarter of all
            // spans.
            spans.Reused = result;
            return;
        }

        spans.DialStart = null;
        var parent = BeginPeer(spans);
        Tags.Add(NativeAttributes.PeerId, peer.Text);
        Tags.Add(NativeAttributes.DialReused, SpanTags.Boxed(result.Reused));
        Tags.AddKnown(NativeAttributes.DialAddress, result.Address);
        Tags.AddKnown(NativeAttributes.DialAddressesTried, result.AddressesTried);
        Tags.AddKnown("network.transport", result.Transport);
        Tags.AddError(result.Error);
        _spans.Emit(NativeSpans.Dial, ActivityKind.Client, parent, start, time, result.Error);
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
            spans.Span?.AddEvent(SpanTags.Event(NativeEvents.Duplicate, time, NativeAttributes.MessageType, Words.Of(request.Type)));
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
        Tags.Add(NativeAttributes.PeerId, peer.Text);
        Tags.Add(NativeAttributes.MessageType, Words.Of(started.Type));
        Tags.AddKnown(NativeAttributes.RequestFollowup, started.FollowUp ? SpanTags.True : null);
        Tags.Add(NativeAttributes.RequestOutcome, Words.Of(request.Outcome));
        if (request.Answer is { } answer)
        {
            Tags.AddPeers(NativeAttributes.CloserPeers, answer.CloserPeers, request.Named);
            Tags.AddPeers(NativeAttributes.ProviderPeers, answer.ProviderPeers, []);
            if (answer.Type == MessageType.GetValue)
            {
                Tags.Add(NativeAttributes.Record, SpanTags.Boxed(answer.Record is not null));
            }

            Tags.AddKnown(NativeAttributes.RecordValid, request.RecordValid);
        }

        Tags.AddError(request.Error);
        _spans.Emit(NativeSpans.Request, ActivityKind.Client, parent, spans.RequestStart, time, request.Error, request.NewPeers);
    }

    public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) =>
        _events.Add(
            new ActivityEvent(
                NativeAttributes.Result,
                time,
                new ActivityTagsCollection { { NativeAttributes.PeerId, answeredBy?.Text ?? _node }, { NativeAttributes.Result, result } }
            )
        );

    public void LookupTerminated(DateTimeOffset time, QueryTermination termination) =>
        _events.Add(SpanTags.Event(NativeEvents.Terminated, time, NativeAttributes.QueryTermination, Words.Of(termination)));

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

        _query.AddTag(NativeAttributes.QueryOutcome, Words.Of(end.Outcome));
        _query.AddKnown(NativeAttributes.QueryTermination, (end.Termination is { } known ? Words.Of(known) : null));
        _query.AddKnown(NativeAttributes.QueryDiscoveryNs, (end.DiscoveredAt - _start)?.Ticks * TimeSpan.NanosecondsPerTick);
        _query.AddTag(NativeAttributes.QueryResults, end.Results);
        if (end.HasLocalResult)
        {
            _query.AddTag(NativeAttributes.QueryLocal, true);
        }

        if (end.Error is { } error)
        {
            _query.AddTag(NativeAttributes.ErrorClass, error.Class);
            _query.AddTag(NativeAttributes.ErrorText, error.Text);
            if (end.Outcome != QueryOutcome.NotFound)
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

        // All queries share this object, so keep no state in it.
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

    /// <summary>Creates the span of a peer. It starts when the peer was heard of, but is only created once it has content.</summary>
    /// <returns>The context for its child spans.</returns>
    private ActivityContext BeginPeer(PeerSpans spans)
    {
        if (spans.Span is null)
        {
            DescribePeer(spans.Of);
            spans.Span = _spans.Begin(NativeSpans.Peer, _query!.Context, spans.Of.HeardAt);
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
            Tags.Add(NativeAttributes.PeerState, Words.Of(peer.State));
            Tags.AddKnown(NativeAttributes.PeerAddresses, SpanTags.TextsOf(peer.Addresses));
            _spans.Emit(NativeSpans.Peer, ActivityKind.Internal, _query!.Context, peer.HeardAt, time);
            return;
        }

        BeginPeer(spans);
        if (spans.Span is not { } span)
        {
            return;
        }

        span.AddKnown(NativeAttributes.PeerOrder, peer.Order is { } order ? SpanTags.Boxed(order) : null);
        span.AddTag(NativeAttributes.PeerState, Words.Of(peer.State));
        span.AddKnown(NativeAttributes.PeerAgent, peer.Agent);
        span.AddKnown(
            NativeAttributes.PeerProtocols,
            peer.Protocols is { Count: > 0 } protocols ? protocols as string[] ?? [.. protocols] : null
        );
        span.AddKnown(NativeAttributes.PeerAddresses, SpanTags.TextsOf(peer.Addresses));
        span.AddKnown(NativeAttributes.PeerDuplicate, peer.Duplicate ? SpanTags.True : null);
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
        Tags.Add(NativeAttributes.PeerId, peer.Text);
        Tags.AddKnown(NativeAttributes.PeerReferrer, peer.Referrer?.Text);
        Tags.Add(NativeAttributes.PeerHops, SpanTags.Boxed(peer.Hops));
        Tags.Add(NativeAttributes.PeerXor, SpanTags.Boxed(peer.Xor));
    }

    /// <summary>Sets the attributes that describe the query.</summary>
    private void Describe()
    {
        Tags.Add(NativeAttributes.QueryType, _type);
        Tags.AddKnown(NativeAttributes.QueryBackground, _background ? SpanTags.True : null);
        Tags.Add(NativeAttributes.Key, _key);
        Tags.Add(NativeAttributes.KeyText, _keyText);
    }
}
