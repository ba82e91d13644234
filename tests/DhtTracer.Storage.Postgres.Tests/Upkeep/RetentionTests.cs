using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Upkeep;

namespace DhtTracer.Storage.Postgres.Tests.Upkeep;

public sealed class RetentionTests : RetentionContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
