using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Services;

namespace DhtTracer.Storage.Postgres.Tests.Services;

public sealed class ServiceDependenciesTests : ServiceDependenciesContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
