namespace DhtTracer.Web.Search;

/// <summary>The queries of a stretch of time compared with the same ones earlier, as an overview offers it.</summary>
/// <param name="Title">With what, in words.</param>
/// <param name="Address">The comparison: A earlier, B now.</param>
internal sealed record EarlierStretch(string Title, string Address)
{
    private static readonly (string Title, TimeSpan Back)[] SameTime =
    [
        ("the same time the day before", TimeSpan.FromDays(1)),
        ("the same time a week before", TimeSpan.FromDays(7)),
    ];

    /// <summary>What a stretch can be compared with: as much time just before it, and the same time of earlier days that it does not reach
    /// into.</summary>
    /// <param name="range">The stretch; without a beginning there is nothing before it.</param>
    /// <param name="address">What else narrows the queries.</param>
    /// <param name="now">Its end, when it has none.</param>
    public static IReadOnlyList<EarlierStretch> Of(TimeRange range, QueryListAddress address, DateTimeOffset now)
    {
        // To the second, as ranges begin: an hour is then compared with an hour, and its address can be read.
        var end = range.ToUnixNano ?? TimeRange.UnixNano(now) / 1_000_000_000 * 1_000_000_000;
        if (range.FromUnixNano is not { } from || from >= end)
        {
            return [];
        }

        var length = end - from;
        var found = new List<EarlierStretch>();
        Add("as much time just before", length);
        foreach (var (title, back) in SameTime)
        {
            var shift = (ulong)back.Ticks * TimeSpan.NanosecondsPerTick;
            if (shift > length)
            {
                Add(title, shift);
            }
        }

        return found;

        void Add(string title, ulong back)
        {
            if (back <= from)
            {
                var (before, present) = (new TimeRange("custom", from - back, end - back), new TimeRange("custom", from, end));
                found.Add(
                    new(
                        title,
                        ComparedSet.Compare(ComparedSet.Of("a", before.Narrow(address)), ComparedSet.Of("b", present.Narrow(address)))
                    )
                );
            }
        }
    }
}
