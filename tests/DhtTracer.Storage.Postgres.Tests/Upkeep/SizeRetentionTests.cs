using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Upkeep;

namespace DhtTracer.Storage.Postgres.Tests.Upkeep;

public sealed class SizeRetentionTests : SizeRetentionContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
