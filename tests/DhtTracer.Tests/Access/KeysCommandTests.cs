using System.CommandLine;
using System.Text.RegularExpressions;
using DhtTracer.Cli;
using DhtTracer.Output;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>The command that manages keys, and the file that it writes.</summary>
public sealed class KeysCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-keys-").FullName;

    private string FilePath => Path.Combine(_folder, KeyFile.DefaultName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_secret_is_shown_once_and_only_its_hash_is_kept()
    {
        var (_, added) = await RunAsync("add", "--kind", "ingest", "--name", "ci");
        var secret = Regex.Match(added, @"(?m)^  OTEL_EXPORTER_OTLP_HEADERS=x-api-key=(dht_[0-9a-f]{8}_[\w-]{43})\r?$").Groups[1].Value;
        Assert.Equal(KeySecret.Length, secret.Length);
        Assert.DoesNotContain(
            secret[^43..],
            await File.ReadAllTextAsync(FilePath, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        var (_, listed) = await RunAsync("list");
        Assert.Contains("ci", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[^43..], listed, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", (await RunAsync("list", "--json")).Output, StringComparison.OrdinalIgnoreCase);
        var key = Assert.Single(new KeyFile(FilePath).Read());
        Assert.True(KeySecret.Matches(secret, key, TimeProvider.System.GetUtcNow()));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public async Task A_reader_gets_a_link_to_log_in()
    {
        var (_, added) = await RunAsync("add", "--kind", "reader", "--name", "ann", "--site", "https://traces.example/dht");
        Assert.Matches(@"(?m)^  https://traces\.example/dht/login\?token=dht_[0-9a-f]{8}_[\w-]{43}\r?$", added);
    }

    [Fact]
    public async Task A_rotated_key_has_another_secret_and_the_old_one_ends_unless_it_is_kept_for_a_time()
    {
        var first = SecretIn((await RunAsync("add", "--kind", "operator", "--name", "ann")).Output);
        var second = SecretIn((await RunAsync("rotate", "ann")).Output);
        var third = SecretIn((await RunAsync("rotate", "ann", "--keep-old", "1d")).Output);
        var key = Assert.Single(new KeyFile(FilePath).Read());
        var now = TimeProvider.System.GetUtcNow();
        Assert.False(KeySecret.Matches(first, key, now));
        Assert.True(KeySecret.Matches(second, key, now));
        Assert.False(KeySecret.Matches(second, key, now.AddDays(1)));
        Assert.True(KeySecret.Matches(third, key, now.AddDays(1)));
    }

    [Fact]
    public async Task A_revoked_key_is_gone_and_unknown_and_repeated_names_are_told()
    {
        await RunAsync("add", "--kind", "reader", "--name", "ann");
        Assert.Equal(ExitCode.Failure, (await RunAsync("add", "--kind", "reader", "--name", "ann")).Code);
        Assert.Equal(ExitCode.Failure, (await RunAsync("revoke", "bob")).Code);
        Assert.Equal(ExitCode.Success, (await RunAsync("revoke", "ann")).Code);
        Assert.Empty(new KeyFile(FilePath).Read());
    }

    [Fact]
    public async Task An_expired_key_is_not_valid()
    {
        var secret = SecretIn((await RunAsync("add", "--kind", "reader", "--name", "ann", "--expires", "1h")).Output);
        var key = Assert.Single(new KeyFile(FilePath).Read());
        Assert.True(KeySecret.Matches(secret, key, key.Created));
        Assert.False(KeySecret.Matches(secret, key, key.Created.AddHours(1)));
    }

    [Fact]
    public async Task A_file_that_others_can_write_or_that_is_damaged_is_refused_with_the_remedy()
    {
        await RunAsync("add", "--kind", "reader", "--name", "ann");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FilePath, File.GetUnixFileMode(FilePath) | UnixFileMode.GroupWrite);
            var others = Assert.Throws<KeyFileException>(() => new KeyFile(FilePath).Read());
            Assert.Contains("chmod 600", others.Message, StringComparison.Ordinal);
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await File.WriteAllTextAsync(FilePath, "{\"version\":1,\"keys\":[{", TestContext.Current.CancellationToken);
        Assert.Contains(
            "not a file of keys",
            Assert.Throws<KeyFileException>(() => new KeyFile(FilePath).Read()).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(ExitCode.Failure, (await RunAsync("list")).Code);
    }

    [Fact]
    public async Task Two_processes_that_change_the_file_at_once_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => RunAsync("add", "--kind", "reader", "--name", $"key {i}"))));
        Assert.Equal(12, new KeyFile(FilePath).Read().Length);
    }

    private static string SecretIn(string output) => Regex.Match(output, @"dht_[0-9a-f]{8}_[\w-]{43}").Value;

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        var code = await TracerCommandLine
            .Create()
            .Parse(["keys", .. arguments, "--data", _folder])
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = TextWriter.Null }, TestContext.Current.CancellationToken);
        return (code, output.ToString());
    }
}
