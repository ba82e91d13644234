using DhtTracer.Analysis.Explain;
using DhtTracer.TestSupport.ArchiveSimulator;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Analysis.Tests.Explain;

public class CriticalPathTests
{
    /// <summary>One place only (alpha 1): A, then B that A named, then E and F that B named, both dead.</summary>
    internal static Query TwoDeadPeers { get; } = new QueryBuilder
    {
        Query = new QueryBuilder().Query with { Parameters = new QueryParameters(1, 2, 20), Termination = QueryTermination.Completed },
    }
        .Answered("A", 250, heard: 0, dial: (0, 100), request: (100, 400))
        .Answered("B", 245, heard: 400, dial: (400, 500), request: (500, 800), referrer: "A")
        .DialFailed("E", 240, heard: 800, from: 800, to: 7_500, ErrorClass.DialTimeout, referrer: "B")
        .DialFailed("F", 241, heard: 800, from: 7_500, to: 14_200, ErrorClass.DialTimeout, referrer: "B")
        .End(14_200, discoveryMs: 800);

    [Fact]
    public void A_peer_that_waited_for_the_only_place_says_who_held_it()
    {
        var path = CriticalPath.Of(TwoDeadPeers)!;

        Assert.Equal(["A", "B", "F"], path.Peers);
        Assert.Equal(
            [
                (SegmentKind.Dial, "A", 100L), (SegmentKind.Request, "A", 300), (SegmentKind.Dial, "B", 100), (SegmentKind.Request, "B", 300),
                (SegmentKind.Queued, "F", 6_700), (SegmentKind.Dial, "F", 6_700),
            ],
            path.Segments.Select(s => (s.Kind, s.PeerId!, s.DurationNs / 1_000_000)));
        Assert.Equal(new PlaceHolder("E", SegmentKind.Dial, ActivityResult.Failed, ErrorClass.DialTimeout), path.Segments[4].HeldBy);
        Assert.False(path.AlphaObserved);
    }

    [Fact]
    public void A_peer_that_waited_while_places_were_free_has_nobody_to_blame()
    {
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Answered("B", 249, heard: 0, dial: null, request: (150, 300))
            .End(310, null);

        var path = CriticalPath.Of(query)!;

        Assert.Equal(
            [(SegmentKind.Queued, 0L, 100L), (SegmentKind.Queued, 100, 150), (SegmentKind.Request, 150, 300), (SegmentKind.End, 300, 310)],
            path.Segments.Select(s => (s.Kind, s.StartNs / 1_000_000, s.EndNs / 1_000_000)));
        Assert.All(path.Segments, segment => Assert.Null(segment.HeldBy));
    }

    [Fact]
    public void A_peer_that_was_asked_as_soon_as_another_had_ended_waited_for_it_although_places_were_free()
    {
        // A follow-up: B was known from the start, and asked when the lookup had given up on the mute peer.
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(new QueryPeer
            {
                Id = "mute",
                Xor = 240,
                Hops = 0,
                HeardNs = 0,
                State = PeerState.RequestFailed,
                Requests =
                [
                    new PeerRequest
                    {
                        Type = MessageType.FindNode,
                        StartNs = QueryBuilder.Ms(10),
                        DurationNs = QueryBuilder.Ms(990),
                        Outcome = RequestOutcome.Failed,
                        Error = new TraceError(ErrorClass.RequestTimeout, null),
                    },
                ],
            })
            .Answered("B", 249, heard: 0, dial: null, request: (1_001, 1_101))
            .End(1_101, null);

        var segments = CriticalPath.Of(query)!.Segments;

        Assert.Equal(
            [(SegmentKind.Queued, null, 10L), (SegmentKind.Queued, "mute", 990), (SegmentKind.Queued, null, 1), (SegmentKind.Request, null, 100)],
            segments.Select(s => (s.Kind, s.HeldBy?.PeerId, s.DurationNs / 1_000_000)));
        Assert.Equal(
            "Finished after 1.1s: 90 % was waiting for 1 request that timed out", Explanation.Of(query).Sentence);
    }

    [Fact]
    public void Storing_waits_for_the_lookup_before_it()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Type = QueryType.AddProvider } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Answered("B", 249, heard: 0, dial: (120, 150), request: (150, 300), type: MessageType.AddProvider)
            .End(300, 100);

        Assert.Equal(
            [(SegmentKind.Request, "A", 100L), (SegmentKind.Between, "B", 20), (SegmentKind.Dial, "B", 30), (SegmentKind.Request, "B", 150)],
            CriticalPath.Of(query)!.Segments.Select(s => (s.Kind, s.PeerId!, s.DurationNs / 1_000_000)));
    }

    [Fact]
    public void A_timeout_of_the_whole_query_was_waiting_for_the_nearest_peer_under_way()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Outcome = QueryOutcome.TimedOut } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(Dialing("far", 248, 100))
            .Add(Dialing("near", 240, 150))
            .End(5_000, null);

        var last = CriticalPath.Of(query)!.Segments[^1];

        Assert.Equal((SegmentKind.Dial, "near", QueryBuilder.Ms(150), QueryBuilder.Ms(5_000)), (last.Kind, last.PeerId, last.StartNs, last.EndNs));
        Assert.Equal(ActivityResult.Unknown, last.Result);

        static QueryPeer Dialing(string id, int xor, double from) => new()
        {
            Id = id,
            Xor = xor,
            Hops = 1,
            Referrer = "A",
            HeardNs = QueryBuilder.Ms(100),
            State = PeerState.Dialing,
            Dial = new PeerDial(QueryBuilder.Ms(from), null, false, null),
        };
    }

    [Fact]
    public void Without_an_end_there_is_no_path() => Assert.Null(CriticalPath.Of(TwoDeadPeers with { DurationNs = null }));

    [Fact]
    public void Segments_follow_each_other_and_sum_to_the_duration_in_simulated_lookups()
    {
        var network = new SimulatedNetwork(seed: 1, size: 150, new NetworkFaults(Dead: 0.1, Refusing: 0.05, BlackHoles: 0.03));
        foreach (var type in (QueryType[])[QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders])
        {
            for (var seed = 0; seed < 40; seed++)
            {
                var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, type, seed));
                AssertWhole(query);
                Assert.DoesNotContain(CriticalPath.Of(query)!.Segments, segment => segment.Kind == SegmentKind.Unknown);
            }
        }
    }

    [Fact]
    public void Segments_follow_each_other_and_sum_to_the_duration_whatever_a_trace_says() =>
        Prop.ForAll<int>(seed =>
        {
            AssertWhole(HostileQueries.Make(seed));
        }).QuickCheckThrowOnFailure();

    private static void AssertWhole(Query query)
    {
        var explanation = Explanation.Of(query);
        if (query.DurationNs is not { } duration)
        {
            Assert.Null(explanation.Path);
            return;
        }

        var time = 0L;
        foreach (var segment in explanation.Path!.Segments)
        {
            Assert.Equal(time, segment.StartNs);
            Assert.True(segment.EndNs > segment.StartNs);
            time = segment.EndNs;
        }

        Assert.Equal(duration, time);
        Assert.Equal(duration, explanation.Path.Segments.Sum(s => s.DurationNs));
        Assert.Equal(duration, explanation.Blames.Sum(b => b.DurationNs));
        Assert.NotEmpty(explanation.Sentence);
    }
}
