using DhtTracer.Storage.Rows;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>The tables to join for the columns of a row.</summary>
internal static class RowJoins
{
    /// <summary>For an operation.</summary>
    public const string Operations = """
        JOIN trace t ON t.hash = q.hash AND t.no = q.trace
        LEFT JOIN text s ON s.no = q.service
        LEFT JOIN text i ON i.no = q.instance
        LEFT JOIN peer n ON n.no = q.node
        LEFT JOIN text e ON e.no = q.error_class
        """;

    /// <summary>For a query.</summary>
    public const string Queries = """
        JOIN trace t ON t.hash = q.hash AND t.no = q.trace
        LEFT JOIN text s ON s.no = q.service
        LEFT JOIN peer n ON n.no = q.node
        LEFT JOIN text e ON e.no = q.error_class
        LEFT JOIN peer d ON d.no = q.discovered_by
        """;

    /// <summary>For either.</summary>
    public static string Of(ListTable table) => table == ListTable.Operations ? Operations : Queries;
}
