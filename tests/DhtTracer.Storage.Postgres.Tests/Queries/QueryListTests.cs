using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Queries;

namespace DhtTracer.Storage.Postgres.Tests.Queries;

public sealed class QueryListTests : QueryListContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
