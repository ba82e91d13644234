using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>How a query of go-libp2p-kad-dht ended.</summary>
internal static class GoOutcome
{
    public static QueryOutcome Of(Span? root, QueryType type, int? results, QueryTermination? termination, out TraceError? error)
    {
        error = null;
        if (root is not { EndUnixNano: not 0 })
        {
            return QueryOutcome.Incomplete;
        }

        if (root.IsError())
        {
            error = ErrorText.Classify(root.StatusMessage());

            // A FindPeer that was cancelled reports "routing: not found" all the same.
            if (error.Class == ErrorClass.NotFound && termination == QueryTermination.Cancelled)
            {
                return QueryOutcome.Cancelled;
            }

            return error.Class switch
            {
                ErrorClass.NotFound => QueryOutcome.NotFound,
                ErrorClass.Cancelled => QueryOutcome.Cancelled,
                ErrorClass.RequestTimeout or ErrorClass.DialTimeout => QueryOutcome.TimedOut,
                _ => QueryOutcome.Failed,
            };
        }

        // A provider lookup reports no error: neither when nobody provides, nor on an empty routing table, nor when it was cancelled.
        var looksForSomething = type is QueryType.GetProviders or QueryType.GetValue;
        if (looksForSomething && results is 0 or null)
        {
            return termination == QueryTermination.Cancelled ? QueryOutcome.Cancelled : QueryOutcome.NotFound;
        }

        // With something found, a cancellation is the caller having enough.
        return termination == QueryTermination.Cancelled && type == QueryType.GetClosestPeers ? QueryOutcome.Cancelled : QueryOutcome.Success;
    }
}
