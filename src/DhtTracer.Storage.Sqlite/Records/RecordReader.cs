using Dapper;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Records;

/// <summary>Reads what operations show of records from their packed columns. Each read seeks in an index and ends after a limit.</summary>
internal static class RecordReader
{
    /// <summary>What the archive holds of records.</summary>
    public static IReadOnlyList<RecordSightings> Sightings(
        SqliteConnection connection,
        IReadOnlyList<ReadOnlyMemory<byte>> keys,
        int limit,
        CancellationToken cancellationToken
    )
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        using var parts = new Statement(
            connection,
            "SELECT peer, start_ns, outcome FROM loose_part WHERE key_bytes = ?1 AND type = ?2 ORDER BY start_ns DESC LIMIT ?3"
        );
        var found = new List<RecordSightings>(keys.Count);
        foreach (var key in keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sightings = connection
                .Query<RecordRow>(
                    $"""
                    SELECT {RecordRow.Columns} FROM dht_operation q JOIN trace t ON t.no = q.trace
                    LEFT JOIN text s ON s.no = q.service LEFT JOIN peer n ON n.no = q.node
                    WHERE q.key_bytes = @bytes AND q.record IS NOT NULL ORDER BY q.start_ns DESC LIMIT @limit
                    """,
                    new { bytes = key.ToArray(), limit = limit + 1 }
                )
                .Select(row => row.ToSighting(peers, texts))
                .ToList();
            var corrections = new List<RecordCorrection>();
            parts.Bind(1, key.Span).Bind(2, (long)MessageType.PutValue).Bind(3, limit + 1L);
            while (parts.Step())
            {
                corrections.Add(
                    new RecordCorrection(peers.Get(parts.GetInt64(0)), (ulong)parts.GetInt64(1), (RequestOutcome)parts.GetInt64(2))
                );
            }

            parts.Reset();
            found.Add(RecordSightings.Of(sightings, corrections, limit));
        }

        return found;
    }

    /// <summary>Keys whose records may need attention.</summary>
    public static RecordCandidates Keys(SqliteConnection connection, long publishedBeforeAgoNs, int limit)
    {
        var latest = connection.ExecuteScalar<long?>("SELECT max(start_ns) FROM dht_operation WHERE record IS NOT NULL");
        if (latest is not { } last)
        {
            return new RecordCandidates([], null);
        }

        // The newest of any type are in the index of records; publications are rare among them, so these come from the index by type.
        const string Row = "SELECT no, start_ns FROM dht_operation";
        string Published(string condition) =>
            string.Join(
                " UNION ALL ",
                new[] { QueryType.AddProvider, QueryType.PutValue }.Select(type =>
                    $"SELECT * FROM ({Row} WHERE type = {(int)type} AND record IS NOT NULL AND {condition} "
                    + "ORDER BY start_ns DESC LIMIT @limit)"
                )
            );
        var keys = connection.Query<(string Text, byte[] Bytes, byte[] KadId)>(
            $"""
            SELECT key_text, key_bytes, kad_id FROM dht_operation JOIN (
              SELECT * FROM ({Row} WHERE record IS NOT NULL ORDER BY start_ns DESC LIMIT @limit)
              UNION ALL {Published("1 = 1")}
              UNION ALL {Published("start_ns < @before")}
            ) found USING (no) ORDER BY found.start_ns DESC
            """,
            new { limit, before = last - publishedBeforeAgoNs }
        );
        return RecordCandidates.Of(keys, (ulong)last);
    }
}
