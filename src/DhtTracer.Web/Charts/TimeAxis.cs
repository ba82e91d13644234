using System.Globalization;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Web.Search;

namespace DhtTracer.Web.Charts;

/// <summary>
/// The time axis of a chart over a range: cut into periods (5 or 15 minutes, hours or days) that are as many as a chart can show, with
/// labels at round times. A range of more than <see cref="MostSlots"/> days is no axis any more: then the days that have queries stand side
/// by side, the latest ones, with an empty place that says how long nothing was between days that do not follow each other.
/// </summary>
internal sealed class TimeAxis
{
    /// <summary>Greatest number of periods on one axis: more would be thinner than a pixel.</summary>
    public const int MostSlots = 400;

    private const int MostLabels = 8;

    /// <summary>Room of a label with a year, percent.</summary>
    private const double LabelWidth = 9;

    private static readonly (TimeSpan Longest, TimeSpan Period, string Name)[] Scales =
    [
        (TimeSpan.FromHours(2), TimeSpan.FromMinutes(5), "5 minutes"),
        (TimeSpan.FromHours(8), TimeSpan.FromMinutes(15), "15 minutes"),
        (TimeSpan.FromDays(15), TimeSpan.FromHours(1), "hour"),
        (TimeSpan.MaxValue, TimeSpan.FromDays(1), "day"),
    ];

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(3),
        TimeSpan.FromHours(6),
        TimeSpan.FromHours(12),
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(2),
        TimeSpan.FromDays(4),
        TimeSpan.FromDays(7),
        TimeSpan.FromDays(14),
        TimeSpan.FromDays(28),
        TimeSpan.FromDays(56),
    ];

    private readonly DateTimeOffset _first;
    private readonly IReadOnlyList<int> _slots = [];

    private TimeAxis(
        TimeSpan period,
        string name,
        DateTimeOffset first,
        int slots,
        bool isContinuous,
        IReadOnlyList<PeriodFacts> periods,
        int left,
        IReadOnlyList<int>? places = null
    )
    {
        _slots = places ?? [];
        (Period, Name, _first, Slots, IsContinuous, Periods, Left) = (period, name, first, slots, isContinuous, periods, left);
    }

    /// <summary>Length of a period.</summary>
    public TimeSpan Period { get; }

    /// <summary>A period in words, after "by": <c>hour</c>, <c>15 minutes</c>.</summary>
    public string Name { get; }

    /// <summary>Periods that have queries and are drawn, oldest first.</summary>
    public IReadOnlyList<PeriodFacts> Periods { get; }

    /// <summary>Whether distances are distances in time.</summary>
    public bool IsContinuous { get; }

    /// <summary>Periods with queries that are left out.</summary>
    public int Left { get; }

    /// <summary>Places on the axis.</summary>
    public int Slots { get; }

    /// <summary>Width of a place, percent.</summary>
    public double Width => 100.0 / Slots;

    /// <summary>Lays out the queries of a range.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="range">The range; where it has no end, it ends with the present or the last query.</param>
    /// <param name="now">The present.</param>
    public static TimeAxis Of(OperationColumns operations, TimeRange range, DateTimeOffset now)
    {
        var present = TimeRange.UnixNano(now);
        var from = range.FromUnixNano ?? operations.FirstUnixNano ?? present;
        var to = range.ToUnixNano ?? Math.Max(range.FromUnixNano is null ? 0 : present, (operations.LastUnixNano ?? from) + 1);
        to = Math.Max(to, from + 1);
        var length = TimeSpan.FromTicks((long)((to - from) / TimeSpan.NanosecondsPerTick));
        var (_, period, name) = Scales.First(scale => length <= scale.Longest);
        var periods = PeriodFacts.Of(operations, period);
        var nanoseconds = (ulong)period.Ticks * TimeSpan.NanosecondsPerTick;
        var (firstNumber, lastNumber) = (from / nanoseconds, (to - 1) / nanoseconds);
        if (lastNumber - firstNumber >= MostSlots)
        {
            var kept = periods.TakeLast(MostSlots).ToList();
            var places = new List<int>(kept.Count);
            foreach (var day in kept)
            {
                places.Add(places.Count == 0 ? 0 : places[^1] + (day.Start - kept[places.Count - 1].Start > period ? 2 : 1));
            }

            return new TimeAxis(
                period,
                name,
                default,
                places.Count == 0 ? 1 : places[^1] + 1,
                false,
                kept,
                periods.Length - kept.Count,
                places
            );
        }

        return new TimeAxis(
            period,
            name,
            DateTimeOffset.UnixEpoch.AddTicks((long)firstNumber * period.Ticks),
            (int)(lastNumber - firstNumber) + 1,
            true,
            periods,
            0
        );
    }

    /// <summary>The place of the period at an index of <see cref="Periods"/>.</summary>
    public int Slot(int index) => IsContinuous ? (int)((Periods[index].Start - _first).Ticks / Period.Ticks) : _slots[index];

    /// <summary>Left edge of a place, percent.</summary>
    public double X(int slot) => 100.0 * slot / Slots;

    /// <summary>Round times that have a label, at most eight.</summary>
    public IEnumerable<(double X, string Text)> Labels()
    {
        if (!IsContinuous)
        {
            var each = Math.Max(1, (Periods.Count + MostLabels - 1) / MostLabels);
            var last = double.NegativeInfinity;
            for (var i = 0; i < Periods.Count; i++)
            {
                // The day after a gap has a label where there is room: it does not follow the one before it.
                var afterGap = i > 0 && _slots[i] > _slots[i - 1] + 1;
                if (afterGap && X(_slots[i] - 1) - last >= LabelWidth)
                {
                    yield return (X(_slots[i] - 1), "⋯");
                }

                if ((afterGap || i % each == 0) && X(_slots[i]) - last >= LabelWidth)
                {
                    last = X(_slots[i]);
                    yield return (last, Day(Periods[i].Start, withYear: true));
                }
            }

            yield break;
        }

        var length = Period * Slots;
        var step = Steps.FirstOrDefault(candidate => candidate >= Period && length / candidate <= MostLabels, Steps[^1]);
        var number = (_first - DateTimeOffset.UnixEpoch).Ticks / step.Ticks;
        for (var time = DateTimeOffset.UnixEpoch.AddTicks(number * step.Ticks); time < _first + length; time += step)
        {
            if (time >= _first)
            {
                yield return (100.0 * (time - _first).Ticks / length.Ticks, Label(time, step, length));
            }
        }
    }

    /// <summary>A period in words: its start, and its length where that is not an hour.</summary>
    public string NameOf(PeriodFacts period) =>
        Period >= TimeSpan.FromDays(1)
            ? Day(period.Start, withYear: true)
            : period.Start.ToString("d MMM yyyy HH:mm", CultureInfo.InvariantCulture);

    private static string Label(DateTimeOffset time, TimeSpan step, TimeSpan length) =>
        step >= TimeSpan.FromDays(1) || time.TimeOfDay == TimeSpan.Zero
            ? Day(time, withYear: length > TimeSpan.FromDays(300))
            : time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset time, bool withYear) =>
        time.ToString(withYear ? "d MMM yyyy" : "d MMM", CultureInfo.InvariantCulture);
}
