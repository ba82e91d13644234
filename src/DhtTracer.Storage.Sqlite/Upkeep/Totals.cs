using DhtTracer.Storage.Sqlite.Connections;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>Checks and repairs of what concerns all traces together.</summary>
internal static class Totals
{
    // The SQL is ours: nothing in it comes from outside.
    private static readonly Dictionary<string, string> Sums = new(StringComparer.Ordinal)
    {
        ["traces"] = "SELECT count(*) FROM trace",
        ["spans"] = "SELECT ifnull(sum(span_count), 0) FROM trace",
        ["raw_bytes"] = "SELECT ifnull(sum(raw_bytes), 0) FROM trace",
        ["operations"] = "SELECT count(*) FROM dht_operation",
        ["queries"] = "SELECT count(*) FROM query",
    };

    /// <summary>The names of the totals.</summary>
    public static IEnumerable<string> Names => Sums.Keys;

    /// <summary>Whether a total is not the sum of its parts.</summary>
    public static bool Differs(WriteSession session, string name, bool repair)
    {
        var differs = session[$"SELECT {name} <> ({Sums[name]}) FROM total"].RunScalar() != 0;
        if (differs && repair)
        {
            session[$"UPDATE total SET {name} = ({Sums[name]})"].Run();
        }

        return differs;
    }

    /// <summary>Whether the index of peers has rows of operations that do not exist.</summary>
    public static bool HasLostPeerRows(WriteSession session, bool repair)
    {
        var found = false;
        foreach (var table in (string[])["peer_operation", "peer_operation_recent"])
        {
            var lost = $"NOT EXISTS (SELECT 1 FROM dht_operation o WHERE o.no = {table}.operation AND o.start_ns = {table}.start_ns)";
            if (session[$"SELECT EXISTS (SELECT 1 FROM {table} WHERE {lost})"].RunScalar() == 0)
            {
                continue;
            }

            found = true;
            if (repair)
            {
                session[$"DELETE FROM {table} WHERE {lost}"].Run();
            }
        }

        return found;
    }
}
