using DhtTracer.Analysis.Alarms;

namespace DhtTracer.Analysis.Tests.Alarms;

public sealed class AlarmBookTests
{
    private const ulong Hour = 3_600_000_000_000;
    private const ulong First = 490_000 * Hour;

    [Fact]
    public void An_alarm_is_raised_once_and_ends_with_the_first_of_two_fine_hours()
    {
        var log = Run("fine alarm alarm fine fine fine");

        Assert.Equal(["1 raised", "4 ended at 3"], log);
    }

    [Fact]
    public void A_figure_that_goes_to_and_fro_is_one_alarm()
    {
        var log = Run("alarm fine alarm fine alarm fine alarm fine fine");

        Assert.Equal(["0 raised", "8 ended at 7"], log);
    }

    [Fact]
    public void An_hour_that_is_unsure_neither_raises_nor_ends_an_alarm()
    {
        Assert.Empty(Run("unsure unsure"));
        Assert.Equal(["0 raised"], Run("alarm fine unsure fine unsure"));
    }

    [Fact]
    public void An_alarm_ends_after_a_day_without_enough_lookups()
    {
        var log = Run("alarm " + string.Join(' ', Enumerable.Repeat("too-few", 24)));

        Assert.Equal(["0 raised", "24 ended at 1"], log);
        Assert.Equal(["0 raised"], Run("alarm " + string.Join(' ', Enumerable.Repeat("too-few", 23)) + " alarm"));
    }

    [Fact]
    public void An_alarm_that_comes_back_later_is_another_one()
    {
        Assert.Equal(["0 raised", "2 ended at 1", "3 raised"], Run("alarm fine fine alarm"));
        Assert.NotEqual(Alarm.Of(Finding(FindingState.Alarm), First).Id, Alarm.Of(Finding(FindingState.Alarm), First + Hour).Id);
    }

    [Fact]
    public void No_more_than_a_fixed_number_of_alarms_is_open_at_once()
    {
        var many = Enumerable.Range(0, AlarmBook.MostOpen + 100).Select(i => Finding(FindingState.Alarm) with { Subject = $"agent {i}" });

        Assert.Equal(AlarmBook.MostOpen, AlarmBook.Next([], many, First).Raised.Length);
    }

    [Fact]
    public void An_alarm_is_the_same_after_it_was_stored()
    {
        var alarm = Alarm.Of(Finding(FindingState.Alarm) with { Subject = "<b>\"\0\ud800", Figure = 0.5 }, ulong.MaxValue) with
        {
            UntilUnixNano = 7,
            End = AlarmEnd.TooFew,
            Reference = [First, First + Hour],
        };
        var read = AlarmJson.Read(AlarmJson.Write(alarm));

        Assert.Equal((alarm.Id, ulong.MaxValue, 7UL, AlarmEnd.TooFew), (read.Id, read.SinceUnixNano, read.UntilUnixNano, read.End));
        Assert.Equal((IEnumerable<ulong>)alarm.Reference, read.Reference);
        Assert.Equal((0.5, null), (read.Raised.Figure, read.Raised.Expected));
        Assert.Contains($"\"sinceUnixNano\":\"{ulong.MaxValue}\"", AlarmJson.Write(alarm), StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(static () => AlarmJson.Read("{"));
    }

    private static AlarmFinding Finding(FindingState state) =>
        new()
        {
            Kind = AlarmKind.DurationP50,
            Subject = "get-providers",
            State = state,
        };

    private static List<string> Run(string states)
    {
        var open = new List<Alarm>();
        var log = new List<string>();
        foreach (var (i, word) in states.Split(' ').Index())
        {
            Assert.True(Words.TryParse<FindingState>(word, out var state));
            var changes = AlarmBook.Next(open, [Finding(state)], First + ((ulong)i * Hour));
            open = [.. changes.Raised, .. changes.Going];
            log.AddRange(changes.Raised.Select(_ => $"{i} raised"));
            log.AddRange(changes.Ended.Select(alarm => $"{i} ended at {(alarm.UntilUnixNano - First) / Hour}"));
        }

        return log;
    }
}
