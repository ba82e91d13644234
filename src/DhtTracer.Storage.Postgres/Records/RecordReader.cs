using Dapper;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Rows;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Records;

/// <summary>Reads what operations show of records and providers from their packed columns.</summary>
internal sealed class RecordReader(StringTables strings)
{
    /// <summary>What the archive holds of records.</summary>
    public IReadOnlyList<RecordSightings> Sightings(
        NpgsqlConnection connection,
        IReadOnlyList<ReadOnlyMemory<byte>> keys,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var found = new List<RecordSightings>(keys.Count);
        foreach (var key in keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bytes = key.ToArray();
            var digest = TraceKey.Digest(bytes);
            var sightings = connection
                .Query<RecordRow>(
                    $"""
                    SELECT {RecordRow.Columns} FROM dht_operation q JOIN trace t ON t.hash = q.hash AND t.no = q.trace
                    LEFT JOIN text s ON s.no = q.service LEFT JOIN peer n ON n.no = q.node
                    WHERE q.key_digest = @digest AND q.key_bytes = @bytes AND q.record IS NOT NULL
                    ORDER BY q.start_ns DESC, q.no DESC LIMIT @limit
                    """,
                    new
                    {
                        bytes,
                        digest,
                        limit = limit + 1,
                    }
                )
                .Select(row => row.ToSighting(strings.Peers, strings.Texts))
                .ToList();
            var corrections = connection
                .Query<(long Peer, long StartNs, int Outcome)>(
                    """
                    SELECT peer, start_ns, outcome::integer FROM loose_part
                    WHERE key_digest = @digest AND key_bytes = @bytes AND type = @type ORDER BY start_ns DESC, no DESC LIMIT @limit
                    """,
                    new
                    {
                        bytes,
                        digest,
                        type = (short)MessageType.PutValue,
                        limit = limit + 1,
                    }
                )
                .Select(row => new RecordCorrection(strings.Peers.Get(row.Peer), (ulong)row.StartNs, (RequestOutcome)row.Outcome))
                .ToList();
            found.Add(RecordSightings.Of(sightings, corrections, limit));
        }

        return found;
    }

    /// <summary>Keys whose records may need attention.</summary>
    public static RecordCandidates Keys(NpgsqlConnection connection, long publishedBeforeAgoNs, int limit)
    {
        var latest = connection.ExecuteScalar<long?>("SELECT max(start_ns) FROM dht_operation WHERE record IS NOT NULL");
        if (latest is not { } last)
        {
            return new RecordCandidates([], null);
        }

        const string Row = "SELECT start_ns, key_text, key_bytes, kad_id FROM dht_operation WHERE record IS NOT NULL";
        string Published(string condition) =>
            string.Join(
                " UNION ALL ",
                new[] { QueryType.AddProvider, QueryType.PutValue }.Select(type =>
                    $"({Row} AND type = {(int)type} AND {condition} ORDER BY start_ns DESC LIMIT @limit)"
                )
            );
        var keys = connection.Query<(long Start, string Text, byte[] Bytes, byte[] KadId)>(
            $"""
            SELECT start_ns, key_text, key_bytes, kad_id FROM (
              ({Row} ORDER BY start_ns DESC LIMIT @limit)
              UNION ALL {Published("true")}
              UNION ALL {Published("start_ns < @before")}
            ) found ORDER BY start_ns DESC
            """,
            new { limit, before = last - publishedBeforeAgoNs }
        );
        return RecordCandidates.Of(keys.Select(static key => (key.Text, key.Bytes, key.KadId)), (ulong)last);
    }

    /// <summary>Counts what became of the providers that operations of a filter found.</summary>
    public ProviderFateTally Fates(NpgsqlConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        var sum = new PackedFates.Sum();
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        foreach (
            var fates in connection.Query<byte[]>(
                $"SELECT q.fates {where.From} WHERE q.fates IS NOT NULL {where.Conditions}",
                where.Parameters,
                buffered: false
            )
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            sum.Add(fates);
        }

        return sum.ToTally(strings.Texts);
    }
}
