using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Operations;

namespace DhtTracer.Storage.Postgres.Tests.Operations;

public sealed class OperationListTests : OperationListContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
