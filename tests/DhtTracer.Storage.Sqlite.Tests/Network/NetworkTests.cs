using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Network;

namespace DhtTracer.Storage.Sqlite.Tests.Network;

public sealed class NetworkTests : NetworkContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();
}
