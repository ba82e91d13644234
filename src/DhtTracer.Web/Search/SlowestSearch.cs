using DhtTracer.Storage;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Search;

/// <summary>The slowest share of a set and the rest of it, as an address asks for them; for the page and the API.</summary>
/// <param name="Sets">Both sets; null when there is a problem.</param>
/// <param name="Problems">What is not valid, or why nothing is slower than the rest; each a sentence.</param>
internal sealed record SlowestSearch((ComparedSet Others, ComparedSet Slow)? Sets, IReadOnlyList<string> Problems)
{
    /// <summary>Reads an address and the durations of its set.</summary>
    public static async Task<SlowestSearch> ReadAsync(
        TraceStore store,
        IQueryCollection query,
        string? share,
        string? range,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var address = await QueryListAddress.Parse(query, now).ResolveAsync(store, cancellationToken);
        var stretch = TimeRange.Parse(range, address, now);
        var percent = share is null ? SlowestShare.Usual : SlowestShare.Parse(share);
        var problems = address.Problems.ToList();
        if (range is not null && stretch is null)
        {
            problems.Add(TimeRange.Problem(range));
        }

        if (percent is null)
        {
            problems.Add(SlowestShare.Problem(share!));
        }

        if (problems.Count > 0 || percent is not { } chosen)
        {
            return new SlowestSearch(null, problems);
        }

        var set = (stretch ?? TimeRange.All).Narrow(address).With(("sort", null), ("at", null));
        using var operations = await store.ReadOperationsAsync(set.Filter, cancellationToken);
        return SlowestShare.Of(set, operations, chosen) is { } sets
            ? new SlowestSearch(sets, [])
            : new SlowestSearch(null, [$"There is no slowest {chosen} %: {operations.Count:N0} operations. Widen the filter."]);
    }
}
