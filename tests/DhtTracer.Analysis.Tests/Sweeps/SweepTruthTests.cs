using System.Globalization;
using System.Text.RegularExpressions;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.TestSupport;

namespace DhtTracer.Analysis.Tests.Sweeps;

/// <summary>A real sweep: what its spans alone give is compared with the daemon's own log.</summary>
public sealed partial class SweepTruthTests(SweepTruthTests.Cut cut) : IClassFixture<SweepTruthTests.Cut>
{
    private readonly SweepCapture _capture = cut.Capture;

    [Fact]
    public void Every_region_of_the_log_is_found_in_the_spans_with_exactly_its_keys()
    {
        var report = SweepAnalysis.Of(_capture.Spans);

        var found = report.Batches.SelectMany(batch => batch.Visits).Select(visit => (visit.Prefix.ToString(), KeysOf(visit)));
        Assert.Equal(
            _capture.Sent.Select(sent => $"{sent.Prefix} {string.Join(' ', sent.Keys.Order())}").Order(),
            found.Select(visit => $"{visit.Item1} {string.Join(' ', visit.Item2.Order())}").Order()
        );
        Assert.Equal(11, _capture.Sent.Count());
    }

    [Fact]
    public void Durations_are_those_of_the_log_but_for_a_tenth_of_a_second()
    {
        var report = SweepAnalysis.Of(_capture.Spans);

        foreach (var line in _capture.Lines)
        {
            if (Finished().Match(line.GetProperty("msg").GetString()!) is not { Success: true } finished)
            {
                continue;
            }

            var batch = Assert.Single(report.Batches, batch => batch.Prefix.ToString() == finished.Groups["prefix"].Value);
            var logged = double.Parse(finished.Groups["number"].Value, CultureInfo.InvariantCulture);
            logged *= finished.Groups["unit"].Value == "s" ? 1000 : 1;
            Assert.InRange(batch.DurationNs!.Value / 1e6, logged - 100, logged + 1);
            Assert.Equal(int.Parse(finished.Groups["keys"].Value, CultureInfo.InvariantCulture), batch.Visits.Sum(visit => visit.Keys));
        }
    }

    [Fact]
    public void The_node_and_its_interval_follow_from_the_times_of_the_explorations()
    {
        var report = SweepAnalysis.Of(_capture.Spans);

        Assert.Equal("12D3KooWBbcLxDymU8UR3kEp1FmxNUg82kg42T1Ch6huYaoMKtZb", report.Node);
        Assert.Equal(SweepIntervalSource.Timetable, report.Interval!.Source);
        Assert.InRange(report.Interval.Ns / 1e9, 359.5, 360.5);
    }

    [Fact]
    public void The_daemon_tells_its_interval_exactly()
    {
        var report = SweepAnalysis.Of([.. _capture.Spans, .. _capture.Statistics]);

        Assert.Equal(new SweepInterval(360_000_000_000, SweepIntervalSource.Daemon), report.Interval);
        Assert.Equal(2001, report.Status!.Keys);
        Assert.Equal(0, report.Status.KeysFailed);
    }

    [Fact]
    public void The_dead_part_of_the_key_space_is_named_and_no_other()
    {
        var report = SweepAnalysis.Of(_capture.Spans);

        var part = Assert.Single(report.Silent);
        Assert.Equal("110", part.Prefix.ToString());
        Assert.True(part.Keys > 200);
    }

    [Fact]
    public void A_part_of_the_key_space_without_a_turn_is_not_called_provided()
    {
        // The cut holds the turns of 01, 10 and 11; 00 has its turn later.
        Assert.Equal(["00"], SweepAnalysis.Of(_capture.Spans).Never.Select(part => part.ToString()));
    }

    [Fact]
    public void The_log_adds_to_each_turn_whether_it_was_sent()
    {
        var report = SweepAnalysis.Of([.. _capture.Spans, .. _capture.Log]);

        Assert.All(report.Batches, batch => Assert.True(batch is { IsReprovide: true, HasSpans: true, LoggedNs: not null }));
        var turn = report.Batches.SelectMany(batch => batch.Visits).First(visit => visit.Prefix.ToString() == "010");
        var send = Assert.Single(turn.Sends);
        Assert.Equal((266, 21, 0, 46_873_027), (send.Keys, send.Peers, send.Errors, send.DurationNs));
        Assert.All(report.Regions, region => Assert.False(region.IsFailed));
    }

    [Fact]
    public void The_log_alone_gives_the_same_regions_and_numbers_of_keys()
    {
        var report = SweepAnalysis.Of(_capture.Log);

        Assert.Equal(
            _capture.Sent.Select(sent => (sent.Prefix, sent.Keys.Count)).Order(),
            report.Batches.SelectMany(batch => batch.Visits).Select(visit => (visit.Prefix.ToString(), visit.Keys!.Value)).Order()
        );
        Assert.Equal(0, report.Keys);
    }

    [Fact]
    public void A_key_has_its_turns_at_the_times_of_its_regions()
    {
        var sent = _capture.Sent.Where(sent => sent.Prefix == "0110").ToList();
        var key = Convert.FromHexString(sent[0].Keys.First());

        var turns = SweepAnalysis.Of(_capture.Spans).TurnsOf(key);

        Assert.Equal(["0110", "0110"], turns.Select(turn => turn.Region!.Value.ToString()));
        for (var i = 0; i < 2; i++)
        {
            Assert.InRange((double)sent[i].UnixNano - turns[i].UnixNano, -2e6, 100e6);
        }
    }

    [Fact]
    public void The_order_of_the_facts_does_not_matter()
    {
        var random = new Random(1);
        var shuffled = _capture.Spans.Concat(_capture.Log).ToArray();
        random.Shuffle(shuffled);

        Assert.Equal(Text(SweepAnalysis.Of([.. _capture.Spans, .. _capture.Log])), Text(SweepAnalysis.Of(shuffled)));
    }

    private static string Text(SweepReport report) =>
        string.Join(
            '\n',
            report.Batches.SelectMany(batch =>
                batch.Visits.Select(visit => $"{batch.Prefix} {batch.StartUnixNano} {batch.DurationNs} {visit.Prefix} {visit.Keys}")
            )
        );

    private static HashSet<string> KeysOf(SweepVisit visit) =>
        visit.Marks.Select(static mark => Convert.ToHexStringLower(mark.Key.AsSpan())).ToHashSet();

    [GeneratedRegex("""^reprovide finished for prefix "(?<prefix>[01]+)", (?<keys>\d+) keys in (?<number>[\d.]+)(?<unit>m?s)$""")]
    private static partial Regex Finished();

    /// <summary>The capture, read once.</summary>
    public sealed class Cut
    {
        /// <summary>The capture in the repository.</summary>
        public SweepCapture Capture { get; } = SweepCapture.Read(TestFiles.Data("kubo-sweep"));
    }
}
