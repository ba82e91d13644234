using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Operations;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Queries;

/// <summary>What a row of the list of queries says.</summary>
internal static class RowWords
{
    /// <summary>Why a row has the mark "no peers".</summary>
    public const string SkippedNote = "It had nobody to ask: an empty routing table, or a local hit. It counts in no statistic.";

    /// <summary>An operation that takes longer is marked in the list.</summary>
    private const long SlowNs = 10_000_000_000;

    /// <summary>Whether a duration is long enough to be marked.</summary>
    public static bool IsSlow(long durationNs) => durationNs > SlowNs;

    /// <summary>Peers heard of: at least so many when the trace does not show all.</summary>
    public static string? Seen(QuerySummary? query) =>
        query?.Counts.Seen is not { } seen ? null
        : query.Counts.SeenComplete ? $"{seen:N0}"
        : $"≥ {seen:N0}";

    /// <summary>Greatest hops, or a lower bound.</summary>
    public static string? Hops(QuerySummary? query) =>
        query?.Hops is { } hops ? $"{hops}"
        : query?.HopsAtLeast is > 0 and var least ? $"≥ {least}"
        : null;

    /// <summary>What a query is of its operation: WAN, LAN, or its type.</summary>
    public static string Part(QuerySummary query) => query.Side is { } side ? Wording.Of(side) : Wording.Of(query.Type);

    /// <summary>What asked for an operation, such as <c>/api/v0/routing/findprovs</c>; null when nothing of it is in the trace.</summary>
    public static string? Command(Operation operation) =>
        operation.Command is null ? null
        : operation.Context.FirstOrDefault(above => above.SpanId == operation.Command) is { } command ? command.Detail ?? command.Name
        : null;

    /// <summary>The queries of an operation in one line: <c>WAN · LAN</c>, or <c>3 find-peer</c>.</summary>
    public static string PartsText(ListedOperation row) =>
        string.Join(
            " · ",
            row.Queries.GroupBy(Part).Select(static group => group.Count() > 1 ? $"{group.Count()} {group.Key}" : group.Key)
        );

    /// <summary>Which kind of background work an operation is.</summary>
    public static string BackgroundText(Operation operation) =>
        operation.BackgroundKind is { } kind ? Wording.OfName(Words.Of(kind)) : "background";
}
