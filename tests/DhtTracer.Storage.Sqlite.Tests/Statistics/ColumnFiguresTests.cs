using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Statistics;

namespace DhtTracer.Storage.Sqlite.Tests.Statistics;

public sealed class ColumnFiguresTests : ColumnFiguresContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();

    [Fact]
    public async Task Only_operations_that_have_not_changed_since_the_last_look_are_packed()
    {
        await using var store = await OpenAsync();
        var archive = new ArbitraryArchive(Archive, store, 9);
        await archive.AddAsync(3);

        Assert.False(await store.PackAsync());
        await archive.AnalyseAgainAsync(2);
        Assert.False(await store.PackAsync());
        Assert.True(await store.PackAsync());
        Assert.False(await store.PackAsync());
    }
}
