using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.ArchiveSimulator;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Analysis.Tests.Explain;

public class CriticalPathTests
{
    /// <summary>One place only (alpha 1): A, then B that A named, then E and F that B named, both dead.</summary>
    internal static Query TwoDeadPeers { get; } =
        new QueryBuilder
        {
            Query = new QueryBuilder().Query with { Parameters = new QueryParameters(1, 2, 20), Termination = QueryTermination.Completed },
        }
            .Answered("A", 250, heard: 0, dial: (0, 100), request: (100, 400))
            .Answered("B", 245, heard: 400, dial: (400, 500), request: (500, 800), referrer: "A")
            .DialFailed("E", 240, heard: 800, from: 800, to: 7_500, ErrorClass.DialTimeout, referrer: "B")
            .DialFailed("F", 241, heard: 800, from: 7_500, to: 14_200, ErrorClass.DialTimeout, referrer: "B")
            .End(14_200, discoveryMs: 800);

    [Fact]
    public void The_path_charges_the_peer_that_held_the_only_place_not_the_one_that_waited_for_it()
    {
        var path = CriticalPath.Of(TwoDeadPeers)!;

        Assert.Equal(["A", "B", "E", "F"], path.Peers);
        Assert.Equal(
            [
                (SegmentKind.Dial, "A", 100L),
                (SegmentKind.Request, "A", 300),
                (SegmentKind.Dial, "B", 100),
                (SegmentKind.Request, "B", 300),
                (SegmentKind.Dial, "E", 6_700),
                (SegmentKind.Dial, "F", 6_700),
            ],
            path.Segments.Select(s => (s.Kind, s.PeerId!, s.DurationNs / 1_000_000))
        );
        Assert.Equal("F", path.Segments[4].QueuedPeerId);
        Assert.False(path.AlphaObserved);
    }

    [Fact]
    public void Each_part_is_in_one_phase_and_they_add_up()
    {
        // Known at 800: what came after it is the tail. A is the first peer of the table, B a later one.
        var phases = CriticalPath.Of(TwoDeadPeers)!.Phases();

        Assert.Equal(
            new PhaseTimes(0, QueryBuilder.Ms(400), QueryBuilder.Ms(100), QueryBuilder.Ms(300), QueryBuilder.Ms(13_400), 0, 0, 0),
            phases
        );
        Assert.Equal(TwoDeadPeers.DurationNs, phases.TotalNs);
    }

    [Fact]
    public void Time_lost_is_each_peers_part_of_the_path()
    {
        var query = TimeLost.In(TwoDeadPeers);

        Assert.Equal(
            [("A", 400L), ("B", 400), ("E", 6_700), ("F", 6_700)],
            query.Peers.Select(peer => (peer.Id, peer.TimeLostNs!.Value / 1_000_000))
        );
        Assert.All(TimeLost.In(TwoDeadPeers with { DurationNs = null }).Peers, peer => Assert.Null(peer.TimeLostNs));
    }

    [Fact]
    public void What_go_libp2p_says_it_asked_after_is_what_was_waited_for()
    {
        // D, named by nobody that the trace shows, was asked after C's answer; E's end, a moment later, had nothing to do with it.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Source = TraceSource.GoKadDht } }
            .Answered("C", 250, heard: 0, dial: null, request: (0, 500))
            .Answered("E", 251, heard: 0, dial: null, request: (0, 501))
            .Add(
                new QueryPeer
                {
                    Id = "D",
                    Xor = 240,
                    AskedAfter = "C",
                    State = PeerState.Answered,
                    Requests =
                    [
                        new PeerRequest
                        {
                            Type = MessageType.GetProviders,
                            StartNs = QueryBuilder.Ms(502),
                            DurationNs = QueryBuilder.Ms(98),
                            Outcome = RequestOutcome.Answered,
                        },
                    ],
                }
            )
            .End(600, null);

        Assert.Equal(
            [(SegmentKind.Request, "C", 500L), (SegmentKind.Between, null, 2), (SegmentKind.Request, "D", 98)],
            CriticalPath.Of(query)!.Segments.Select(s => (s.Kind, s.PeerId, s.DurationNs / 1_000_000))
        );
    }

    [Fact]
    public void Requests_that_outlive_the_lookup_are_charged_from_its_termination_on_and_the_follow_up_after_them()
    {
        // The lookup stopped at 300, when C answered. It then waited for the silent S, asked at 100, until 20,100, and asked F in the
        // follow-up.
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with { Source = TraceSource.GoKadDht, Parameters = new QueryParameters(10, null, null) },
        }
            .Answered("A", 250, heard: 0, dial: (0, 0), request: (0, 100))
            .Add(
                new QueryPeer
                {
                    Id = "S",
                    Xor = 245,
                    Hops = 1,
                    Referrer = "A",
                    AskedAfter = "A",
                    HeardNs = QueryBuilder.Ms(100),
                    State = PeerState.RequestFailed,
                    Dial = new PeerDial(QueryBuilder.Ms(100), 0, true, null),
                    Requests =
                    [
                        new PeerRequest
                        {
                            Type = MessageType.FindNode,
                            StartNs = QueryBuilder.Ms(100),
                            DurationNs = QueryBuilder.Ms(20_000),
                            Outcome = RequestOutcome.Failed,
                            Error = new TraceError(ErrorClass.RequestTimeout, null),
                        },
                    ],
                }
            )
            .Answered("C", 240, heard: 100, dial: (100, 100), request: (100, 300), referrer: "A")
            .Answered("F", 246, heard: 100, dial: null, request: (20_100, 20_200), referrer: "A")
            .End(20_200, discoveryMs: 100) with
        {
            TerminatedNs = QueryBuilder.Ms(300),
            Termination = QueryTermination.Completed,
        };

        Assert.Equal(
            [("A", PathPhase.FirstPeers, 100L), ("C", PathPhase.Tail, 200), ("S", PathPhase.Tail, 19_800), ("F", PathPhase.FollowUp, 100)],
            CriticalPath.Of(query)!.Segments.Select(s => (s.PeerId!, s.Phase, s.DurationNs / 1_000_000))
        );
    }

    [Fact]
    public void A_peer_that_was_not_asked_while_places_were_free_has_nobody_to_blame()
    {
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Answered("B", 249, heard: 0, dial: null, request: (150, 300))
            .End(310, null);

        var path = CriticalPath.Of(query)!;

        Assert.Equal(
            [(SegmentKind.Queued, 0L, 100L), (SegmentKind.Queued, 100, 150), (SegmentKind.Request, 150, 300), (SegmentKind.End, 300, 310)],
            path.Segments.Select(s => (s.Kind, s.StartNs / 1_000_000, s.EndNs / 1_000_000))
        );
        Assert.All(path.Segments.Where(s => s.Kind == SegmentKind.Queued), segment => Assert.Null(segment.PeerId));
    }

    [Fact]
    public void A_peer_that_was_asked_as_soon_as_another_had_ended_waited_for_it_although_places_were_free()
    {
        // A follow-up: B was known from the start, and asked when the lookup had given up on the mute peer.
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(
                new QueryPeer
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
                }
            )
            .Answered("B", 249, heard: 0, dial: null, request: (1_001, 1_101))
            .End(1_101, null);

        var segments = CriticalPath.Of(query)!.Segments;

        Assert.Equal(
            [
                (SegmentKind.Start, null, 10L),
                (SegmentKind.Request, "mute", 990),
                (SegmentKind.Between, null, 1),
                (SegmentKind.Request, "B", 100),
            ],
            segments.Select(s => (s.Kind, s.PeerId, s.DurationNs / 1_000_000))
        );
        Assert.Equal("Finished after 1.1s: 90 % was waiting for 1 request that timed out (mute 990ms)", Explanation.Of(query).Sentence);
    }

    [Fact]
    public void Storing_waits_for_the_lookup_before_it()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Type = QueryType.AddProvider } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Answered("B", 249, heard: 0, dial: (120, 150), request: (150, 300), type: MessageType.AddProvider)
            .End(300, 100);

        Assert.Equal(
            [
                (SegmentKind.Request, "A", 100L),
                (SegmentKind.Between, null, 20),
                (SegmentKind.Dial, "B", 30),
                (SegmentKind.Request, "B", 150),
            ],
            CriticalPath.Of(query)!.Segments.Select(s => (s.Kind, s.PeerId, s.DurationNs / 1_000_000))
        );
        Assert.Equal(QueryBuilder.Ms(180), CriticalPath.Of(query)!.Phases().StoresNs);
    }

    [Fact]
    public void A_timeout_of_the_whole_query_was_waiting_for_what_was_under_way_longest()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Outcome = QueryOutcome.TimedOut } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(Dialing("long", 248, 100))
            .Add(Dialing("near", 240, 150))
            .End(5_000, null);

        var last = CriticalPath.Of(query)!.Segments[^1];

        Assert.Equal(
            (SegmentKind.Dial, "long", QueryBuilder.Ms(100), QueryBuilder.Ms(5_000)),
            (last.Kind, last.PeerId, last.StartNs, last.EndNs)
        );
        Assert.Equal(ActivityResult.Unknown, last.Result);

        static QueryPeer Dialing(string id, int xor, double from) =>
            new()
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
    public void Segments_follow_each_other_and_add_up_to_the_duration_in_simulated_lookups()
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
    public void Segments_follow_each_other_and_add_up_to_the_duration_whatever_a_trace_says() =>
        Prop.ForAll<int>(seed =>
            {
                AssertWhole(HostileQueries.Make(seed));
            })
            .QuickCheckThrowOnFailure();

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
        Assert.Equal(duration, explanation.Path.Phases().TotalNs);
        Assert.Equal(
            explanation.Path.Segments.Where(s => s.IsLostToPeer).Sum(s => s.DurationNs),
            TimeLost.In(query).Peers.DistinctBy(peer => peer.Id).Sum(peer => peer.TimeLostNs)
        );
        Assert.NotEmpty(explanation.Sentence);
    }
}
