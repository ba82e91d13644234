using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace DhtTracer.TestSupport;

/// <summary>A js-libp2p node of a <see cref="JsTestBed"/>.</summary>
/// <param name="Index">How commands name it.</param>
/// <param name="PeerId">Its peer id in base58.</param>
/// <param name="Addresses">Its multiaddrs, peer id included.</param>
public sealed record JsNode(int Index, string PeerId, IReadOnlyList<string> Addresses);

/// <summary>A command that the test bed answered with an error.</summary>
public sealed class JsTestBedException(string message) : Exception(message);

/// <summary>
/// A network of js-libp2p kad-dht nodes on loopback: <c>tests/interop/testbed.mjs</c>, driven by a JSON object per line.
/// <code>await using var bed = await JsTestBed.StartAsync(Needs.Interop!, 8, token); await bed.SendAsync("ping", new { node = 0, peer = 3
/// }, token);</code>
/// </summary>
public sealed class JsTestBed : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _waiting = new();
    private readonly TaskCompletionSource<JsonElement> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly SemaphoreSlim _writing = new(1);
    private Task _reading = Task.CompletedTask;
    private int _lastId;

    private JsTestBed(Process process) => _process = process;

    /// <summary>The nodes, by index.</summary>
    public IReadOnlyList<JsNode> Nodes { get; private set; } = [];

    /// <summary>What the process wrote to its error output so far.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Starts a network and waits until it has bootstrapped: about 6 s for 8 nodes, 12 s for 30.</summary>
    /// <param name="folder"><see cref="Needs.Interop"/>.</param>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="options">Further options of testbed.mjs, such as <c>--alpha 3</c>.</param>
    public static async Task<JsTestBed> StartAsync(string folder, int nodes, CancellationToken cancellationToken, params string[] options)
    {
        // Whatever happens to this process, the nodes do not outlive a test run.
        string[] arguments = ["testbed.mjs", "--n", $"{nodes}", "--max-seconds", "600", .. options];
        var start = new ProcessStartInfo(Needs.Node ?? throw new InvalidOperationException("node is not installed"), arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var bed = new JsTestBed(Process.Start(start)!);
        try
        {
            bed._process.ErrorDataReceived += (_, line) => bed._errors.Enqueue(line.Data ?? "");
            bed._process.BeginErrorReadLine();
            bed._reading = bed.ReadAsync();
            var ready = await bed._ready.Task.WaitAsync(TimeSpan.FromSeconds(120), cancellationToken);
            bed.Nodes = [.. ready.GetProperty("nodes").EnumerateArray().Select(Describe)];
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a node out of the answer to <c>add</c> or <c>start</c>.</summary>
    public static JsNode Describe(JsonElement node) =>
        new(
            node.GetProperty("index").GetInt32(),
            node.GetProperty("peerId").GetString()!,
            [.. node.GetProperty("multiaddrs").EnumerateArray().Select(address => address.GetString()!)]
        );

    /// <summary>Sends a command and returns its answer. Commands run one after another, unless they carry <c>async = true</c>.</summary>
    /// <param name="command">Name of the command: see <c>testbed.mjs</c>.</param>
    /// <param name="arguments">An object with its fields, such as <c>new { node = 0, peer = 3 }</c>; null for none.</param>
    /// <param name="cancellationToken">Ends the wait; the command itself goes on.</param>
    /// <exception cref="JsTestBedException">The answer says that it failed.</exception>
    public async Task<JsonElement> SendAsync(string command, object? arguments = null, CancellationToken cancellationToken = default)
    {
        var id = Interlocked.Increment(ref _lastId);
        var line = arguments is null ? [] : JsonSerializer.SerializeToNode(arguments)!.AsObject();
        line["id"] = id;
        line["cmd"] = command;
        var answered = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answered;
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(line.ToJsonString().AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }

        var answer = await answered.Task.WaitAsync(cancellationToken);
        return answer.TryGetProperty("ok", out var ok) && ok.GetBoolean() ? answer : throw new JsTestBedException(answer.ToString());
    }

    /// <summary>Stops all nodes.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _reading;
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var answer = JsonDocument.Parse(line).RootElement;
            if (answer.TryGetProperty("event", out var name))
            {
                if (name.GetString() == "ready")
                {
                    _ready.TrySetResult(answer);
                }
            }
            else if (
                answer.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.Number
                && _waiting.TryRemove(id.GetInt32(), out var waiting)
            )
            {
                waiting.TrySetResult(answer);
            }
        }

        var ended = new JsTestBedException("The test bed ended: " + string.Join('\n', _errors.TakeLast(20)));
        _ready.TrySetException(ended);
        foreach (var waiting in _waiting.Values)
        {
            waiting.TrySetException(ended);
        }
    }
}
