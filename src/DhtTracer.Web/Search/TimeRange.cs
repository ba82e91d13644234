using DhtTracer.Storage.Filters;

namespace DhtTracer.Web.Search;

/// <summary>The stretch of time that a page of statistics looks at.</summary>
/// <param name="Name">Its name in addresses: <c>24h</c>, <c>all</c>, or <c>custom</c> when from or to are given.</param>
/// <param name="FromUnixNano">From this time on; null without a beginning.</param>
/// <param name="ToUnixNano">Before this time; null without an end.</param>
internal sealed record TimeRange(string Name, ulong? FromUnixNano, ulong? ToUnixNano)
{
    /// <summary>The whole archive.</summary>
    public static TimeRange All { get; } = new("all", null, null);

    /// <summary>The ranges that pages offer, by the name that addresses use.</summary>
    public static IReadOnlyList<(string Name, string Title, TimeSpan? Length)> Offered { get; } =
    [
        ("1h", "1 hour", TimeSpan.FromHours(1)),
        ("6h", "6 hours", TimeSpan.FromHours(6)),
        ("24h", "24 hours", TimeSpan.FromDays(1)),
        ("7d", "7 days", TimeSpan.FromDays(7)),
        ("30d", "30 days", TimeSpan.FromDays(30)),
        ("all", "all", null),
    ];

    /// <summary>What to write to a reader whose address names none of <see cref="Offered"/>.</summary>
    public static string Problem(string name) =>
        $"\"{name}\" (range) is not one of {string.Join(", ", Offered.Select(static offered => offered.Name))}.";

    /// <summary>The range of an address.</summary>
    /// <param name="name">One of <see cref="Offered"/>; null when the address does not say.</param>
    /// <param name="address">Its from and to go before the name.</param>
    /// <param name="now">The present.</param>
    /// <returns>Null when the address says nothing, or nothing that is known.</returns>
    public static TimeRange? Parse(string? name, QueryListAddress address, DateTimeOffset now)
    {
        if (address.Says("from") || address.Says("to") || address.Says("since"))
        {
            return new TimeRange("custom", address.Filter.FromUnixNano, address.Filter.ToUnixNano);
        }

        return name is null ? null : Named(name, now);
    }

    /// <summary>A range by its name; null when there is none of this name.</summary>
    public static TimeRange? Named(string name, DateTimeOffset now)
    {
        foreach (var (offered, _, length) in Offered)
        {
            if (offered == name)
            {
                // To the second: an address of the page can then name the same beginning.
                return length is { } span ? new TimeRange(name, UnixNano(now - span) / 1_000_000_000 * 1_000_000_000, null) : All;
            }
        }

        return null;
    }

    /// <summary>The address narrowed to this range.</summary>
    public QueryListAddress Narrow(QueryListAddress address) =>
        address
            .WithoutTerms("since", "from", "to")
            .With(
                ("from", FromUnixNano is { } from ? TimeInput.Text(from) : null),
                ("to", ToUnixNano is { } to ? TimeInput.Text(to) : null)
            );

    /// <summary>A time as nanoseconds since 1970; times before that become 0.</summary>
    public static ulong UnixNano(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch ? 0 : (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
