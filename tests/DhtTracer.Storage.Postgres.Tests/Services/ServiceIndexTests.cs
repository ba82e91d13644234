using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Services;

namespace DhtTracer.Storage.Postgres.Tests.Services;

public sealed class ServiceIndexTests : ServiceIndexContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
