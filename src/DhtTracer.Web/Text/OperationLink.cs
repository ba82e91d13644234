using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Text;

/// <summary>Where an operation leads: to its only query when that says all there is to say, else to its own page.</summary>
internal static class OperationLink
{
    /// <summary>The address of an operation.</summary>
    public static string Of(Operation operation) => Of(operation.Id, operation.Decisive);

    /// <summary>The address of an operation that is counted.</summary>
    public static string Of(OperationFacts operation) => Of(operation.Id, operation.Decisive);

    /// <summary>The row of a peer in an operation: the page of an operation leads on to the query that met it.</summary>
    public static string Of(Operation operation, string peerId) => $"{Of(operation)}?peer={Uri.EscapeDataString(peerId)}";

    // An operation whose own span is the query's root has no other query, and nothing of the DHT above.
    private static string Of(QueryId id, QueryId? decisive) => id == decisive ? $"/q/{id}" : $"/o/{id}";
}
