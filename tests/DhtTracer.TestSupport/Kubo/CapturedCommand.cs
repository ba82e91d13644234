using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>
/// A command that was sent to a real Kubo, with every line of its answer and when it arrived: a line of <c>truth.jsonl.gz</c> of the
/// captures under <c>data/kubo</c>. There empty fields are left out and many closer peers are only counted, since the server's own answer
/// stands beside them; here they are put back.
/// </summary>
public sealed record CapturedCommand
{
    /// <summary>How far the reader's clock and the server's may be apart when an answer is looked for.</summary>
    private const long SameAnswerNs = 500_000_000;

    /// <summary>Folder of the capture, such as <c>file-exporter</c>.</summary>
    public required string Capture { get; init; }

    /// <summary>Name and number, unique in the capture.</summary>
    public required string Label { get; init; }

    /// <summary>Path and query as sent: <c>/api/v0/routing/findprovs?arg=…</c>.</summary>
    public required string PathAndQuery { get; init; }

    /// <summary>The key: a peer id, CID or name.</summary>
    public required string Key { get; init; }

    /// <summary>HTTP status; -9 when the client was killed.</summary>
    public required int Status { get; init; }

    /// <summary>Whether the client was killed before the end.</summary>
    public bool WasKilled => Status == -9;

    /// <summary>Start of the request at the client, in nanoseconds since 1970.</summary>
    public required long Start { get; init; }

    /// <summary>End of the answer at the client, in nanoseconds since 1970.</summary>
    public required long End { get; init; }

    /// <summary>Lines of the answer: when each arrived, and the JSON.</summary>
    public required ImmutableArray<(long Time, string Json)> Lines { get; init; }

    /// <summary>Peers of the daemon's routing tables nearest to the key just before the command; null when they were not noted.</summary>
    public required ImmutableHashSet<string>? Seeds { get; init; }

    /// <summary>Those of the public network; null when they were not noted.</summary>
    public required ImmutableHashSet<string>? WanSeeds { get; init; }

    /// <summary>Peer id of the daemon.</summary>
    public required string Node { get; init; }

    /// <summary>Trace id of the daemon's own spans of the command; null when there are none.</summary>
    public required string? Trace { get; init; }

    /// <summary>Peers whose server did not answer as it should: <c>silent</c>, <c>reset</c>.</summary>
    public required ImmutableDictionary<string, string> Kinds { get; init; }

    /// <summary>The first command of a capture whose label begins like this.</summary>
    /// <param name="capture">Such as <c>file-exporter</c>; it stands in <c>tests/data/kubo</c>.</param>
    /// <param name="label">Such as <c>findprovs-5</c>.</param>
    public static CapturedCommand Of(string capture, string label)
    {
        var folder = TestFiles.Data("kubo", capture);
        folder = Directory.Exists(folder) ? folder : TestFiles.Shared("kubo", capture) ?? throw new DirectoryNotFoundException(folder);
        return Read(folder).First(command => command.Label.StartsWith(label, StringComparison.Ordinal));
    }

    /// <summary>Reads the commands of a capture that went to the RPC API of routing and DHT.</summary>
    /// <param name="folder">The folder of the capture.</param>
    public static ImmutableArray<CapturedCommand> Read(string folder)
    {
        var node = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "daemon.json")))!.AsObject();
        var commands = ImmutableArray.CreateBuilder<CapturedCommand>();
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(Path.Combine(folder, "truth.jsonl.gz")), CompressionMode.Decompress)
        );
        while (reader.ReadLine() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            if (Read(json.RootElement, Path.GetFileName(folder), commands.Count, Peer(node)) is { } command)
            {
                commands.Add(command);
            }
        }

        return commands.DrainToImmutable();
    }

    private static string Peer(JsonObject daemon) => (daemon["peer"] ?? daemon["id"] ?? daemon["peerId"])!.GetValue<string>();

    private static CapturedCommand? Read(JsonElement json, string capture, int number, string node)
    {
        const string post = "POST ";
        var command = json.GetProperty("command").GetString()!;
        if (
            json.GetProperty("via").GetString() != "api"
            || !(
                command.StartsWith(post + "/api/v0/routing/", StringComparison.Ordinal)
                || command.StartsWith(post + "/api/v0/dht/", StringComparison.Ordinal)
            )
        )
        {
            return null;
        }

        if (json.GetProperty("key") is not { ValueKind: JsonValueKind.Object } key)
        {
            return null;
        }

        var answers = Answers(json);
        return new CapturedCommand
        {
            Capture = capture,
            Label = $"{json.GetProperty("label").GetString()} {number}",
            PathAndQuery = command[post.Length..],
            Key = key.EnumerateObject().First().Value.GetString()!,
            Status = json.GetProperty("status").GetInt32(),
            Start = json.GetProperty("start").GetInt64(),
            End = json.GetProperty("end").GetInt64(),
            Lines =
            [
                .. json.GetProperty("lines")
                    .EnumerateArray()
                    .Select(item => (item[0].GetInt64(), Whole(item[1], item[0].GetInt64(), answers))),
            ],
            Seeds = Tables(json, "wan", "lan"),
            WanSeeds = Tables(json, "wan"),
            Node = node,
            Trace = json.GetProperty("traces")
                .EnumerateArray()
                .Where(static trace => trace.GetProperty("role").GetString() == "main")
                .Select(static trace => trace.GetProperty("id").GetString())
                .FirstOrDefault(),
            Kinds =
                json.TryGetProperty("kinds", out var kinds) && kinds.ValueKind == JsonValueKind.Object
                    ? kinds.EnumerateObject().ToImmutableDictionary(static kind => kind.Name, static kind => kind.Value.GetString() ?? "")
                    : ImmutableDictionary<string, string>.Empty,
        };
    }

    private static ImmutableHashSet<string>? Tables(JsonElement json, params string[] sides) =>
        json.TryGetProperty("seeds", out var seeds) && seeds.ValueKind == JsonValueKind.Object
            ?
            [
                .. sides
                    .Where(side => seeds.TryGetProperty(side, out var list) && list.ValueKind == JsonValueKind.Array)
                    .SelectMany(side => seeds.GetProperty(side).EnumerateArray())
                    .Select(static id => id.GetString()!),
            ]
            : null;

    /// <summary>Answers of the servers, by server.</summary>
    private static Dictionary<string, List<(long Time, string[] Closer)>> Answers(JsonElement json) =>
        json.GetProperty("messages")
            .EnumerateArray()
            .Where(static message =>
                message.GetProperty("dir").GetString() == "resp"
                && message.TryGetProperty("closer", out var closer)
                && closer.ValueKind == JsonValueKind.Array
            )
            .GroupBy(static message => message.GetProperty("server").GetString()!)
            .ToDictionary(
                static group => group.Key,
                static group =>
                    group
                        .Select(static message =>
                            (
                                message.GetProperty("t").GetInt64(),
                                message.GetProperty("closer").EnumerateArray().Select(static id => id.GetString()!).ToArray()
                            )
                        )
                        .ToList()
            );

    /// <summary>The line as the daemon wrote it: with its empty fields, and with the closer peers that the capture only counts.</summary>
    private static string Whole(JsonElement line, long time, Dictionary<string, List<(long Time, string[] Closer)>> answers)
    {
        var whole = JsonNode.Parse(line.GetRawText())!.AsObject();
        if (whole["Type"] is not JsonValue type || type.GetValueKind() != JsonValueKind.Number)
        {
            return whole.ToJsonString();
        }

        if (whole["Responses"] is JsonValue count && count.GetValueKind() == JsonValueKind.Number)
        {
            var server = whole["ID"]!.GetValue<string>();
            var wanted = count.GetValue<int>();
            var near = answers
                .GetValueOrDefault(server, [])
                .Where(answer => answer.Closer.Length == wanted && Math.Abs(answer.Time - time) < SameAnswerNs)
                .ToList();
            if (near.Count == 0)
            {
                throw new InvalidDataException($"no answer of {server} with {wanted} peers stands near the event at {time}");
            }

            var answer = near.MinBy(answer => Math.Abs(answer.Time - time));
            _ = answers[server].Remove(answer);
            whole["Responses"] = new JsonArray([.. answer.Closer.Select(static id => Peer(id))]);
        }
        else if (whole["Responses"] is JsonArray list)
        {
            whole["Responses"] = new JsonArray([
                .. list.Select(static item => item is JsonObject ? item.DeepClone() : Peer(item!.GetValue<string>())),
            ]);
        }

        whole.TryAdd("Extra", "");
        whole.TryAdd("ID", "");
        whole.TryAdd("Responses", null);
        return whole.ToJsonString();
    }

    private static JsonObject Peer(string id) => new() { ["ID"] = id, ["Addrs"] = new JsonArray() };
}
