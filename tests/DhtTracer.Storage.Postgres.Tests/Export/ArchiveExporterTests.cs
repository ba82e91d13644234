using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Export;

namespace DhtTracer.Storage.Postgres.Tests.Export;

public sealed class ArchiveExporterTests : ArchiveExporterContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
