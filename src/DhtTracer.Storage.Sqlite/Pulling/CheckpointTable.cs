using Dapper;
using DhtTracer.Storage.Pulling;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Pulling;

/// <summary>Reads and writes checkpoints.</summary>
internal static class CheckpointTable
{
    public static void Write(WriteSession session, PullCheckpoint checkpoint) =>
        session["INSERT OR REPLACE INTO pull_checkpoint VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"]
            .Bind(1, checkpoint.Source)
            .Bind(2, checkpoint.Service)
            .Bind(3, checkpoint.CompleteUntilUnixNano)
            .Bind(4, checkpoint.UpdatedUnixNano)
            .Bind(5, checkpoint.Traces)
            .Bind(6, checkpoint.Spans)
            .Bind(7, checkpoint.State)
            .Run();

    public static IReadOnlyList<PullCheckpoint> Read(SqliteConnection connection) =>
        connection
            .Query<PullCheckpoint>(
                """
                SELECT source, service, complete_until_ns AS CompleteUntilUnixNano, updated_ns AS UpdatedUnixNano, traces, spans, state
                FROM pull_checkpoint ORDER BY source, service
                """
            )
            .AsList();
}
