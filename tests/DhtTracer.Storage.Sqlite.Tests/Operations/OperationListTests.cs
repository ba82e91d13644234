using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Operations;

namespace DhtTracer.Storage.Sqlite.Tests.Operations;

public sealed class OperationListTests : OperationListContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();
}
