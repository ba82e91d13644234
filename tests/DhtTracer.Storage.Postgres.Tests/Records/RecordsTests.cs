using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Records;

namespace DhtTracer.Storage.Postgres.Tests.Records;

public sealed class RecordsTests : RecordsContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
