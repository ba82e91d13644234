using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Parts;

namespace DhtTracer.Storage.Postgres.Tests.Parts;

public sealed class PartLinksTests : PartLinksContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
