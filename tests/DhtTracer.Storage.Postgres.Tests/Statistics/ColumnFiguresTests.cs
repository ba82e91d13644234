using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Statistics;

namespace DhtTracer.Storage.Postgres.Tests.Statistics;

public sealed class ColumnFiguresTests : ColumnFiguresContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new PostgresArchive();
}
