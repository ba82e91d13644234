using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Network;

/// <summary>Expected values are worked out by hand.</summary>
public sealed class MeasuredTablesTests
{
    private const ulong Hour = 3_600_000_000_000;
    private const ulong Published = 490_000 * Hour;

    private static readonly QueryKey Key = new("bafytest", "1220", new string('0', 64));

    [Fact]
    public void Durations_have_quartiles_mean_deviation_and_the_shares_of_rfm_7()
    {
        // 0.1, 0.4, 0.5, 0.9 and 3.1 s: mean 1 s, deviation √(5.84 / 4) = 1.2083 s, so only the last is over 2.2083 s.
        var tables = Tables([0.1, 0.4, 0.5, 0.9, 3.1]);

        var time = Assert.Single(tables.Times);
        Assert.Equal(new MeasuredQuartiles("find-peer", 5, 400_000_000, 500_000_000, 900_000_000, 3_100_000_000), time.Quartiles);
        Assert.Equal(1e9, time.Mean, 0);
        Assert.InRange(time.Deviation!.Value, 1.2083e9, 1.2084e9);
        Assert.Equal((1, 2, 2), (time.Slow, time.UnderHalfSecond, time.UnderSecond));
        Assert.Empty(tables.Hops);
    }

    [Fact]
    public void One_operation_has_no_deviation_and_none_has_no_row()
    {
        Assert.Equal((null, null), (Tables([1]).Times[0].Deviation, Tables([1]).Times[0].Slow));
        Assert.Empty(Tables([]).Times);
    }

    [Fact]
    public void Liveness_counts_the_peers_that_were_sent_a_record_by_its_age()
    {
        var life = new RecordLife
        {
            Key = Key,
            Kind = RecordKind.Provider,
            AsOfUnixNano = Published + (60 * Hour),
            Publications = [Sighting(0, QueryType.AddProvider) with { SentTo = ["a", "b", "c", "d"] }],
            Lookups =
            [
                Lookup(2, "a", "b", "c", "looker"),
                Lookup(3, "a"),
                Lookup(4) with
                {
                    Sighting = Sighting(4, QueryType.GetProviders) with { Complete = false, Answered = 20, Holders = ["a"] },
                },
                Lookup(30),
                Lookup(50, "looker"),
            ],
        };

        var tables = MeasuredTables.Of([], [life]);

        // The lookup that stopped at its quorum does not count.
        Assert.Equal(
            [new MeasuredLiveness(1, 6, 2, 8, 4, 2), new MeasuredLiveness(24, 36, 1, 4, 0, 0), new MeasuredLiveness(48, null, 1, 4, 0, 1)],
            tables.Liveness
        );
        Assert.Equal(1, tables.Records);
    }

    [Fact]
    public void The_report_is_one_file_that_escapes_what_strangers_wrote_and_says_what_is_unknown()
    {
        var tally = new NetworkTally();
        tally.Add(
            new ObservedLookup
            {
                Query = new QueryId(new TraceId(1, 1), new SpanId(1)),
                StartUnixNano = Published,
                Peers =
                [
                    new ObservedPeer
                    {
                        Id = "a",
                        Fate = PeerFate.Answered,
                        Agent = "<script>alert(1)</script>",
                    },
                ],
            }
        );

        var html = System.Text.Encoding.UTF8.GetString(NetworkHtml.ToUtf8(tally.ToReport(false), Tables([1]), "q <b>"));

        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.Contains("q &lt;b&gt;", html, StringComparison.Ordinal);
        Assert.Contains(
            "<td>Peers that answer</td><td class=\"n\">–</td>",
            System.Net.WebUtility.HtmlDecode(html),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
    }

    private static MeasuredTables Tables(double[] seconds)
    {
        using var operations = OperationColumns.Of([
            .. seconds.Select(
                static (duration, i) =>
                    new OperationFacts
                    {
                        Id = new QueryId(new TraceId(1, 1), new SpanId((ulong)i)),
                        StartUnixNano = Published,
                        Type = QueryType.FindPeer,
                        Outcome = QueryOutcome.Success,
                        DurationNs = (long)(duration * 1e9),
                    }
            ),
        ]);
        return MeasuredTables.Of([(QueryType.FindPeer, operations)], []);
    }

    private static RecordLookup Lookup(ulong hours, params string[] holders) =>
        new(Sighting(hours, QueryType.GetProviders) with { Answered = 20, Complete = true, Holders = [.. holders] }, null, 0, null);

    private static RecordSighting Sighting(ulong hours, QueryType type) =>
        new()
        {
            Operation = new QueryId(new TraceId(2, hours), new SpanId(1)),
            Key = Key,
            Type = type,
            StartUnixNano = Published + (hours * Hour),
            Outcome = QueryOutcome.Success,
        };
}
