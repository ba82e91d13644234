using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.KuboLogs;

/// <summary>One line of a Kubo's log, as <c>ipfs log tail</c> streams it (JSON) or as the daemon writes it to its standard error.</summary>
/// <example><code>
/// {"level":"info","ts":"2026-11-30T06:48:18.040Z","logger":"dht/provider","caller":"provider/provider.go:1","msg":"reprovide…"}
/// 2026-11-30T06:48:18.040Z	INFO	dht/provider	provider/provider.go:1856	reprovide starting for prefix "01"	{"field": 1}
/// </code></example>
public sealed record KuboLogLine
{
    /// <summary>Longest line that is read, in bytes. A line with the keys of a region takes 50 bytes a key.</summary>
    public const int MaxLength = 4 << 20;

    /// <summary>The members of a JSON line that are no fields of its own.</summary>
    private static readonly string[] Standard = ["level", "ts", "logger", "caller", "msg"];

    /// <summary>The text is data and never becomes HTML unescaped; base64 stays readable.</summary>
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Time, in nanoseconds since 1970-01-01 UTC. The daemon writes milliseconds.</summary>
    public required ulong UnixNano { get; init; }

    /// <summary><c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c>, <c>dpanic</c>, <c>panic</c> or <c>fatal</c>.</summary>
    public required string Level { get; init; }

    /// <summary>The logger, such as <c>dht/provider</c>.</summary>
    public required string Logger { get; init; }

    /// <summary>The text.</summary>
    public required string Message { get; init; }

    /// <summary>Its own fields as a JSON object; null if there are none.</summary>
    public string? Fields { get; init; }

    /// <summary>
    /// Whether the line can say something about the provide sweep: lines of <c>dht/provider</c>, and lines of <c>dht</c> about a message
    /// that could not be sent.
    /// </summary>
    public bool IsOfSweep =>
        Logger == KuboLogNames.Provider || (Logger == KuboLogNames.Dht && Message.StartsWith("message failed", StringComparison.Ordinal));

    /// <summary>
    /// Whether the line tells what became of a request for a block: who answered what, or why a provider was not connected.
    /// </summary>
    public bool IsOfBlocks =>
        (Logger == KuboLogNames.Bitswap && Message.StartsWith(KuboLogNames.BitswapAnswer, StringComparison.Ordinal))
        || (Logger == KuboLogNames.ProviderQueries && Message.StartsWith(KuboLogNames.ProviderFailure, StringComparison.Ordinal));

    /// <summary>Parses a line; null if it is no line of such a log.</summary>
    /// <param name="line">The line as UTF-8, without its line break.</param>
    public static KuboLogLine? Parse(ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \r"u8);
        if (line.IsEmpty || line.Length > MaxLength)
        {
            return null;
        }

        // A service manager or a container may have written something before the line.
        var json = line[0] is (byte)'{' or (byte)'[' ? 0 : line.IndexOf("{\"level\":"u8);
        return json >= 0 ? ParseJson(line[json..]) : ParseText(Encoding.UTF8.GetString(line));
    }

    private static KuboLogLine? ParseJson(ReadOnlySpan<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line.ToArray());
            return document.RootElement switch
            {
                { ValueKind: JsonValueKind.Object } whole => OfJson(whole),

                // A collector may have put the time of arrival before the line: [1796021216201188801,{…}].
                { ValueKind: JsonValueKind.Array } pair
                    when pair.GetArrayLength() == 2
                        && pair[0].ValueKind == JsonValueKind.Number
                        && pair[1].ValueKind == JsonValueKind.Object => OfJson(pair[1]),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static KuboLogLine? OfJson(JsonElement line)
    {
        if (
            Text(line, "logger") is not { } logger
            || Text(line, "msg") is not { } message
            || Text(line, "level") is not { } level
            || TimeOf(Text(line, "ts")) is not { } time
        )
        {
            return null;
        }

        var fields = line.EnumerateObject().Where(static member => !Standard.Contains(member.Name)).ToList();
        return new KuboLogLine
        {
            UnixNano = time,
            Level = level.ToLowerInvariant(),
            Logger = logger,
            Message = message,
            Fields = fields.Count == 0 ? null : ObjectOf(fields),
        };
    }

    private static string ObjectOf(List<JsonProperty> fields)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Compact))
        {
            json.WriteStartObject();
            fields.ForEach(field => field.WriteTo(json));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string? Text(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Time, level, logger, place, text and fields, separated by tabs. A service manager may have written something before the time.
    private static KuboLogLine? ParseText(string text)
    {
        var columns = WithoutColours(text).Split('\t');
        if (columns.Length < 5 || LevelOf(columns[1]) is not { } level || !columns[3].Contains(".go:", StringComparison.Ordinal))
        {
            return null;
        }

        if (TimeOf(columns[0][(columns[0].LastIndexOf(' ') + 1)..]) is not { } time)
        {
            return null;
        }

        var fields = columns.Length > 5 ? ObjectOf(columns[^1]) : null;
        return new KuboLogLine
        {
            UnixNano = time,
            Level = level,
            Logger = columns[2],
            Message = string.Join('\t', columns[4..(fields is null ? ^0 : ^1)]),
            Fields = fields,
        };
    }

    private static string? LevelOf(string text) =>
        text is "DEBUG" or "INFO" or "WARN" or "ERROR" or "DPANIC" or "PANIC" or "FATAL" ? text.ToLowerInvariant() : null;

    /// <summary>The text of an object as a JSON line gives it; null if the text is no object.</summary>
    private static string? ObjectOf(string text)
    {
        if (text is not ['{', ..])
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return ObjectOf([.. document.RootElement.EnumerateObject()]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Zap writes an offset without a colon: 2026-11-30T07:48:18.040+0100.
    private static ulong? TimeOf(string? text) =>
        text is [.., '+' or '-', var a, var b, var c, var d]
        && char.IsAsciiDigit(a)
        && char.IsAsciiDigit(b)
        && char.IsAsciiDigit(c)
        && char.IsAsciiDigit(d)
            ? Rfc3339.Parse(string.Create(CultureInfo.InvariantCulture, $"{text[..^2]}:{text[^2..]}"))
            : Rfc3339.Parse(text);

    private static string WithoutColours(string text)
    {
        if (!text.Contains('\u001b', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\u001b' || i + 1 == text.Length || text[i + 1] != '[')
            {
                plain.Append(text[i]);
                continue;
            }

            var end = text.IndexOf('m', i);
            i = end < 0 ? text.Length : end;
        }

        return plain.ToString();
    }
}
