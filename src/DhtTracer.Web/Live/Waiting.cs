using System.Globalization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Live;

/// <summary>A query that was begun from this site and of which no span has arrived yet. Its page waits for a limited time instead of being
/// 404.</summary>
/// <param name="Query">The permalink, which the node tells before the first span.</param>
/// <param name="Since">When it was begun.</param>
/// <param name="Ends">Whether the time to wait is over.</param>
internal sealed record Waiting(QueryId Query, DateTimeOffset Since, bool Ends)
{
    /// <summary>How long a first span may take: the node exports every half second, and a collector between may batch for some
    /// seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long the address is valid.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    /// <summary>The address of the page of a query that begins at this moment: <c>/q/…?follow=1795334400</c>.</summary>
    public static string Address(QueryId query, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"/q/{query}?follow={now.ToUnixTimeSeconds()}");

    /// <summary>Reads the parameter <c>follow</c>; null when it is absent, not a time, or expired.</summary>
    public static Waiting? Parse(QueryId query, string? follow, DateTimeOffset now)
    {
        if (
            !long.TryParse(follow, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > now.ToUnixTimeSeconds() + 5
            || seconds < (now - Validity).ToUnixTimeSeconds()
        )
        {
            return null;
        }

        var since = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return new Waiting(query, since, now - since > Patience);
    }
}
