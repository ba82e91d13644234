using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Sweeps;

namespace DhtTracer.Storage.Sqlite.Tests.Sweeps;

public sealed class SweepFactsTests : SweepFactsContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();
}
