using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>A server of a <see cref="GoTestBed"/>.</summary>
/// <param name="Index">How the control port names it.</param>
/// <param name="Peer">Its id and address.</param>
/// <param name="Kind">alive, dead, blackhole, silent, reset or nodht.</param>
internal sealed record GoNode(int Index, KadPeer Peer, string Kind)
{
    public string Id { get; } = Peer.Id.ToString();
}

/// <summary>A DHT message as its server read it off the stream, and what it answered. Times are nanoseconds since 1970.</summary>
internal sealed record GoMessage
{
    [JsonPropertyName("t")]
    public long ReadAt { get; init; }

    public string Server { get; init; } = "";

    public string From { get; init; } = "";

    public string Type { get; init; } = "";

    public string Key { get; init; } = "";

    public IReadOnlyList<string> Closer { get; init; } = [];

    public IReadOnlyList<string> Providers { get; init; } = [];

    public string? Record { get; init; }

    public string? ReqRecord { get; init; }

    [JsonPropertyName("reqProviders")]
    public IReadOnlyList<string> ReqProviders { get; init; } = [];

    /// <summary>answered, oneway (ADD_PROVIDER), silent, reset, or cut: the asker was gone when the answer was written.</summary>
    public string Result { get; init; } = "";
}

/// <summary>
/// A network of real go-libp2p-kad-dht servers on loopback, in one process, some of them faulty. It writes a line for each DHT message that
/// a server read, and does on its control port what a Go program would do.
/// </summary>
internal sealed class GoTestBed : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly Process _process;
    private readonly HttpClient _control;
    private readonly ConcurrentQueue<string> _errors = [];

    private GoTestBed(string folder, Process process, int controlPort)
    {
        _folder = folder;
        _process = process;
        _control = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controlPort}"), Timeout = Patience };
    }

    public IReadOnlyList<GoNode> Nodes { get; private set; } = [];

    private string LogFile => Path.Combine(_folder, "messages.log");

    private string PeersFile => Path.Combine(_folder, "peers.json");

    /// <summary>Unpacks the program into a folder of its own, starts it and waits until the network is formed: some seconds for 60
    /// nodes.</summary>
    /// <param name="packed"><see cref="Needs.GoNetwork"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="options">As the program takes them, such as <c>-n 60 -dead 3</c>.</param>
    public static async Task<GoTestBed> StartAsync(string packed, CancellationToken cancellation, params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-go-").FullName;
        try
        {
            var program = Path.Combine(folder, "network");
            await UnpackAsync(packed, program, cancellation);
            return await StartAsync(folder, program, options, cancellation);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>What a Go node answers on its control port; it has done it when this returns.</summary>
    /// <param name="node">Which node does it.</param>
    /// <param name="what">For example <c>findpeer</c>.</param>
    /// <param name="parameters">For example <c>id=12D3KooW…</c>.</param>
    /// <exception cref="HttpRequestException">It failed; the text says why.</exception>
    public async Task<JsonElement> AskAsync(GoNode node, string what, params IEnumerable<(string Name, string Value)> parameters)
    {
        var query = string.Concat(parameters.Select(parameter => $"&{parameter.Name}={Uri.EscapeDataString(parameter.Value)}"));
        using var response = await _control.GetAsync(new Uri($"/{what}?node={node.Index}{query}", UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(text).RootElement.GetProperty("result")
            : throw new HttpRequestException($"{what} at node {node.Index}: {text}");
    }

    /// <summary>All messages that have been answered so far.</summary>
    public IReadOnlyList<GoMessage> ReadLog()
    {
        using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);

        // What follows the last line feed is still being written.
        var lines = reader.ReadToEnd().Split('\n')[..^1];
        return [.. lines.Select(line => JsonSerializer.Deserialize<GoMessage>(line, Json)!)];
    }

    public async ValueTask DisposeAsync()
    {
        // The process is ours alone and keeps nothing.
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _control.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<GoTestBed> StartAsync(string folder, string program, string[] options, CancellationToken cancellation)
    {
        var controlPort = FreePort();
        string[] arguments =
        [
            "-ctl",
            $"127.0.0.1:{controlPort}",
            "-port",
            $"{FreePort()}",
            "-log",
            Path.Combine(folder, "messages.log"),
            "-peers",
            Path.Combine(folder, "peers.json"),
            .. options,
        ];
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var bed = new GoTestBed(folder, Process.Start(start)!, controlPort);
        try
        {
            bed._process.ErrorDataReceived += (_, line) => bed._errors.Enqueue(line.Data ?? "");
            bed._process.BeginErrorReadLine();
            var ready = await bed._process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(Patience, cancellation);
            if (ready != "ready")
            {
                throw new InvalidOperationException($"the Go network did not start: {ready} {string.Join('\n', bed._errors)}");
            }

            bed.Nodes = ReadPeers(bed.PeersFile);
            await bed.WaitForControlAsync(cancellation);
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    private static List<GoNode> ReadPeers(string file)
    {
        using var peers = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. peers
                .RootElement.EnumerateArray()
                .Select(
                    (peer, index) =>
                        new GoNode(
                            index,
                            new KadPeer(
                                PeerId.Parse(peer.GetProperty("id").GetString()!),
                                [.. peer.GetProperty("addrs").EnumerateArray().Select(address => Multiaddr.Parse(address.GetString()!))]
                            ),
                            peer.GetProperty("kind").GetString()!
                        )
                ),
        ];
    }

    private async Task WaitForControlAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await AskAsync(Nodes[0], "addr");
                return;
            }
            catch (HttpRequestException) when (attempt < 600)
            {
                await Task.Delay(50, cancellation);
            }
        }
    }

    private static async Task UnpackAsync(string packed, string file, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("xz", ["-dc", packed]) { UseShellExecute = false, RedirectStandardOutput = true };
        using var xz = Process.Start(start)!;
        await using (var program = File.Create(file))
        {
            await xz.StandardOutput.BaseStream.CopyToAsync(program, cancellation);
        }

        await xz.WaitForExitAsync(cancellation);
        Assert.Equal(0, xz.ExitCode);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    /// <summary>A port below those that the system gives to outgoing connections, so that nobody takes it meanwhile.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 32_000);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
