using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

public class RereadScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    [Fact]
    public void Each_moment_is_read_again_at_doubling_ages_and_for_the_last_time_at_a_day()
    {
        var ages = Ages(TimeSpan.FromHours(24), Second(0), seconds: 60 * 3600);

        // A stretch is read when an eighth of its age has gathered, or half an hour, at the next poll.
        int[] planned = [10, 20, 40, 80, 160, 320, 600, 1200, 2400, 4800, 9600, 19200, 38400, 86400];
        Assert.Equal(planned.Length, ages.Count);
        Assert.All(ages.Zip(planned), pair => Assert.InRange(pair.First, pair.Second, pair.Second + Math.Min(pair.Second / 8, 1800) + 6));
    }

    [Fact]
    public void A_short_horizon_is_read_to_its_end()
    {
        var ages = Ages(TimeSpan.FromMinutes(10), Second(0), seconds: 3600);
        Assert.InRange(ages[^1], 600, 681);
        Assert.Equal(7, ages.Count);
    }

    [Fact]
    public void Nothing_counts_as_reread_that_was_not_read_at_the_full_age()
    {
        // Whatever the moments of reading, and with restarts in between.
        var late = TimeSpan.FromMinutes(10);
        var random = new Random(3);
        for (var round = 0; round < 5; round++)
        {
            var schedule = new RereadSchedule(Poll, late, Second(0));
            var lastRead = new Dictionary<long, long>();
            long now = 0;
            long frontier = 0;
            for (var step = 0; step < 300; step++)
            {
                now += random.Next(1, 90);
                schedule.Read(new TimeWindow(Second(frontier), Second(now) - 1), Second(now));
                for (; frontier < now; frontier++)
                {
                    lastRead[frontier] = now;
                }

                foreach (var stretch in schedule.Due(Second(now), Second(frontier)).ToList())
                {
                    foreach (var second in lastRead.Keys.Where(second => Second(second) >= stretch.From && Second(second) <= stretch.To))
                    {
                        lastRead[second] = now;
                    }

                    schedule.Read(stretch, Second(now));
                }

                Assert.All(
                    lastRead.Where(item => Second(item.Key) < schedule.RereadUntil),
                    item => Assert.True(item.Value - item.Key >= late.TotalSeconds, $"second {item.Key} was last read at {item.Value}")
                );
                foreach (var second in lastRead.Keys.Where(second => Second(second) < schedule.RereadUntil).ToList())
                {
                    lastRead.Remove(second);
                }

                Assert.True(schedule.RereadUntil > Second(now - 900), "rereading falls behind");
                if (random.Next(20) == 0)
                {
                    var until = schedule.RereadUntil;
                    schedule = new RereadSchedule(Poll, late, Second(0));
                    schedule.Resume(until, Second(now));
                }
            }
        }
    }

    [Fact]
    public void Older_time_that_is_read_for_the_first_time_is_read_again_too()
    {
        var now = Second(86400);
        var schedule = new RereadSchedule(Poll, TimeSpan.FromHours(10), Second(80000));
        schedule.Read(new TimeWindow(Second(80000), now - 1), now);
        schedule.ReadOlder(new TimeWindow(Second(40000), Second(80000) - 1), now);
        Assert.Equal(Second(86400 - 36000), schedule.RereadUntil);
    }

    /// <summary>The ages in seconds at which the first second is read again, when a look is taken each five seconds.</summary>
    private static List<double> Ages(TimeSpan late, long from, int seconds)
    {
        var schedule = new RereadSchedule(Poll, late, from);
        var ages = new List<double>();
        long frontier = 0;
        for (long now = 5; now < seconds; now += 5)
        {
            schedule.Read(new TimeWindow(Second(frontier), Second(now) - 1), Second(now));
            frontier = now;
            foreach (var stretch in schedule.Due(Second(now), Second(frontier)).ToList())
            {
                if (stretch.From <= from && stretch.To >= from)
                {
                    ages.Add(now);
                }

                schedule.Read(stretch, Second(now));
            }
        }

        return ages;
    }

    private static long Second(long second) => TimeWindow.UnixNano(Start) + (second * 1_000_000_000);
}
