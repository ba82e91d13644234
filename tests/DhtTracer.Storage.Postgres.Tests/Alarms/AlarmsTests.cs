using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Alarms;

namespace DhtTracer.Storage.Postgres.Tests.Alarms;

public sealed class AlarmsTests : AlarmsContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
