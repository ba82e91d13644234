using System.Text.Json;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests;

public sealed class CommandLineTests : IDisposable
{
    private static readonly string Many = TestFiles.Data("js-libp2p", "02-dht-findProviders-many.otlp-http-json.1.json");
    private static readonly string Wrapped = TestFiles.Data("js-libp2p", "04-contentRouting-findProviders.otlp-http-json.1.json");

    private readonly string _data = TracerProcess.NewFolder();

    [Fact]
    public async Task Help_lists_the_commands_and_ends_well()
    {
        var help = await TracerProcess.RunAsync(["--help"]);

        Assert.Equal(0, help.ExitCode);
        Assert.All(
            ["import", "queries", "show", "--data", "--site-port"],
            word => Assert.Contains(word, help.Output, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_wrong_option_is_a_usage_error_on_standard_error()
    {
        var wrong = await TracerProcess.RunAsync(["--site-port", "seventy"]);

        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("'seventy' is no port", wrong.Error, StringComparison.Ordinal);
        Assert.Empty(wrong.Output);
    }

    [Fact]
    public async Task Import_then_queries_then_show_tell_the_same_query()
    {
        var imported = await TracerProcess.RunAsync(["import", Many, Wrapped, "--json", "--data", _data]);
        var listed = await TracerProcess.RunAsync(["queries", "--json", "--data", _data]);

        Assert.Equal((0, ""), (imported.ExitCode, imported.Error));
        Assert.Equal(2, JsonDocument.Parse(imported.Output).RootElement.GetProperty("queries").GetInt32());
        var lines = listed
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal(2, lines.Count);
        foreach (var line in lines)
        {
            var shown = await TracerProcess.RunAsync(["show", line.GetProperty("id").GetString()!, "--json", "--data", _data]);
            var query = JsonDocument.Parse(shown.Output).RootElement;
            Assert.Equal(query.GetProperty("counts").GetProperty("seen").GetInt32(), query.GetProperty("peers").GetArrayLength());
            Assert.All(
                line.EnumerateObject(),
                member => Assert.Equal(member.Value.GetRawText(), query.GetProperty(member.Name).GetRawText())
            );
        }
    }

    [Fact]
    public async Task A_text_waterfall_fits_the_terminal_and_has_no_colour_where_none_is_wanted()
    {
        await TracerProcess.RunAsync(["import", Many, "--data", _data]);
        var id = await FirstIdAsync();
        foreach (var width in new[] { 80, 120 })
        {
            var shown = await TracerProcess.RunAsync(
                ["show", id[..8], "--data", _data],
                environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["COLUMNS"] = $"{width}" }
            );

            Assert.Equal(0, shown.ExitCode);
            Assert.DoesNotContain('\e', shown.Output);
            Assert.All(shown.Output.Split('\n'), line => Assert.InRange(line.Length, 0, width));
        }
    }

    [Fact]
    public async Task Any_encoding_of_a_key_finds_its_queries()
    {
        await TracerProcess.RunAsync(["import", Many, Wrapped, "--data", _data]);

        // The same CID in base32 (as in the capture) and as multibase base16, computed with the multiformats specification's own rules:
        // the base32 text after its prefix "b" is the bytes 01 55 12 20 and the SHA-256 digest.
        const string base32 = "bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq";
        var base16 = "f" + Convert.ToHexStringLower(Base32(base32[1..]));
        foreach (var key in new[] { base32, base16, base16[5..], base32[..20] })
        {
            var found = await TracerProcess.RunAsync(["queries", "--key", key, "--json", "--data", _data]);
            Assert.Contains(
                base32,
                Assert.Single(found.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Bad_input_names_file_and_place_and_imports_nothing()
    {
        var broken = Path.Combine(_data, "broken.json");
        await File.WriteAllBytesAsync(
            broken,
            (await File.ReadAllBytesAsync(Many, TestContext.Current.CancellationToken)).AsSpan(0, 3000).ToArray(),
            TestContext.Current.CancellationToken
        );
        var imported = await TracerProcess.RunAsync(["import", Many, broken, "--data", _data]);
        var listed = await TracerProcess.RunAsync(["queries", "--json", "--data", _data]);

        Assert.Equal(1, imported.ExitCode);
        Assert.Matches("broken.json: .* at byte [0-9]+ ", imported.Error);
        Assert.Contains("Nothing was imported", imported.Error, StringComparison.Ordinal);
        Assert.Equal("", listed.Output);
    }

    [Fact]
    public async Task Standard_input_is_imported_with_a_dash()
    {
        var imported = await TracerProcess.RunAsync(
            ["import", "-", "--data", _data],
            input: await File.ReadAllTextAsync(Many, TestContext.Current.CancellationToken)
        );

        Assert.Equal(0, imported.ExitCode);
        Assert.Contains("1 query", imported.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_directory_is_private_and_can_be_chosen_by_the_environment()
    {
        var chosen = Path.Combine(_data, "mine");
        var imported = await TracerProcess.RunAsync(
            ["import", Many],
            environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["DHT_TRACER_DATA"] = chosen }
        );

        Assert.Equal(0, imported.ExitCode);
        Assert.True(File.Exists(Path.Combine(chosen, "dht-tracer.db")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(chosen));
        }
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private async Task<string> FirstIdAsync()
    {
        var listed = await TracerProcess.RunAsync(["queries", "--json", "--data", _data]);
        return JsonDocument.Parse(listed.Output.Split('\n')[0]).RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>RFC 4648 base32, lower case, without padding; written here so that the test does not lean on the code it tests.</summary>
    private static byte[] Base32(string text)
    {
        var bytes = new List<byte>();
        var bits = 0;
        var value = 0;
        foreach (var character in text)
        {
            value = ((value << 5) | "abcdefghijklmnopqrstuvwxyz234567".IndexOf(character, StringComparison.Ordinal)) & 0xFFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes.Add((byte)(value >> bits));
            }
        }

        return [.. bytes];
    }
}
