using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Tests.Explain;

/// <summary>Each sentence was worked out by hand from the times in the query above it.</summary>
public class ExplanationSentenceTests
{
    [Fact]
    public void Dead_peers_near_the_key() =>
        // 6.7 s of waiting for E's place and 6.7 s of F's own dial are 13.4 of 14.2 s: 94 %.
        Assert.Equal(
            "K closest known after 800ms; finished after 14.2s: 94 % was waiting for 2 dials that timed out (E 6.7s, F 6.7s)",
            Explanation.Of(CriticalPathTests.TwoDeadPeers).Sentence
        );

    [Fact]
    public void A_peer_that_was_found_at_once_and_ended_the_query()
    {
        // A: dial 40, request 60; B: dial 20, request 65: 125 of 185 ms are answers, 68 %.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Type = QueryType.FindPeer } }
            .Answered("A", 250, heard: 0, dial: (0, 40), request: (40, 100))
            .Answered("B", 244, heard: 100, dial: (100, 120), request: (120, 185), referrer: "A")
            .End(185, discoveryMs: 185);
        Assert.Equal(
            "Peer found after 185ms, which ended the query: 68 % was waiting for 2 peers that answered (B 65ms, A 60ms), 32 % "
                + "connecting to 2 peers",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void A_trace_that_does_not_tell_dial_and_request_apart_says_so()
    {
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with
            {
                Type = QueryType.GetProviders,
                Source = TraceSource.JsLibp2p,
                Parameters = new QueryParameters(null, null, null),
                Counts = new QueryCounts { Results = 3 },
            },
        }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 300))
            .Answered("B", 244, heard: 300, dial: null, request: (300, 400), referrer: "A", providers: 3)
            .End(1_000, discoveryMs: 400);

        // 600 ms after the last answer nothing was under way; 400 ms were the two peers.
        Assert.Equal(
            "3 providers found after 400ms; finished after 1s: 60 % was the node's own work before, between and after its dials "
                + "and requests, "
                + "40 % dialing and asking 2 peers that answered (the trace does not tell the two apart) (A 300ms)",
            Explanation.Of(query).Sentence
        );
        Assert.Equal(
            "dialing and asking 2 peers that answered (the trace does not tell the two apart)",
            Explanation.Of(query).Blames[1].Text
        );
    }

    [Fact]
    public void Nothing_found_with_two_causes_of_which_none_is_half()
    {
        // 40 ms refused dial of C, 30 + 15 ms of answers, 15 ms of dials: 45 %, 40 %, 15 %.
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with { Type = QueryType.GetValue, Outcome = QueryOutcome.NotFound },
        }
            .Answered("A", 250, heard: 0, dial: (0, 10), request: (10, 40))
            .Answered("B", 244, heard: 40, dial: (40, 45), request: (45, 60), referrer: "A")
            .DialFailed("C", 240, heard: 60, from: 60, to: 100, ErrorClass.DialRefused, referrer: "B")
            .End(100, null);
        Assert.Equal(
            "Nothing found; finished after 100ms: 45 % was waiting for 2 peers that answered (A 30ms), 40 % waiting for 1 dial "
                + "that was refused (C 40ms), 15 % connecting to 2 peers",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void A_caller_that_gave_up_while_a_dial_was_under_way()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Outcome = QueryOutcome.Cancelled } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(
                new QueryPeer
                {
                    Id = "B",
                    Xor = 240,
                    Hops = 1,
                    Referrer = "A",
                    HeardNs = QueryBuilder.Ms(100),
                    State = PeerState.Cancelled,
                    Dial = new PeerDial(QueryBuilder.Ms(100), QueryBuilder.Ms(1_900), false, new TraceError(ErrorClass.Cancelled, null)),
                }
            )
            .End(2_000, null);
        Assert.Equal(
            "The caller gave up after 2s: 95 % was waiting for 1 dial still under way at the end (B 1.9s)",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void An_end_that_never_arrived() =>
        Assert.Equal(
            "Record found after 120ms; the end of the query is not in the trace, so its duration is unknown",
            Explanation
                .Of(
                    (
                        CriticalPathTests.TwoDeadPeers with
                        {
                            DurationNs = null,
                            DiscoveryNs = QueryBuilder.Ms(120),
                            Type = QueryType.GetValue,
                        }
                    )
                )
                .Sentence
        );

    [Fact]
    public void A_caller_that_gave_up_and_a_request_that_did_not_heed_it()
    {
        // C's dial was taken back at 900 ms; the request to B went on to its own end. B's request is 100 to 19,990 of 20,000 ms: 99.45 %.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Outcome = QueryOutcome.Cancelled } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(RequestFailed("B", 245, from: 100, to: 19_990, ErrorClass.RequestTimeout))
            .Add(
                new QueryPeer
                {
                    Id = "C",
                    Xor = 240,
                    Hops = 1,
                    Referrer = "A",
                    HeardNs = QueryBuilder.Ms(100),
                    State = PeerState.Cancelled,
                    Dial = new PeerDial(QueryBuilder.Ms(100), QueryBuilder.Ms(800), false, new TraceError(ErrorClass.Cancelled, null)),
                }
            )
            .End(20_000, null);
        Assert.Equal(
            "The caller gave up after 900ms; finished after 20s: over 99 % was waiting for 1 request that timed out (B 19.9s)",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void Requests_that_timed_out_side_by_side_are_all_counted()
    {
        // B, C and D are under way together, so that without one of them the end would have come no sooner. E failed early, F in another
        // way.
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with { Type = QueryType.FindPeer, Outcome = QueryOutcome.NotFound },
        }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(RequestFailed("B", 245, from: 100, to: 3_095, ErrorClass.RequestTimeout))
            .Add(RequestFailed("C", 246, from: 100, to: 3_100, ErrorClass.RequestTimeout))
            .Add(RequestFailed("D", 247, from: 110, to: 3_090, ErrorClass.RequestTimeout))
            .Add(RequestFailed("E", 248, from: 100, to: 1_000, ErrorClass.RequestTimeout))
            .Add(RequestFailed("F", 249, from: 100, to: 3_099, ErrorClass.Reset))
            .End(3_100, null);
        Assert.Equal(
            "Nothing found; finished after 3.1s: 97 % was waiting for 3 requests that timed out (C 3s)",
            Explanation.Of(query).Sentence
        );
        Assert.Equal([3, 1], Explanation.Of(query).Blames.Select(blame => blame.Peers));
    }

    [Fact]
    public void A_follow_up_that_went_from_one_dead_peer_to_the_next_waited_for_the_mute_one_before_them()
    {
        // Alpha 3 is never reached. M was mute until 3,100; then C, D and E, known since 100, were dialed one after the other, 10 ms each.
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(RequestFailed("M", 240, from: 100, to: 3_100, ErrorClass.RequestTimeout))
            .DialFailed("C", 241, heard: 100, from: 3_101, to: 3_111, ErrorClass.DialRefused, referrer: "A")
            .DialFailed("D", 242, heard: 100, from: 3_112, to: 3_122, ErrorClass.DialRefused, referrer: "A")
            .DialFailed("E", 243, heard: 100, from: 3_123, to: 3_133, ErrorClass.DialRefused, referrer: "A")
            .End(3_133, discoveryMs: 0.1);

        // 3,000 of 3,133 ms are M's.
        Assert.Equal(
            "K closest known from the start; finished after 3.1s: 96 % was waiting for 1 request that timed out (M 3s)",
            Explanation.Of(query).Sentence
        );
    }

    private static QueryPeer RequestFailed(string id, int xor, double from, double to, string errorClass) =>
        new()
        {
            Id = id,
            Xor = xor,
            Hops = 1,
            Referrer = "A",
            HeardNs = QueryBuilder.Ms(100),
            State = PeerState.RequestFailed,
            Requests =
            [
                new PeerRequest
                {
                    Type = MessageType.FindNode,
                    StartNs = QueryBuilder.Ms(from),
                    DurationNs = QueryBuilder.Ms(to - from),
                    Outcome = RequestOutcome.Failed,
                    Error = new TraceError(errorClass, null),
                },
            ],
        };

    [Fact]
    public void A_failure_with_its_class()
    {
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with { Outcome = QueryOutcome.Failed, Error = new TraceError(ErrorClass.DialBackoff, null) },
        }
            .DialFailed("A", 250, heard: 0, from: 0, to: 0.3, ErrorClass.DialBackoff)
            .End(0.3, null);
        Assert.Equal(
            "Failed (dial backoff) after 300µs: all was waiting for 1 dial that was put off after an earlier failure (A 300µs)",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void A_node_that_knew_nobody() =>
        Assert.Equal(
            "Failed after 2ms: the node knew no peer to ask",
            Explanation
                .Of(
                    (new QueryBuilder().End(2, null)) with
                    {
                        Outcome = QueryOutcome.Failed,
                        Error = new TraceError(ErrorClass.NoPeers, null),
                    }
                )
                .Sentence
        );

    [Fact]
    public void A_full_queue_is_named_with_alpha()
    {
        // Alpha 1: B was known at 100 and began at 400, when C's refused dial (100 to 400) had made room: 300 of 600 ms in the queue.
        // Answers 80 + 180 = 260 ms are 43 %, dials of A and B 20 + 20 = 40 ms are 7 %, C's dial 300 ms is 50 %.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Parameters = new QueryParameters(1, 2, 20) } }
            .Answered("A", 250, heard: 0, dial: (0, 20), request: (20, 100))
            .DialFailed("C", 240, heard: 100, from: 100, to: 400, ErrorClass.DialRefused, referrer: "A")
            .Answered("B", 244, heard: 100, dial: (400, 420), request: (420, 600), referrer: "A")
            .End(600, null);
        Assert.Equal(
            "Finished after 600ms: 50 % was waiting for 1 dial that was refused (C 300ms), 43 % waiting for 2 peers that answered "
                + "(B 180ms); for 50 % of the time the next peer stood in the queue (alpha 1)",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void A_peer_that_was_about_to_answer_is_not_named_when_the_caller_gave_up()
    {
        // A answered after 100 ms. B had been asked for 90 ms: nobody knows that it would not have answered.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Outcome = QueryOutcome.TimedOut } }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Add(
                new QueryPeer
                {
                    Id = "B",
                    Xor = 240,
                    Hops = 1,
                    Referrer = "A",
                    HeardNs = QueryBuilder.Ms(100),
                    State = PeerState.Cancelled,
                    Requests =
                    [
                        new PeerRequest
                        {
                            Type = MessageType.FindNode,
                            StartNs = QueryBuilder.Ms(100),
                            DurationNs = QueryBuilder.Ms(90),
                            Outcome = RequestOutcome.Cancelled,
                            Error = new TraceError(ErrorClass.Cancelled, "context deadline exceeded"),
                        },
                    ],
                }
            )
            .End(190, null);
        Assert.Equal(
            "The caller's time was up after 190ms: 53 % was waiting for 1 peer that answered (A 100ms), 47 % waiting for 1 request "
                + "still under way at the end",
            Explanation.Of(query).Sentence
        );
        Assert.Equal(["A"], Explanation.Of(query).Culprits.Select(culprit => culprit.PeerId));
    }

    [Fact]
    public void An_agent_is_named_and_is_text_of_a_stranger()
    {
        var query = CriticalPathTests.TwoDeadPeers;
        query = query with
        {
            Peers = [.. query.Peers.Select(peer => peer.Id == "E" ? peer with { Agent = "kubo/0.29\n" + new string('x', 100) } : peer)],
        };
        Assert.EndsWith($"(E kubo/0.29{new string('x', 31)}… 6.7s, F 6.7s)", Explanation.Of(query).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_side_that_had_nobody_to_ask_says_so()
    {
        var nobody = new QueryBuilder().End(0.006, null) with { Skipped = true };
        Assert.Equal("Answered by the node itself; no peer was asked", Explanation.Of(nobody).Sentence);
        Assert.Equal(
            "No peer was asked: the routing table of this side held nobody",
            Explanation.Of(nobody with { Outcome = QueryOutcome.NotFound }).Sentence
        );
    }

    [Fact]
    public void Stores_that_go_on_after_an_optimistic_provide_has_returned_are_told()
    {
        var query = new QueryBuilder
        {
            Query = new QueryBuilder().Query with
            {
                Type = QueryType.AddProvider,
                Counts = new QueryCounts { Sent = 1 },
            },
        }
            .Answered("A", 250, heard: 0, dial: null, request: (0, 100))
            .Answered("B", 249, heard: 0, dial: null, request: (100, 5_100), type: MessageType.AddProvider)
            .End(120, null);
        Assert.Equal(
            "Sent to 1 peer, finished after 120ms: 83 % was waiting for 1 peer that answered (A 100ms), 17 % the node's own work "
                + "before, between and after its dials and requests; 1 store went on until 5.1s",
            Explanation.Of(query).Sentence
        );
    }

    [Fact]
    public void A_ping_that_was_answered()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Type = QueryType.Ping } }
            .Answered("A", 250, heard: 0, dial: (0, 12), request: (12, 20), type: MessageType.Ping)
            .End(20, discoveryMs: 20);
        Assert.Equal(
            "Answered after 20ms, which ended the query: 60 % was connecting to 1 peer (A 12ms), 40 % waiting for 1 peer that "
                + "answered (A 8ms)",
            Explanation.Of(query).Sentence
        );
    }
}
