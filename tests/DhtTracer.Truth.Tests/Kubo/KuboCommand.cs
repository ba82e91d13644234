using System.Globalization;
using System.Text.Json;
using DhtTracer.Multiformats;

namespace DhtTracer.Truth.Tests.Kubo;

/// <summary>One line of a Kubo capture's truth: what was asked, what the client got, what the servers read and wrote.</summary>
internal sealed class KuboCommand
{
    public KuboCommand(JsonElement json)
    {
        Label = json.GetProperty("label").GetString()!;
        Via = json.GetProperty("via").GetString()!;
        Start = json.GetProperty("start").GetInt64();
        End = json.GetProperty("end").GetInt64();
        Status = Optional(json, "status")?.GetInt32();
        IsTimedOut = Limit(Optional(json, "command")?.GetString()) is { } limit && End - Start >= limit;
        Stdout = Optional(json, "stdout")?.GetString();
        KilledAt = Optional(json, "tKill")?.GetInt64();
        Path = PathOf(Optional(json, "command")?.GetString());
        KeyBytes = Optional(json, "key") is { } key ? Bytes(key.EnumerateObject().First()) : null;
        Lines = [.. json.GetProperty("lines").EnumerateArray().Select(Line)];
        Messages = [.. json.GetProperty("messages").EnumerateArray().Select(static message => new KuboMessage(message))];
        Traces =
        [
            .. json.GetProperty("traces")
                .EnumerateArray()
                .Select(static trace => (trace.GetProperty("id").GetString()!, trace.GetProperty("role").GetString()!)),
        ];
        Seeds = Optional(json, "seeds") is { } seeds
            ? seeds
                .EnumerateObject()
                .Where(static side => side.Value.ValueKind == JsonValueKind.Array)
                .SelectMany(static side => side.Value.EnumerateArray())
                .Select(static peer => peer.GetString()!)
                .ToHashSet()
            : null;
    }

    public string Label { get; }

    public string Via { get; }

    /// <summary>Such as <c>routing/findprovs</c>; null when nothing was asked.</summary>
    public string? Path { get; }

    /// <summary>The key's bytes in hex.</summary>
    public string? KeyBytes { get; }

    /// <summary>Client side, in nanoseconds since 1970.</summary>
    public long Start { get; }

    public long End { get; }

    /// <summary>HTTP status, or exit code; -9 for a client that was killed.</summary>
    public int? Status { get; }

    /// <summary>The command ended by its own limit (<c>timeout=300ms</c>).</summary>
    public bool IsTimedOut { get; }

    public long? KilledAt { get; }

    public string? Stdout { get; }

    /// <summary>The command's output. An API tells when each line came (nanoseconds since 1970); of a command line that is null.</summary>
    public IReadOnlyList<(long? At, JsonElement Line)> Lines { get; }

    /// <summary>Messages of the DHT with this key, as the servers saw them.</summary>
    public IReadOnlyList<KuboMessage> Messages { get; }

    public IReadOnlyList<(string Id, string Role)> Traces { get; }

    /// <summary>The peers of the daemon's tables nearest to the key, just before; null when the capture does not tell.</summary>
    public HashSet<string>? Seeds { get; }

    /// <summary>The truth keeps only the beginning of a command line's output.</summary>
    public bool IsCut => Via == "cli" && Path == "routing/findprovs";

    public bool IsKilled => Status == -9;

    /// <summary>The daemon went away during the command.</summary>
    public bool IsDaemonStopped => Label.EndsWith("-daemon-stops", StringComparison.Ordinal);

    public IEnumerable<string> MainTraces => Traces.Where(static trace => trace.Role == "main").Select(static trace => trace.Id);

    /// <summary>Query events of a type (<c>routing.QueryEventType</c>).</summary>
    public IEnumerable<(long? At, JsonElement Line)> Events(int type) =>
        Lines.Where(line =>
            line.Line.ValueKind == JsonValueKind.Object
            && line.Line.TryGetProperty("Type", out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.GetInt32() == type
        );

    private static (long? At, JsonElement Line) Line(JsonElement line) =>
        line.ValueKind == JsonValueKind.Array ? (line[0].GetInt64(), line[1])
        : line.GetString()!.StartsWith('{') ? (null, JsonSerializer.Deserialize<JsonElement>(line.GetString()!))
        : (null, line);

    private static long? Limit(string? command)
    {
        const string parameter = "&timeout=";
        if (command?.IndexOf(parameter, StringComparison.Ordinal) is not (>= 0 and var at))
        {
            return null;
        }

        var text = command[(at + parameter.Length)..].Split('&')[0];
        return text.EndsWith("ms", StringComparison.Ordinal)
            ? long.Parse(text[..^2], CultureInfo.InvariantCulture) * 1_000_000
            : long.Parse(text[..^1], CultureInfo.InvariantCulture) * 1_000_000_000;
    }

    private static string? PathOf(string? command)
    {
        var words = command?.Split(' ') ?? [];
        return words switch
        {
            ["POST", var url] => url["/api/v0/".Length..].Split('?')[0],
            ["GET", ..] => "gateway",
            ["ipfs", "routing", var what, ..] => "routing/" + what,
            _ => null,
        };
    }

    private static string Bytes(JsonProperty key)
    {
        var text = key.Value.GetString()!;
        var peer = PeerId.TryParse(text, out var id) ? id.Bytes.ToArray() : [];
        return Convert.ToHexStringLower(
            key.Name switch
            {
                "cid" => Cid.TryParse(text, out var cid) ? cid.Multihash.Bytes : throw new FormatException(text),
                "peer" => peer,
                _ => [.. System.Text.Encoding.ASCII.GetBytes($"/{key.Name}/"), .. peer],
            }
        );
    }

    private static JsonElement? Optional(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

/// <summary>A message at a server.</summary>
internal sealed class KuboMessage
{
    public KuboMessage(JsonElement json)
    {
        At = json.GetProperty("t").GetInt64();
        IsAnswer = json.GetProperty("dir").GetString() == "resp";
        Server = json.GetProperty("server").GetString()!;
        IsLan = json.TryGetProperty("lan", out var lan) && lan.GetBoolean();
        Type = Words.TryParse<MessageType>(json.GetProperty("type").GetString(), out var type)
            ? type
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{json.GetProperty("type")}"));
        Closer = Ids(json, "closer");
        Providers = Ids(json, "provs")?.Count ?? 0;
        HasRecord = json.TryGetProperty("record", out var record) && record.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);
    }

    /// <summary>Nanoseconds since 1970.</summary>
    public long At { get; }

    public bool IsAnswer { get; }

    public string Server { get; }

    public bool IsLan { get; }

    public MessageType Type { get; }

    /// <summary>Closer peers of an answer; null when the log does not list them.</summary>
    public HashSet<string>? Closer { get; }

    public int Providers { get; }

    public bool HasRecord { get; }

    private static HashSet<string>? Ids(JsonElement json, string name) =>
        json.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
                .Select(static item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetProperty("id").GetString()!)
                .ToHashSet()
            : null;
}
