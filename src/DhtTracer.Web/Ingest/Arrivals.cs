using System.Globalization;
using DhtTracer.Storage;

namespace DhtTracer.Web.Ingest;

/// <summary>What has arrived so far, for pages that wait for their first query.</summary>
internal sealed class Arrivals(TraceStore store, IngestReader reader)
{
    private const int MostServices = 3;

    /// <summary>
    /// What has arrived, in a sentence: <c>412 spans of Kubo have arrived, no lookup yet.</c>; what was refused is told with it.
    /// </summary>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var report = await reader.ReadAsync(cancellationToken);
        var services = await store.ListServicesAsync(cancellationToken);
        return Text(
            report.Database.Spans,
            report.Analysis.PendingSpans,
            report.Database.Queries,
            services,
            report.Receivers.Sum(static receiver => receiver.Refused)
        );
    }

    /// <summary>The sentence.</summary>
    /// <param name="spans">Spans of analysed traces.</param>
    /// <param name="pending">Spans stored and not yet analysed.</param>
    /// <param name="queries">Queries found in them, background ones included.</param>
    /// <param name="services">Services that they are of.</param>
    /// <param name="refused">Messages of which no span was accepted.</param>
    public static string Text(long spans, long pending, long queries, IReadOnlyList<string> services, long refused)
    {
        var rejected = refused == 0 ? "" : $" {Count(refused, "message")} {(refused == 1 ? "was" : "were")} refused: Ingest says why.";
        if (spans + pending == 0)
        {
            return "No span has arrived yet." + rejected;
        }

        var named = services.Where(static service => service.Length > 0).Take(MostServices).ToList();
        var of = named.Count == 0 ? "" : $" of {string.Join(", ", named)}{(services.Count > named.Count ? " and others" : "")}";
        var waiting =
            pending == 0
                ? ""
                : $", {(spans == 0 ? "" : $"{pending.ToString("N0", CultureInfo.InvariantCulture)} of them ")}not analysed yet";
        var found = queries == 0 ? "no lookup yet" : $"{Count(queries, "query", "queries")} in them";
        return $"{Count(spans + pending, "span")}{of} {(spans + pending == 1 ? "has" : "have")} arrived{waiting}, {found}.{rejected}";
    }

    private static string Count(long count, string one, string? many = null) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many ?? one + "s")}";
}
