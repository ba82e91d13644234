using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

public class UnsettledTimeTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Settle = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_stretch_is_read_again_at_growing_intervals_and_for_the_last_time_after_it_has_settled()
    {
        var unsettled = new UnsettledTime(Settle, First);
        unsettled.Add(Window(0, 5), Start + TimeSpan.FromSeconds(5));
        var readings = new List<double>();
        for (var second = 5; second < 2000; second++)
        {
            var now = Start + TimeSpan.FromSeconds(second);
            foreach (var stretch in unsettled.TakeDue(now))
            {
                readings.Add(second);
                unsettled.ReadAgain(stretch, now);
            }
        }

        Assert.Null(unsettled.From);
        Assert.InRange(readings.Count, 3, 12);
        Assert.True(readings[0] <= 15, $"first at {readings[0]} s");
        Assert.True(readings[^1] >= 605, $"last at {readings[^1]} s");
        Assert.All(readings.SkipLast(1).Zip(readings.Skip(1)), pair => Assert.True(pair.Second > pair.First));
    }

    [Fact]
    public void Nothing_settles_that_was_not_read_after_it_was_old_enough()
    {
        // Whatever the moments of reading, a stretch is gone only after a reading that began SettleAfter past its end.
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var unsettled = new UnsettledTime(Settle, First);
            var lastRead = new Dictionary<long, DateTimeOffset>();
            var now = Start;
            long frontier = 0;
            for (var step = 0; step < 300; step++)
            {
                now += TimeSpan.FromSeconds(random.Next(1, 90));
                var end = (long)(now - Start).TotalSeconds;
                unsettled.Add(Window(frontier, end), now);
                for (; frontier < end; frontier++)
                {
                    lastRead[frontier] = now;
                }

                foreach (var stretch in unsettled.TakeDue(now))
                {
                    foreach (
                        var second in lastRead
                            .Keys.Where(second => Second(second) >= stretch.Time.From && Second(second) <= stretch.Time.To)
                            .ToList()
                    )
                    {
                        lastRead[second] = now;
                    }

                    unsettled.ReadAgain(stretch, now);
                }

                var settled = unsettled.From ?? Second(frontier);
                Assert.All(
                    lastRead.Where(item => Second(item.Key) < settled),
                    item =>
                        Assert.True(
                            item.Value >= Start + TimeSpan.FromSeconds(item.Key) + Settle,
                            $"second {item.Key} settled though last read at {item.Value}"
                        )
                );
                foreach (var second in lastRead.Keys.Where(second => Second(second) < settled).ToList())
                {
                    lastRead.Remove(second);
                }
            }
        }
    }

    [Fact]
    public void Neighbours_that_are_due_together_are_read_as_one()
    {
        var unsettled = new UnsettledTime(Settle, First);
        for (var i = 0; i < 20; i++)
        {
            unsettled.Add(Window(i * 5, (i + 1) * 5), Start + TimeSpan.FromSeconds((i + 1) * 5));
        }

        var due = Assert.Single(unsettled.TakeDue(Start + TimeSpan.FromSeconds(200)));
        Assert.Equal(Window(0, 100), due.Time);
    }

    private static long Second(long second) => TimeWindow.UnixNano(Start) + (second * 1_000_000_000);

    private static TimeWindow Window(long fromSecond, long toSecond) => new(Second(fromSecond), Second(toSecond) - 1);
}
