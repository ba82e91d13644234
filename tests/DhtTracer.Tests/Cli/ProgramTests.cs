using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Tests.Cli;

/// <summary>The program as a user or a script runs it: as a process, with files, pipes and an environment.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-program-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What <c>--samples</c> loads: all but the captures over time.</summary>
    private static string[] Samples =>
        [
            .. Directory.GetFiles(TestFiles.Samples()).Where(static file => !file.EndsWith(".md", StringComparison.Ordinal)),
            TestFiles.Samples("js-libp2p"),
        ];

    private string Data => Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_version_is_one_line_on_standard_output()
    {
        var (code, output, errors) = await RunAsync("--version");
        Assert.Equal((0, ""), (code, errors));
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", output);
    }

    [Theory]
    [InlineData("queries --limit x", "Cannot parse argument 'x' for option '--limit'.")]
    [InlineData("queries --limit -1", "--limit takes 0 or more.")]
    [InlineData("show abcd --sort colour", "Cannot parse argument 'colour' for option '--sort'.")]
    [InlineData("pull --from jaeger://host --all --since soon", "'soon' is no duration")]
    [InlineData("pull --from jaeger://host", "--service NAME (repeatable) or --all")]
    [InlineData("pull --from ftp://host --all", "write jaeger://host:16685")]
    [InlineData("import", "PATH")]
    [InlineData("--pull ftp://host/jaeger/ui", "write jaeger://host:16685")]
    [InlineData("--pull jaeger://one --pull two", "\"two\" is not the address of a Jaeger")]
    [InlineData("--pull jaeger://host?since=1h", "takes nothing but ?service=NAME")]
    [InlineData("--pull jaeger://host?service=", "takes nothing but ?service=NAME")]
    [InlineData("--site-port 70000", "'70000' is no port")]
    [InlineData("nonsense", "nonsense")]
    public async Task A_wrong_command_line_is_exit_code_2_and_says_what_is_wrong(string line, string says)
    {
        var (code, output, errors) = await RunAsync(line.Split(' '));
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("dht-tracer: ", errors, StringComparison.Ordinal);
        Assert.Contains(says, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_is_an_option_that_the_command_line_can_overrule()
    {
        using var wrong = Start("dotnet", [Program, "--health-port", "off"], environment: ("DHT_TRACER_SITE_PORT", "70000"));
        var errors = await wrong.StandardError.ReadToEndAsync(Cancel);
        await wrong.WaitForExitAsync(Cancel);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("'70000' is no port", errors, StringComparison.Ordinal);
        Assert.Contains("DHT_TRACER_*", errors, StringComparison.Ordinal);

        using var data = Start("dotnet", [Program, "queries"], environment: ("DHT_TRACER_DATA", Data));
        Assert.Contains(Data, await data.StandardError.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("queries")]
    [InlineData("queries --json")]
    [InlineData("show abcd")]
    [InlineData("export")]
    public async Task Without_a_database_reading_fails_with_its_place_and_a_remedy(string line)
    {
        var (code, output, errors) = await RunAsync([.. line.Split(' '), "--data", Data]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(Data, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_or_of_something_else_is_left_alone()
    {
        await ImportSampleAsync();
        var file = Directory.EnumerateFiles(Data, "*.db").Single();
        await using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            await connection.OpenAsync(Cancel);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 9999";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var newer = await RunAsync("queries", "--data", Data);
        Assert.Equal((1, ""), (newer.Code, newer.Output));
        Assert.Contains($"{file} has schema 9999", newer.Errors, StringComparison.Ordinal);
        Assert.Contains("Use the newer dht-tracer", newer.Errors, StringComparison.Ordinal);

        await File.WriteAllTextAsync(
            file,
            "this is a shopping list, and long enough for a header of SQLite to be looked for in it: " + new string('x', 200),
            Cancel
        );
        var none = await RunAsync("queries", "--data", Data);
        Assert.Equal((1, ""), (none.Code, none.Output));
        Assert.Contains("is not an SQLite database", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_all_that_stands_on_standard_output()
    {
        var import = await RunAsync(["import", .. Samples, "--json", "--data", Data]);
        Assert.Equal(0, import.Code);
        var imported = JsonDocument.Parse(import.Output).RootElement;
        var queries = await RunAsync("queries", "--json", "--limit", "0", "--background", "--data", Data);
        var rows = queries
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal(imported.GetProperty("queries").GetInt32(), rows.Count);
        Assert.Equal("", queries.Errors);

        var show = await RunAsync("show", rows[0].GetProperty("id").GetString()!, "--json", "--data", Data);
        Assert.Equal(rows[0].GetProperty("id").GetString(), JsonDocument.Parse(show.Output).RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_tour_of_the_samples_counts_the_operations_that_are_imported()
    {
        await ImportSampleAsync();
        var tour = await File.ReadAllTextAsync(TestFiles.Samples("README.md"), Cancel);
        var counts = Regex.Match(tour, "([0-9]+) operations; ([0-9]+) more");
        async Task<int> CountAsync(params string[] more)
        {
            var (_, output, _) = await RunAsync(["operations", "--json", "--limit", "0", "--data", Data, .. more]);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        }

        var asked = await CountAsync();
        Assert.Equal((asked, await CountAsync("--background") - asked), (Number(1), Number(2)));

        int Number(int group) => int.Parse(counts.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Sets_are_explained_and_gated()
    {
        await ImportSampleAsync();
        var listed = await RunAsync("operations", "--set", "type:find-peer skipped:hidden", "--json", "--limit", "0", "--data", Data);
        var count = listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

        var whole = await RunAsync("explain", "--set", "background:shown", "--data", Data);
        Assert.Equal((0, ""), (whole.Code, whole.Errors));
        Assert.Contains("WHERE THE TIME GOES", whole.Output, StringComparison.Ordinal);
        var two = await RunAsync("explain", "--set", "type:find-peer", "--against", "type:get-providers", "--json", "--data", Data);
        var b = JsonDocument.Parse(two.Output).RootElement.GetProperty("comparison").GetProperty("b");
        Assert.Equal(count, b.GetProperty("operations").GetInt32());
        var wrong = await RunAsync("explain", "--set", "typ:find-peer", "--data", Data);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("--set: Column 1", wrong.Errors, StringComparison.Ordinal);

        // A few operations cannot tell ten percent.
        var gate = await RunAsync("gate", "--set", "type:find-peer", "--against", "type:get-providers", "--data", Data);
        Assert.Equal(5, gate.Code);
        var overlapping = await RunAsync("gate", "--set", "type:find-peer", "--against", "type:find-peer", "--data", Data);
        Assert.Equal(2, overlapping.Code);
    }

    [Fact]
    public async Task A_redacted_request_trace_is_valid_and_names_nobody()
    {
        await ImportSampleAsync();
        var file = Path.Combine(Data, "handed-on.json");
        var export = await RunAsync("export", "-f", "request-trace", "--redact", "-o", file, "--data", Data);
        Assert.Equal(0, export.Code);
        var valid = await RunAsync("validate", file);
        Assert.Equal((0, ""), (valid.Code, valid.Errors));
        Assert.DoesNotContain("12D3KooW", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, """{"requestTrace": 1}""", Cancel);
        Assert.Equal(3, (await RunAsync("validate", file)).Code);
    }

    [Fact]
    public async Task A_table_in_a_pipe_has_no_escape_codes_and_a_reader_that_leaves_is_no_failure()
    {
        await ImportSampleAsync();
        var table = await RunAsync("queries", "--data", Data);
        Assert.DoesNotContain('\e', table.Output);

        using var shell = Start(
            "/bin/sh",
            ["-c", $"dotnet '{Program}' queries --limit 0 --background --data '{Data}' 2>'{_folder}/errors' | head -1"]
        );
        var first = await shell.StandardOutput.ReadToEndAsync(Cancel);
        await shell.WaitForExitAsync(Cancel);
        Assert.StartsWith("ID ", first, StringComparison.Ordinal);
        Assert.Equal("", await File.ReadAllTextAsync(Path.Combine(_folder, "errors"), Cancel));
    }

    [Fact]
    public async Task What_cannot_be_read_is_named_and_nothing_is_imported_unless_told_to_keep_going()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "nothing")).FullName;
        var none = await RunAsync("import", empty, "--data", Data);
        Assert.Equal((1, ""), (none.Code, none.Output));
        Assert.Contains(empty, none.Errors, StringComparison.Ordinal);

        var missing = await RunAsync("import", Path.Combine(_folder, "gone.json"), "--data", Data);
        Assert.Equal((1, ""), (missing.Code, missing.Output));
        Assert.Contains("gone.json", missing.Errors, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(empty, "broken.json"), "{\"resourceSpans\":[", Cancel);
        var broken = await RunAsync(["import", empty, .. Samples, "--data", Data]);
        Assert.Equal((1, ""), (broken.Code, broken.Output));
        Assert.Contains("broken.json", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("--keep-going", broken.Errors, StringComparison.Ordinal);

        var kept = await RunAsync(["import", empty, .. Samples, "--keep-going", "--data", Data]);
        Assert.Equal(1, kept.Code);
        Assert.DoesNotContain(" 0 queries", kept.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_is_imported()
    {
        var sample = TestFiles.Samples("kubo-simulated.otlp.jsonl.gz");
        using var process = Start("dotnet", [Program, "import", "-", "--json", "--data", Data], input: true);
        await using (var file = File.OpenRead(sample))
        {
            await file.CopyToAsync(process.StandardInput.BaseStream, Cancel);
        }

        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("spans").GetInt32() > 0);
    }

    [Fact]
    public async Task A_pull_from_nobody_says_so_at_once_and_fails_when_its_patience_ends()
    {
        var (code, output, errors) = await RunAsync(
            "pull",
            "--from",
            "jaeger://127.0.0.1:1",
            "--service",
            "kubo",
            "--give-up-after",
            "2s",
            "--data",
            Data
        );
        Assert.Equal((1, ""), (code, output));
        var lines = errors.TrimEnd().Split('\n');
        Assert.Contains("trying again: No Jaeger answers at jaeger://127.0.0.1:1", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("dht-tracer: jaeger://127.0.0.1:1 did not answer for kubo", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_of_nobody_is_exit_code_1()
    {
        var (code, output, errors) = await RunAsync("health", "--url", "http://127.0.0.1:1");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("http://127.0.0.1:1/status does not answer", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_whose_analysis_cannot_be_saved_ends_with_the_error()
    {
        await ImportSampleAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "dht-tracer.db")};Pooling=False"))
        {
            await connection.OpenAsync(Cancel);
            await using var command = connection.CreateCommand();
            command.CommandText =
                "DELETE FROM trace; CREATE TRIGGER broken BEFORE INSERT ON trace_blob BEGIN UPDATE trace SET gone = 1; END";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var (code, output, errors) = await RunAsync(["import", .. Samples, "--data", Data]);
        Assert.Equal((1, ""), (code, output));
        var last = errors.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("dht-tracer: The spans are stored, but ", last, StringComparison.Ordinal);
        Assert.Contains("no such column: gone", last, StringComparison.Ordinal);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "dht-tracer.dll");

    private static Process Start(string program, string[] arguments, bool input = false, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = input,
            UseShellExecute = false,
        };
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start("dotnet", [Program, .. arguments]);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private async Task ImportSampleAsync() => Assert.Equal(0, (await RunAsync(["import", .. Samples, "--data", Data])).Code);
}
