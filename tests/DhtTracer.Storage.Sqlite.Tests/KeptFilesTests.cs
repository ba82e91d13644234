using DhtTracer.Storage.Contract;

namespace DhtTracer.Storage.Sqlite.Tests;

/// <summary>Who may touch the files of an archive, and what happens when they go away under a running process.</summary>
public sealed class KeptFilesTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Files_are_for_their_owner_only_and_those_of_earlier_versions_become_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        for (var i = 0; i < 2; i++)
        {
            await using (var store = await SqliteArchive.OpenAsync(_data.Options))
            {
                await store.AppendAsync(
                    [Make.Chunk(Make.Span(Make.Trace(1), 1))],
                    cancellationToken: TestContext.Current.CancellationToken
                );
                var files = Directory.GetFiles(_data.Path);
                Assert.Contains(files, static file => file.EndsWith("-wal", StringComparison.Ordinal));
                Assert.All(files, file => Assert.Equal(Owner, Mode(file)));
            }

            SetMode(_data.Options.FilePath, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    [Fact]
    public async Task A_directory_that_everyone_may_write_to_is_refused_with_the_remedy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        Directory.CreateDirectory(_data.Path);
        SetMode(_data.Path, Owner | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        var refused = await Assert.ThrowsAsync<DatabaseException>(() => SqliteArchive.OpenAsync(_data.Options));
        Assert.Equal(DatabaseProblem.AccessDenied, refused.Problem);
        Assert.Contains("chmod o-w", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_data.Options.FilePath));
    }

    [Fact]
    public async Task Nothing_is_acknowledged_while_the_directory_is_gone_and_it_goes_on_when_it_is_back()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not move open files");
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))], cancellationToken: TestContext.Current.CancellationToken);
        Directory.Move(_data.Path, _data.Path + "-away");
        try
        {
            var lost = await Assert.ThrowsAsync<DatabaseException>(() =>
                store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 1))], cancellationToken: TestContext.Current.CancellationToken)
            );
            Assert.True(lost.IsTransient);
            Assert.Contains("deleted or moved", lost.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Move(_data.Path + "-away", _data.Path);
        }

        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(3), 1))], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(await store.GetTraceAsync(Make.Trace(2), TestContext.Current.CancellationToken));
        Assert.Single(await store.GetTraceAsync(Make.Trace(3), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_check_commits_a_real_write_and_says_what_is_wrong()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        var log = new FileInfo(_data.Options.FilePath + "-wal");
        for (var i = 0; i < 3; i++)
        {
            log.Refresh();
            var before = log.Exists ? log.Length : 0;
            await store.Upkeep.CheckWriteAsync(TestContext.Current.CancellationToken);
            log.Refresh();
            Assert.True(log.Length > before, "nothing was written");
        }

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.Delete(_data.Path, recursive: true);
        var gone = await Assert.ThrowsAsync<DatabaseException>(() => store.Upkeep.CheckWriteAsync(TestContext.Current.CancellationToken));
        Assert.Contains("deleted or moved", gone.Message, StringComparison.Ordinal);
    }

    private static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? Owner : File.GetUnixFileMode(file);

    private static void SetMode(string file, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, mode);
        }
    }
}
