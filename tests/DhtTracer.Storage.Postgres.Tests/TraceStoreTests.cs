using DhtTracer.Storage.Contract;

namespace DhtTracer.Storage.Postgres.Tests;

public sealed class TraceStoreTests : TraceStoreContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
