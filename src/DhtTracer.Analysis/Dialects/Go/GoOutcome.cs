using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// How a query of go-libp2p-kad-dht ended. The library rarely says that its caller gave up: a cancelled FindPeer says "routing: not found",
/// a cancelled provider lookup says nothing, and the lookup may have terminated as completed before. But then the errors of the requests
/// are those of the caller's context. When a query has reached its goal, the library itself cancels what it no longer needs.
/// </summary>
internal static class GoOutcome
{
    /// <param name="root">The root; null when it never arrived.</param>
    /// <param name="type">What it was for.</param>
    /// <param name="found">Whether the goal was reached; null when only the end of the query shows it.</param>
    /// <param name="lookup">Its requests.</param>
    /// <param name="whole">No span is known to be missing.</param>
    /// <param name="error">The error on the root; null when it has none.</param>
    public static QueryOutcome Of(Span? root, QueryType type, bool? found, GoLookup lookup, bool whole, out TraceError? error)
    {
        error = null;
        if (root is not { EndUnixNano: not 0 })
        {
            return QueryOutcome.Incomplete;
        }

        var text = root.IsError() ? root.StatusMessage() : null;
        error = root.IsError() ? GoRequests.Failure(text).Error : null;
        if (type == QueryType.Ping)
        {
            // The span of a ping has no status, but its request has.
            error ??= lookup.Phases.Keys.Select(static request => request.Error).FirstOrDefault(static failure => failure is not null);
        }

        if (found == true)
        {
            return QueryOutcome.Success;
        }

        if (error is null && type is QueryType.AddProvider or QueryType.PutValue)
        {
            return QueryOutcome.Success;
        }

        if (error is { Class: not (ErrorClass.NotFound or ErrorClass.Cancelled) })
        {
            return QueryOutcome.Failed;
        }

        return GivenUp(text, lookup)
            ?? (
                !whole ? QueryOutcome.Incomplete
                : lookup.Termination == QueryTermination.Cancelled ? QueryOutcome.Cancelled
                : found == false || error is not null ? QueryOutcome.NotFound
                : QueryOutcome.Success
            );
    }

    /// <summary>
    /// The outcome of a query whose spans another program wrote. It uses only what the root says, not the rules of go-libp2p-kad-dht.
    /// </summary>
    public static QueryOutcome OfForeign(Span? root, QueryType type, bool? found, QueryTermination? termination, out TraceError? error)
    {
        error = null;
        if (root is not { EndUnixNano: not 0 })
        {
            return QueryOutcome.Incomplete;
        }

        if (root.IsError())
        {
            error = GoRequests.Failure(root.StatusMessage()).Error;
            return error?.Class switch
            {
                ErrorClass.NotFound => QueryOutcome.NotFound,
                ErrorClass.Cancelled => QueryOutcome.Cancelled,
                _ => QueryOutcome.Failed,
            };
        }

        var ended =
            type is QueryType.AddProvider or QueryType.PutValue
            || (type == QueryType.GetClosestPeers && termination == QueryTermination.Completed);
        return found == true || ended ? QueryOutcome.Success : QueryOutcome.Unknown;
    }

    /// <summary>The caller cancelled, or its deadline passed; null when nothing shows either.</summary>
    private static QueryOutcome? GivenUp(string? text, GoLookup lookup)
    {
        var cancelled = ErrorText.IsOfContext(text, out var deadline);
        foreach (var (request, phase) in lookup.Phases)
        {
            if (
                (phase != GoPhase.Direct || request.Type == MessageType.Ping)
                && request.Outcome == RequestOutcome.Cancelled
                && ErrorText.IsOfContext(request.Error?.Text, out var late)
            )
            {
                cancelled = true;
                deadline |= late;
            }
        }

        return deadline ? QueryOutcome.TimedOut
            : cancelled ? QueryOutcome.Cancelled
            : null;
    }
}
