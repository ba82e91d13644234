using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Sweeps;

/// <summary>What the lines of <c>dht/provider</c> say. Their texts are those of go-libp2p-kad-dht 0.42.</summary>
public sealed class SweepLogTests
{
    private ulong _now = 1_796_021_216_000_000_000;

    [Fact]
    public void A_region_that_could_not_be_sent_is_failed_until_a_later_turn_succeeds()
    {
        List<SweepFact> facts =
        [
            Info("reprovide starting for prefix \"11\""),
            Line("debug", "sent provider records to peers in 1.5s, errors 19/22"),
            Line("warn", "cannot send provider records for region 111: unable to provide to enough peers (3/22)"),
            Line("debug", "sent provider records to peers in 20ms, errors 0/20"),
            Line("debug", "sent provider records", """{"prefix":"110","count":7,"keys":[]}"""),
            Info("reprovide finished for prefix \"11\", 12 keys in 2.5s"),
        ];

        var report = SweepAnalysis.Of(facts);

        Assert.Equal([("110", false), ("111", true)], report.Regions.Select(region => (region.Prefix.ToString(), region.IsFailed!.Value)));
        var send = Assert.Single(report.Regions[1].Turns[0].Visit.Sends);
        Assert.Equal(
            (22, 19, 1_500_000_000, "unable to provide to enough peers (3/22)"),
            (send.Peers, send.Errors, send.DurationNs, send.Failure)
        );
        Assert.Equal(
            "cannot send provider records for region 111: unable to provide to enough peers (3/22)",
            Assert.Single(report.Warnings).Message
        );

        facts.Add(Info("reprovide starting for prefix \"111\""));
        facts.Add(Line("debug", "sent provider records", """{"prefix":"111","count":5,"keys":[]}"""));
        facts.Add(Info("reprovide finished for prefix \"111\", 5 keys in 90ms"));
        Assert.All(SweepAnalysis.Of(facts).Regions, region => Assert.False(region.IsFailed));
    }

    [Fact]
    public void At_level_info_a_prefix_that_finished_is_a_turn_and_one_that_failed_is_none()
    {
        var report = SweepAnalysis.Of([
            Info("provide starting for prefix \"01\", 317 keys"),
            Info("reprovide starting for prefix \"10\""),
            Line("warn", "failed to reprovide any region for prefix 10"),
            Info("reprovide finished for prefix \"10\", 20 keys in 1m2.5s"),
            Info("provide finished for prefix \"01\", 317 keys in 3.5s"),
        ]);

        Assert.Equal([("01", 317)], report.Batches[0].Visits.Select(visit => (visit.Prefix.ToString(), visit.Keys!.Value)));
        Assert.Equal((false, 3_500_000_000), (report.Batches[0].IsReprovide, report.Batches[0].LoggedNs));
        Assert.Equal((true, 62_500_000_000), (report.Batches[1].IsReprovide, report.Batches[1].LoggedNs));
        Assert.Empty(report.Batches[1].Visits);
        Assert.Equal("failed to reprovide any region for prefix 10", report.Batches[1].Failure);
    }

    [Fact]
    public void Of_two_workers_with_one_prefix_the_duration_tells_which_has_finished()
    {
        var first = Info("provide starting for prefix \"11\", 3 keys");
        _now += 400_000_000;
        var second = Info("provide starting for prefix \"11\", 35 keys");
        _now += 600_000_000;
        var end = Info("provide finished for prefix \"11\", 35 keys in 600ms");

        var report = SweepAnalysis.Of([first, second, end]);

        Assert.Equal([null, 600_000_000L], report.Batches.Select(batch => batch.LoggedNs));
    }

    [Fact]
    public void A_log_that_begins_in_the_middle_still_tells_when_a_prefix_was_begun()
    {
        _now += 10_000_000_000;
        var report = SweepAnalysis.Of([Info("reprovide finished for prefix \"01\", 481 keys in 2s")]);

        Assert.Equal(_now - 2_000_000_000, Assert.Single(report.Batches).StartUnixNano);
    }

    [Theory]
    [InlineData("1.147628467s", 1_147_628_467L)]
    [InlineData("327.786518ms", 327_786_518L)]
    [InlineData("802.167µs", 802_167L)]
    [InlineData("2h3m0.5s", 7_380_500_000_000)]
    [InlineData("17ns", 17L)]
    [InlineData("soon", null)]
    [InlineData("12", null)]
    [InlineData("", null)]
    public void Durations_are_read_as_Go_writes_them(string text, long? nanoseconds) => Assert.Equal(nanoseconds, SweepLog.Duration(text));

    [Fact]
    public void Texts_that_are_no_lines_of_a_sweep_change_nothing()
    {
        var report = SweepAnalysis.Of([
            Info("reprovide starting for prefix \"0120\""),
            Line("debug", "sent provider records", "{\"prefix\":7}"),
            Line("debug", "sent provider records", "no JSON"),
            Line("warn", "cannot send provider records for region xyz: no"),
            Info("reprovide starting for prefix \"" + new string('0', 100) + "\""),
        ]);

        Assert.Empty(report.Batches);
        Assert.Equal(5, report.LogLines);
    }

    private SweepLogEntry Info(string message) => Line("info", message);

    private SweepLogEntry Line(string level, string message, string fields = "") =>
        new()
        {
            Id = new QueryId(new TraceId(1, 1), new SpanId(_now)),
            StartUnixNano = _now += 1_000_000,
            Level = level,
            Logger = KuboLogNames.Provider,
            Message = message,
            Fields = fields,
        };
}
