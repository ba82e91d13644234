using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Statistics;

namespace DhtTracer.Storage.Postgres.Tests.Statistics;

public sealed class PlantedSlowdownTests : PlantedSlowdownContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
