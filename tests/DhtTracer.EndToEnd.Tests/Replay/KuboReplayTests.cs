using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DhtTracer.Truth.Tests;
using DhtTracer.Truth.Tests.Kubo;

namespace DhtTracer.EndToEnd.Tests.Replay;

/// <summary>
/// What a Kubo's user sees while the Kubo runs: its spans arrive as they arrived in a capture, and each command is one row, with the
/// numbers that the client of the command saw itself. All captures come to one process: an archive holds many Kubos.
/// </summary>
public sealed class KuboReplayTests(KuboReplayTests.RunningTracer running) : IClassFixture<KuboReplayTests.RunningTracer>
{
    /// <summary>The capture that is replayed in its own time; others come 50 times as fast.</summary>
    private const string Slow = "file-exporter";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, string> Types = new()
    {
        ["routing/findprovs"] = "get-providers",
        ["routing/findpeer"] = "find-peer",
        ["routing/provide"] = "add-provider",
        ["routing/get"] = "get-value",
        ["routing/put"] = "put-value",
        ["dht/query"] = "get-closest-peers",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Labels => CaptureFolder.Labels("kubo");

    [Theory]
    [MemberData(nameof(Labels))]
    public async Task Each_command_of_a_kubo_is_one_operation_with_the_numbers_of_its_client(string label)
    {
        var capture = CaptureFolder.Of("kubo", label);
        var commands = CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).Select(static line => new KuboCommand(line)).ToList();
        var tracer = running.Tracer;
        using var site = new HttpClient { BaseAddress = new Uri(tracer.Site) };
        var replay = new CaptureReplay(capture, tracer.Url("OTLP over HTTP"), label == Slow ? 1 : 50).RunAsync(Cancel);
        var seenWhileArriving = 0;
        while (label == Slow && seenWhileArriving == 0 && !replay.IsCompleted)
        {
            await Task.WhenAny(replay, Task.Delay(500, Cancel));
            seenWhileArriving = replay.IsCompleted
                ? 0
                : (await OperationsAsync(site)).Count(operation =>
                    commands.Any(command => command.MainTraces.Contains(TraceOf(operation)))
                );
        }

        await replay;
        // A command that the daemon refused asked the DHT nothing; with custom routers a provide runs in a trace of its own.
        var asked = commands
            .Where(command =>
                command.Path is not null
                && Types.ContainsKey(command.Path)
                && !command.IsDaemonStopped
                && command.MainTraces.Any()
                && command.Status != 500
                && !command.Traces.Any(IsProvideOfItsOwn)
            )
            .ToList();
        Assert.NotEmpty(asked);
        List<JsonElement> operations = [];
        List<string> wrong = [];
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(1500, Cancel))
        {
            // Analysis follows the arrival; what is still wrong after a while is wrong.
            operations = await OperationsAsync(site);
            wrong = [.. asked.SelectMany(command => Differences(command, operations)), .. Surplus(commands, operations)];
            if (wrong.Count == 0 || watch.Elapsed > Patience)
            {
                break;
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} differences:\n{string.Join('\n', wrong.Take(20))}");
        Assert.True(label != Slow || seenWhileArriving > 0, "operations are listed while spans still arrive");
    }

    /// <summary>Every operation of the list, background left out as the page does.</summary>
    private static async Task<List<JsonElement>> OperationsAsync(HttpClient site)
    {
        var operations = new List<JsonElement>();
        for (var next = ""; next is not null; )
        {
            var page = await site.GetFromJsonAsync<JsonElement>(
                $"/api/v1/operations?limit=1000{(next.Length == 0 ? "" : "&at=" + Uri.EscapeDataString(next))}",
                Cancel
            );
            operations.AddRange(page.GetProperty("operations").EnumerateArray());
            next = page.GetProperty("next").GetString();
        }

        return operations;
    }

    private static IEnumerable<string> Differences(KuboCommand command, List<JsonElement> operations)
    {
        var own = operations.Where(operation => command.MainTraces.Contains(TraceOf(operation))).ToList();
        if (own is not [var only])
        {
            yield return $"{command.Label}: {own.Count} operations instead of one";
            yield break;
        }

        if (only.GetProperty("type").GetString() != Types[command.Path!])
        {
            yield return $"{command.Label}: type {only.GetProperty("type")}";
        }

        if (command.KeyBytes is { } key && only.GetProperty("key").GetProperty("bytes").GetString() != key)
        {
            yield return $"{command.Label}: key {only.GetProperty("key")} instead of {key}";
        }

        // What the client printed: each provider once.
        if (command is { Path: "routing/findprovs", IsCut: false, IsKilled: false, Status: 200 or 0 })
        {
            var providers = command
                .Events(4)
                .SelectMany(static line => line.Line.GetProperty("Responses").EnumerateArray())
                .Select(static peer => peer.GetProperty("ID").GetString())
                .Distinct()
                .Count();
            var results = only.GetProperty("results");
            if (results.ValueKind != JsonValueKind.Number || results.GetInt32() != providers)
            {
                yield return $"{command.Label}: {results} results instead of {providers}";
            }
        }
    }

    /// <summary>Operations in traces that only accompany a command (a provide's stores, the sweep's marks) are nothing that anybody
    /// asked.</summary>
    private static IEnumerable<string> Surplus(List<KuboCommand> commands, List<JsonElement> operations)
    {
        var accompanying = commands
            .Where(static command => !command.IsDaemonStopped)
            .SelectMany(static command => command.Traces)
            .Where(static trace => trace.Role != "main" && !IsProvideOfItsOwn(trace))
            .Select(static trace => trace.Id)
            .ToHashSet();
        accompanying.ExceptWith(commands.SelectMany(static command => command.MainTraces));
        return operations
            .Where(operation => accompanying.Contains(TraceOf(operation)))
            .Select(static operation =>
                $"{operation.GetProperty("id")}: {operation.GetProperty("type")} is listed, which no command asked for"
            );
    }

    private static bool IsProvideOfItsOwn((string Id, string Role) trace) => trace.Role == "side:ComposableParallel.Provide";

    private static string TraceOf(JsonElement operation) => operation.GetProperty("id").GetString()!.Split('-')[0];

    /// <summary>The process that all captures are sent to.</summary>
    public sealed class RunningTracer : IAsyncLifetime
    {
        private TracerProcess? _tracer;

        /// <summary>The process.</summary>
        internal TracerProcess Tracer => _tracer ?? throw new InvalidOperationException("not started");

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => _tracer = await TracerProcess.StartAsync();

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Tracer.DisposeAsync();
    }
}
