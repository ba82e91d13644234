using Dapper;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Pulling;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Pulling;

/// <summary>Reads and writes checkpoints.</summary>
internal static class CheckpointTable
{
    public static void Write(WriteSession session, PullCheckpoint checkpoint) =>
        session.Connection.Execute(
            """
            INSERT INTO pull_checkpoint (source, service, complete_until_ns, updated_ns, traces, spans, state)
            VALUES (@Source, @Service, @CompleteUntilUnixNano, @UpdatedUnixNano, @Traces, @Spans, @State)
            ON CONFLICT (source, service) DO UPDATE SET complete_until_ns = excluded.complete_until_ns, updated_ns = excluded.updated_ns,
              traces = excluded.traces, spans = excluded.spans, state = excluded.state
            """,
            checkpoint with
            {
                Service = PostgresText.Of(checkpoint.Service),
                State = PostgresText.Of(checkpoint.State),
            }
        );

    public static IReadOnlyList<PullCheckpoint> Read(NpgsqlConnection connection) =>
        connection
            .Query<PullCheckpoint>(
                """
                SELECT source, service, complete_until_ns AS CompleteUntilUnixNano, updated_ns AS UpdatedUnixNano, traces, spans, state
                FROM pull_checkpoint ORDER BY source, service
                """
            )
            .AsList();
}
