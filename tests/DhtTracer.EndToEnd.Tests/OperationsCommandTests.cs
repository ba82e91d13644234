using System.Text.Json;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.EndToEnd.Tests;

/// <summary>The command <c>operations</c>, and <c>show</c> of an operation, as processes over the file of a real Kubo.</summary>
public sealed class OperationsCommandTests : IDisposable
{
    private static readonly string Capture = TestFiles.Data("kubo", "file-exporter");
    private readonly string _data = TracerProcess.NewFolder();

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Each_routing_command_of_a_kubo_is_one_line()
    {
        await ImportAsync();
        var listed = await TracerProcess.RunAsync(["operations", "--json", "--limit", "0", "--data", _data]);
        Assert.Equal((0, ""), (listed.ExitCode, listed.Error));
        var lines = Lines(listed.Output);
        var commands = CapturedCommand.Read(Capture);
        Assert.NotEmpty(commands);
        Assert.All(
            commands,
            command =>
                Assert.Single(
                    lines,
                    line =>
                        line.GetProperty("id").GetString()!.StartsWith(command.Trace!, StringComparison.Ordinal)
                        && line.GetProperty("type").GetString() == CapturedStream.Type(command)
                        && !line.GetProperty("background").GetBoolean()
                )
        );

        // Newest first, and each member as "show" tells it.
        var starts = lines.ConvertAll(static line => ulong.Parse(line.GetProperty("startUnixNano").GetString()!));
        Assert.Equal(starts.OrderDescending(), starts);
        var shown = await TracerProcess.RunAsync(["show", lines[0].GetProperty("id").GetString()!, "--json", "--data", _data]);
        Assert.Equal(lines[0].GetRawText(), shown.Output.Trim());
    }

    [Fact]
    public async Task The_table_holds_what_the_filters_let_through()
    {
        await ImportAsync();
        var table = await TracerProcess.RunAsync(["operations", "--type", "get-providers", "--data", _data]);
        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        var rows = table.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("ID", rows[0], StringComparison.Ordinal);
        var providers = CapturedCommand.Read(Capture).Where(static command => CapturedStream.Type(command) == "get-providers").ToList();
        Assert.All(providers, command => Assert.Single(rows, row => row.StartsWith(command.Trace![..8], StringComparison.Ordinal)));
        Assert.All(rows[1..], static row => Assert.Contains("get-providers", row, StringComparison.Ordinal));

        var none = await TracerProcess.RunAsync(["operations", "--type", "ping", "--json", "--data", _data]);
        Assert.Equal((0, ""), (none.ExitCode, none.Output));
    }

    [Fact]
    public async Task Saved_query_events_from_standard_input_join_the_spans_and_their_id_leads_there()
    {
        await ImportAsync();
        var before = Lines((await TracerProcess.RunAsync(["operations", "--json", "--limit", "0", "--data", _data])).Output);
        var command = CapturedCommand.Of("file-exporter", "findprovs-5");
        var saved = CapturedStream.Saved(command);
        var imported = await TracerProcess.RunAsync(
            ["import", "-", "--key", CapturedStream.Key(command), "--json", "--data", _data],
            input: System.Text.Encoding.UTF8.GetString(saved)
        );
        Assert.Equal((0, ""), (imported.ExitCode, imported.Error));
        Assert.Equal(1, JsonDocument.Parse(imported.Output).RootElement.GetProperty("queries").GetInt32());

        var after = Lines((await TracerProcess.RunAsync(["operations", "--json", "--limit", "0", "--data", _data])).Output);
        Assert.Equal(before.Select(Id), after.Select(Id));
        var joined = Assert.Single(after, static line => line.GetProperty("source").GetString() == "go-libp2p-kad-dht+kubo-events");
        Assert.StartsWith(command.Trace!, Id(joined), StringComparison.Ordinal);

        var root = KuboEventReader.Decode(saved, new TraceHints { Key = CapturedStream.Key(command) })[0];
        foreach (
            var id in new[]
            {
                $"{root.TraceId}-{root.SpanId}",
                root.TraceId.ToString()[..8],
                $"http://127.0.0.1:7000/q/{root.TraceId}-{root.SpanId}",
            }
        )
        {
            var shown = await TracerProcess.RunAsync(["show", id, "--json", "--data", _data]);
            Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
            Assert.Equal(joined.GetProperty("decisive").GetString(), Id(JsonDocument.Parse(shown.Output).RootElement));
        }
    }

    private static string Id(JsonElement line) => line.GetProperty("id").GetString()!;

    private static List<JsonElement> Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];

    private async Task ImportAsync()
    {
        var imported = await TracerProcess.RunAsync(["import", Path.Combine(Capture, "traces-file-exporter.json.gz"), "--data", _data]);
        Assert.Equal((0, ""), (imported.ExitCode, imported.Error));
    }
}
