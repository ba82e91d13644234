using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Records;

namespace DhtTracer.Storage.Sqlite.Tests.Records;

public sealed class RecordsTests : RecordsContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();
}
