using System.Globalization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>Sentences about a query, shared by pages, exports and the command line.</summary>
public static class QueryNotes
{
    /// <summary>The known losses: <c>2 requests may be missing: at least 2 spans were lost …</c>; null when none is known.</summary>
    public static string? Missing(MissingParts missing)
    {
        if (missing is { Spans: 0, Events: 0 })
        {
            return null;
        }

        var events =
            missing.Events > 0 ? $"{Count(missing.Events, "event")} {(missing.Events == 1 ? "was" : "were")} dropped by the sender. " : "";
        var spans =
            missing.Spans > 0
                ? $"{Count(missing.Spans, "request")} may be missing: at least {Count(missing.Spans, "span")} "
                    + $"{(missing.Spans == 1 ? "was" : "were")} lost before arrival. "
                : "";
        return $"{spans}{events}What is not shown here is unknown, not \"not asked\".";
    }

    /// <summary>Why a side asked nobody; null for a query that is not skipped.</summary>
    public static string? Skipped(QuerySummary query) =>
        !query.Skipped ? null
        : query.Outcome == QueryOutcome.Success
            ? "No peers: the node had the answer itself and asked nobody. Statistics do not count this query."
        : "No peers: the routing table was empty, so nobody was asked. Statistics do not count this query.";

    /// <summary>What is unknown about an operation, because other spans are missing or fit several operations; empty for most.</summary>
    public static IEnumerable<string> OfOperation(Operation operation)
    {
        if (operation is { ParentIsMissing: true, Background: false })
        {
            yield return "The span above this operation has not arrived, so who asked for it is unknown: it counts as asked by somebody, "
                + "but the node may have asked for itself.";
        }

        if (operation.UnclearParts > 0)
        {
            yield return $"{Count(operation.UnclearParts, "request")} in other traces can be of this operation or of another one of the "
                + "same key that started within a millisecond of it. They are not counted here.";
        }

        if (NotJoined(operation) is { } notJoined)
        {
            yield return notJoined;
        }
    }

    /// <summary>
    /// Why query events were not joined with spans that could be of the same operation; null when there is nothing to report.
    /// </summary>
    public static string? NotJoined(Operation operation) =>
        operation.SpansThatFit switch
        {
            null or 0 => null,
            1 => "Not joined with spans: one operation fits these events, and it fits other events too.",
            var fits => $"Not joined with spans: {fits} operations of this key fit these events, and nothing tells which one it is.",
        };

    /// <summary>How a query ended, with its cause.</summary>
    public static string Outcome(QuerySummary query) =>
        query.Outcome switch
        {
            QueryOutcome.Success => "It got what it was for.",
            QueryOutcome.NotFound => "It asked everyone it should and found nothing.",
            QueryOutcome.Cancelled => "Its caller cancelled it.",
            QueryOutcome.TimedOut => "Its caller's deadline passed.",
            QueryOutcome.Failed => "It failed.",
            _ => "Its root span has not arrived.",
        };

    /// <summary>Why a lookup stopped asking, to follow "when": <c>it had enough</c>; null when the trace does not show it.</summary>
    public static string? Termination(QueryTermination? termination) =>
        termination switch
        {
            QueryTermination.Completed => "the closest peers had answered",
            QueryTermination.Starvation => "nobody was left to ask",
            QueryTermination.Stopped => "it had enough",
            QueryTermination.Cancelled => "its caller gave up",
            _ => null,
        };

    private static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");
}
