using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Tests.Explain;

namespace DhtTracer.Analysis.Tests.Lint;

/// <summary>Rules on queries written by hand; times in milliseconds after the start.</summary>
public class QueryLintTests
{
    [Theory]
    [InlineData(900, true)]
    [InlineData(50, false)]
    public void A_lookup_that_waits_for_the_slowest_peer_of_each_round_stalls(double nextAt, bool isFound)
    {
        // A and C answer early and name the next peers. C and D begin when B has answered too, or at once.
        var query = new QueryBuilder()
            .Answered("A", 250, heard: 0, dial: null, request: (0, 50))
            .Answered("B", 250, heard: 0, dial: null, request: (0, 900))
            .Answered("C", 240, heard: 50, dial: null, request: (nextAt, nextAt + 50))
            .Answered("D", 240, heard: 50, dial: null, request: (nextAt, nextAt + 600))
            .Answered("E", 230, heard: nextAt + 50, dial: null, request: (nextAt + 600, nextAt + 650))
            .End(1_550, null);

        var finding = Find(query, "DHT001");

        Assert.Equal(isFound, finding is not null);
        if (isFound)
        {
            // B kept C and D waiting from 50 to 900, D kept E waiting from 950 to 1,500.
            Assert.Equal(
                "2 of 3 rounds waited for their slowest peer, 1.4s of 1.6s, while a slot was free and a known peer waited.",
                finding!.Sentence
            );
            Assert.Equal(
                [("B", 50.0, 900.0), ("D", 950.0, 1_500.0)],
                finding.Evidence.Select(static peer => (peer.PeerId, peer.FromNs!.Value / 1e6, peer.ToNs!.Value / 1e6))
            );
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_was_dialed_in_vain_and_answered_later_had_a_bad_address(bool isAnswered)
    {
        var peer = new QueryPeer
        {
            Id = "P",
            HeardNs = 0,
            State = isAnswered ? PeerState.Answered : PeerState.DialFailed,
            Dial = new PeerDial(0, QueryBuilder.Ms(500), false, new TraceError(ErrorClass.DialTimeout, null)),
            Requests = isAnswered ? [Request(MessageType.FindNode, 700, 800)] : [],
        };

        var finding = Find(new QueryBuilder().Add(peer).End(900, null), "DHT007");

        Assert.Equal(isAnswered ? new LintEvidence("P", 0, QueryBuilder.Ms(800)) : null, finding?.Evidence.Single());
    }

    [Theory]
    [InlineData("failed to dial: peer id mismatch: expected 12D3KooWA, but remote key matches 12D3KooWB", true)]
    [InlineData("12D3KooWB answered instead of 12D3KooWA.", true)]
    [InlineData("connection refused", false)]
    public void A_dial_that_reached_another_peer_has_ids_that_do_not_match(string error, bool isFound)
    {
        var query = new QueryBuilder()
            .Add(
                new QueryPeer
                {
                    Id = "P",
                    State = PeerState.DialFailed,
                    Dial = new PeerDial(0, 1, false, new TraceError(ErrorClass.Handshake, error)),
                }
            )
            .End(900, null);

        Assert.Equal(isFound, Find(query, "DHT009") is not null);
    }

    [Theory]
    [InlineData(RequestOutcome.Answered, true)]
    [InlineData(RequestOutcome.Failed, false)]
    public void A_second_request_is_needless_only_when_the_first_was_answered(RequestOutcome first, bool isFound)
    {
        var query = new QueryBuilder()
            .Add(
                new QueryPeer
                {
                    Id = "P",
                    State = PeerState.Answered,
                    Requests = [Request(MessageType.FindNode, 0, 100) with { Outcome = first }, Request(MessageType.FindNode, 200, 350)],
                }
            )
            .End(900, null);

        Assert.Equal(
            isFound ? "1 request went to peers that had answered the same one, or were about to, 150ms in all." : null,
            Find(query, "DHT010")?.Sentence
        );
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(1_950, false)]
    public void A_query_that_waits_after_its_answer_is_found(double discovery, bool isFound)
    {
        var query = Lookup(QueryType.FindPeer)
            .Answered("A", 250, heard: 0, dial: null, request: (0, 500))
            .Answered("B", 250, heard: 0, dial: null, request: (0, 2_000))
            .End(2_000, discovery);

        Assert.Equal(
            isFound ? "The answer was known after 500ms; the query waited 1.5s longer for 1 peer." : null,
            Find(query, "DHT011")?.Sentence
        );
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void Records_that_come_after_the_best_one_were_not_needed(int records, bool isFound)
    {
        var query = Lookup(QueryType.GetValue)
            .Answered("A", 250, heard: 0, dial: null, request: (0, 500), type: MessageType.GetValue, records: 1)
            .Answered("B", 250, heard: 0, dial: null, request: (0, 900), type: MessageType.GetValue, records: records)
            .Answered("C", 250, heard: 0, dial: null, request: (0, 2_000), type: MessageType.GetValue, records: records)
            .End(2_000, 500);

        Assert.Equal(
            isFound ? "The best record came after 500ms; the query collected 2 more records and ended after 2s." : null,
            Find(query, "DHT012")?.Sentence
        );
        Assert.Equal(isFound, Find(query, "DHT011") is null);
    }

    [Theory]
    [InlineData(DhtSide.Wan, true)]
    [InlineData(DhtSide.Lan, false)]
    public void An_empty_routing_table_is_found_but_not_on_the_lan_side(DhtSide side, bool isFound)
    {
        var query = new QueryBuilder().End(1, null) with { Side = side, Skipped = true, Outcome = QueryOutcome.NotFound };

        Assert.Equal(isFound, Find(query, "DHT013") is not null);
        Assert.Null(Find(query with { Outcome = QueryOutcome.Success }, "DHT013"));
    }

    [Theory]
    [InlineData(20_000, true)]
    [InlineData(9_000, false)]
    public void A_store_of_20_s_had_no_limit(double length, bool isFound)
    {
        var query = Lookup(QueryType.AddProvider)
            .Add(
                new QueryPeer
                {
                    Id = "P",
                    State = PeerState.Sent,
                    Dial = new PeerDial(QueryBuilder.Ms(100), 1, false, null),
                    Requests = [Request(MessageType.AddProvider, 101, 100 + length) with { Outcome = RequestOutcome.Sent }],
                }
            )
            .End(100 + length, null);

        Assert.Equal(isFound ? "1 of 1 store took more than 10 s, the longest 20s." : null, Find(query, "DHT015")?.Sentence);
        Assert.Null(Find(query, "DHT005"));
    }

    [Fact]
    public void Findings_are_sorted_by_severity_and_their_bits_tell_the_rules()
    {
        var query = new QueryBuilder().End(1, null) with { Skipped = true, Outcome = QueryOutcome.NotFound };

        Assert.Equal(1L << 13, QueryLint.Of(query).Mask);
        Assert.Equal((1L << 3) | (1L << 13), QueryLint.MaskOf(["DHT003", "dht013"]));
        Assert.Equal(0, QueryLint.MaskOf(["DHT099"]));
    }

    [Fact]
    public void Ids_of_rules_are_in_order_and_every_rule_says_what_why_and_where()
    {
        Assert.Equal(
            Enumerable.Range(1, LintRules.All.Length).Select(static number => $"DHT{number:000}"),
            LintRules.All.Select(static rule => rule.Id)
        );
        Assert.All(
            LintRules.All,
            static rule =>
            {
                Assert.EndsWith(".", rule.What, StringComparison.Ordinal);
                Assert.EndsWith(".", rule.Why, StringComparison.Ordinal);
                Assert.EndsWith(".", rule.Speaks, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void No_trace_makes_it_fail()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            _ = QueryLint.Of(HostileQueries.Make(seed));
        }
    }

    private static QueryBuilder Lookup(QueryType type) => new() { Query = new QueryBuilder().Query with { Type = type } };

    private static PeerRequest Request(MessageType type, double from, double to) =>
        new()
        {
            Type = type,
            StartNs = QueryBuilder.Ms(from),
            DurationNs = QueryBuilder.Ms(to) - QueryBuilder.Ms(from),
            Outcome = RequestOutcome.Answered,
        };

    private static LintFinding? Find(Query query, string rule) =>
        QueryLint.Of(query).Findings.FirstOrDefault(finding => finding.Rule == rule);
}
