using System.Diagnostics;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Lookups;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Tracing;

/// <summary>What is emitted equals what happened: the spans of docs/span-conventions.md against the record in memory.</summary>
public sealed class ActivityObserverTests
{
    private readonly VirtualTime _time = new();

    [Fact]
    public void Spans_tell_exactly_what_the_recorder_saw()
    {
        using var collector = new ActivityCollector();
        var network = FaultyNetwork();
        for (var i = 0; i < 10; i++)
        {
            var node = network.CreateNode(i * 2);
            var recorder = new QueryRecorder();
            var result = _time.Run(() => node.GetClosestPeersAsync(LookupTests.Key(i), new QueryOptions { Observers = [recorder] }));
            Compare(recorder.Trace, collector.Of(result), result);
        }
    }

    [Fact]
    public void Spans_of_a_query_that_stores_and_of_one_that_is_cut_off_agree_too()
    {
        using var collector = new ActivityCollector();
        var network = FaultyNetwork();
        var stored = new QueryRecorder();
        var store = _time.Run(() =>
            network.CreateNode(0).PutValueAsync("/v/a"u8.ToArray(), "1"u8.ToArray(), new QueryOptions { Observers = [stored] })
        );
        Compare(stored.Trace, collector.Of(store), store);
        Assert.Contains(collector.Of(store), span => Equals(span.GetTagItem("dht.message.type"), "PUT_VALUE"));

        var cut = new QueryRecorder();
        var timedOut = _time.Run(() =>
            network
                .CreateNode(2)
                .GetClosestPeersAsync(LookupTests.Key(5), new QueryOptions { Observers = [cut], Timeout = TimeSpan.FromMilliseconds(70) })
        );
        Assert.Equal(QueryOutcome.TimedOut, timedOut.Outcome);
        Compare(cut.Trace, collector.Of(timedOut), timedOut);
        Assert.Equal(ActivityStatusCode.Error, collector.Of(timedOut).Single(span => span.OperationName == "dht.query").Status);
    }

    [Fact]
    public void The_query_span_is_a_child_of_the_callers_span_and_does_not_replace_it()
    {
        using var collector = new ActivityCollector();
        var network = new SimulatedNetwork(_time, 30);
        using var caller = new Activity("application").Start();
        var result = _time.Run(() => network.CreateNode(0).GetClosestPeersAsync(LookupTests.Key(1)));
        Assert.Same(caller, Activity.Current);
        Assert.Equal(caller.TraceId, result.Span!.Value.TraceId);
        Assert.Equal(caller.SpanId, collector.Of(result).Single(span => span.OperationName == "dht.query").ParentSpanId);
    }

    [Fact]
    public void The_scope_has_the_products_version()
    {
        using var collector = new ActivityCollector();
        var result = _time.Run(() => new SimulatedNetwork(_time, 30).CreateNode(0).GetClosestPeersAsync(LookupTests.Key(1)));
        Assert.All(collector.Of(result), span => Assert.Matches(@"^\d+\.\d+\.\d+", span.Source.Version));
    }

    [Fact]
    public void Background_queries_say_so_and_others_do_not()
    {
        using var collector = new ActivityCollector();
        var network = new SimulatedNetwork(_time, 30);
        var background = _time.Run(() =>
            network.CreateNode(0).GetClosestPeersAsync(LookupTests.Key(1), new QueryOptions { Background = true })
        );
        var foreground = _time.Run(() => network.CreateNode(0).GetClosestPeersAsync(LookupTests.Key(1)));
        Assert.Equal(true, collector.Of(background).Single(span => span.OperationName == "dht.query").GetTagItem("dht.query.background"));
        Assert.Null(collector.Of(foreground).Single(span => span.OperationName == "dht.query").GetTagItem("dht.query.background"));
    }

    private SimulatedNetwork FaultyNetwork()
    {
        var network = new SimulatedNetwork(_time, 200, seed: 5);
        var faults = Enum.GetValues<Fault>();
        foreach (var peer in network.Peers.Where(peer => peer.Index % 2 == 1))
        {
            peer.Fault = faults[peer.Index / 2 % faults.Length];
        }

        return network;
    }

    private static void Compare(QueryTrace truth, IReadOnlyList<Activity> spans, QueryResult result)
    {
        var query = spans.Single(span => span.OperationName == "dht.query");
        Assert.Equal(result.Span!.Value.SpanId, query.SpanId);
        Assert.Equal(truth.Query.Start.UtcDateTime, query.StartTimeUtc);
        Assert.Equal(truth.End!.Time - truth.Query.Start, query.Duration);
        Assert.Equal(Words.Of(result.Outcome), query.GetTagItem("dht.query.outcome"));
        Assert.Equal((result.Termination is { } known ? Words.Of(known) : null), query.GetTagItem("dht.query.termination"));
        Assert.Equal(result.Results, query.GetTagItem("dht.query.results"));
        Assert.Equal(
            (truth.End.DiscoveredAt - truth.Query.Start)?.TotalNanoseconds,
            Convert.ToDouble(query.GetTagItem("dht.query.discovery_ns") ?? double.NaN, null) is var ns && double.IsNaN(ns) ? null : ns
        );
        Assert.Equal(truth.Query.Key.ToArray(), Convert.FromHexString((string)query.GetTagItem("dht.key")!));
        Assert.Equal(truth.Query.RoutingTableSize, query.GetTagItem("dht.routing_table.size"));
        Assert.Equal(truth.Peers.Where(peer => peer.Referrer is null).Select(peer => peer.Id), EventPeers(query, "dht.seed"));
        Assert.Equal(
            truth.Results.Select(found => (found.AnsweredBy, found.Result, found.FoundAt)),
            query
                .Events.Where(e => e.Name == "dht.result")
                .Select(e => ((string)Tag(e, "dht.peer.id")!, (string)Tag(e, "dht.result")!, e.Timestamp))
        );
        Assert.Equal(truth.Terminated?.Time, query.Events.SingleOrDefault(e => e.Name == "dht.terminated").Timestamp);

        var peers = spans.Where(span => span.OperationName == "dht.peer").ToDictionary(span => (string)span.GetTagItem("dht.peer.id")!);
        Assert.Equal(truth.Peers.Select(peer => peer.Id).Order(), peers.Keys.Order());
        Assert.Equal(spans.Count, 1 + truth.Seen + truth.Peers.Sum(peer => peer.Dials.Count(dial => !WasOpen(dial)) + peer.Requests.Count));
        var described = truth
            .Peers.Where(peer => peer.Order is not null)
            .Select(peer => peers[peer.Id])
            .OrderBy(span => spans.ToList().IndexOf(span))
            .Take(3)
            .ToHashSet();
        string[] describing = ["dht.query.type", "dht.query.background", "dht.key", "dht.key.text"];
        Assert.All(
            peers.Values,
            span =>
                Assert.All(
                    describing,
                    name => Assert.Equal(described.Contains(span) ? query.GetTagItem(name) : null, span.GetTagItem(name))
                )
        );
        foreach (var peer in truth.Peers)
        {
            ComparePeer(truth, peer, peers[peer.Id], spans, query);
        }
    }

    private static void ComparePeer(QueryTrace truth, PeerTrace peer, Activity span, IReadOnlyList<Activity> spans, Activity query)
    {
        Assert.Equal(query.SpanId, span.ParentSpanId);
        Assert.Equal(peer.HeardAt.UtcDateTime, span.StartTimeUtc);
        Assert.Equal(AtLeastOneTick((peer.Order is null ? truth.End!.Time : peer.DoneAt) - peer.HeardAt), span.Duration);
        Assert.Equal(peer.Referrer, span.GetTagItem("dht.peer.referrer"));
        Assert.Equal(peer.Hops, span.GetTagItem("dht.peer.hops"));
        Assert.Equal(KadId.Of(PeerId.Parse(peer.Id)).XorBitLength(KadId.Of(truth.Query.Key.Span)), span.GetTagItem("dht.peer.xor"));
        Assert.Equal(peer.Order, span.GetTagItem("dht.peer.order"));
        Assert.Equal(Words.Of(peer.State), span.GetTagItem("dht.peer.state"));
        Assert.Equal(peer.Agent, span.GetTagItem("dht.peer.agent"));
        Assert.Equal(peer.Addresses, span.GetTagItem("dht.peer.addresses"));

        var children = spans.Where(child => child.ParentSpanId == span.SpanId).ToList();
        var dials = children.Where(child => child.OperationName == "dht.dial").OrderBy(child => child.StartTimeUtc).ToList();
        Assert.Equal(
            peer.Dials.Where(WasOpen).Select(dial => (dial.StartedAt, true, dial.Address)),
            span.Events.Where(e => e.Name == "dht.dial")
                .Select(e => (e.Timestamp, (bool)Tag(e, "dht.dial.reused")!, (string?)Tag(e, "dht.dial.address")))
        );
        var attempts = peer.Dials.Where(dial => !WasOpen(dial)).ToList();
        Assert.Equal(attempts.Count, dials.Count);
        foreach (var (expected, dial) in attempts.Zip(dials))
        {
            CompareTimes(expected.StartedAt, expected.EndedAt, dial);
            Assert.Equal(expected.Reused, dial.GetTagItem("dht.dial.reused"));
            Assert.Equal(expected.Address, dial.GetTagItem("dht.dial.address"));
            CompareError(expected.Error, dial);
        }

        var requests = children.Where(child => child.OperationName == "dht.request").OrderBy(child => child.StartTimeUtc).ToList();
        Assert.Equal(peer.Requests.Count, requests.Count);
        foreach (var (expected, request) in peer.Requests.Zip(requests))
        {
            CompareTimes(expected.StartedAt, expected.EndedAt, request);
            Assert.Equal(Words.Of(expected.Type), request.GetTagItem("dht.message.type"));
            Assert.Equal(Words.Of(expected.Outcome!.Value), request.GetTagItem("dht.request.outcome"));
            Assert.Equal(expected.FollowUp ? true : null, request.GetTagItem("dht.request.followup"));
            Assert.Equal(expected.CloserPeers, (string[]?)request.GetTagItem("dht.closer_peers") ?? []);
            Assert.Equal(expected.ProviderPeers, (string[]?)request.GetTagItem("dht.provider_peers") ?? []);
            Assert.Equal(expected.NewPeers, EventPeers(request, "dht.heard"));
            CompareError(expected.Error, request);
        }
    }

    /// <summary>The connection was there before the query wanted it.</summary>
    private static bool WasOpen(DialTrace dial) => dial.Reused && dial.EndedAt == dial.StartedAt;

    private static void CompareTimes(DateTimeOffset start, DateTimeOffset? end, Activity span)
    {
        Assert.Equal(start.UtcDateTime, span.StartTimeUtc);
        Assert.Equal(AtLeastOneTick(end!.Value - start), span.Duration);
    }

    private static void CompareError(DhtError? expected, Activity span)
    {
        Assert.Equal(expected?.Class, span.GetTagItem("dht.error.class"));
        Assert.Equal(expected?.Text, span.GetTagItem("dht.error.text"));
        Assert.Equal(expected is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, span.Status);
    }

    // An Activity that has ended has a duration of at least one tick.
    private static TimeSpan AtLeastOneTick(TimeSpan duration) => duration > TimeSpan.Zero ? duration : new TimeSpan(1);

    private static IEnumerable<string> EventPeers(Activity span, string name) =>
        span.Events.Where(e => e.Name == name).Select(e => (string)Tag(e, "dht.peer.id")!);

    private static object? Tag(ActivityEvent e, string key) => e.Tags.Single(tag => tag.Key == key).Value;
}
