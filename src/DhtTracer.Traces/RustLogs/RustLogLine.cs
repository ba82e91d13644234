using System.Buffers;
using System.Text;
using System.Text.Json;

namespace DhtTracer.Traces.RustLogs;

/// <summary>One line of a <c>tracing-subscriber</c> log about libp2p, human-readable or JSON.</summary>
/// <param name="Target">The module that wrote it, such as <c>libp2p_kad::behaviour</c>.</param>
/// <param name="Message">The text before the fields.</param>
/// <param name="Time">Null if the log has no times.</param>
/// <param name="SpanPeer">The peer of the span that the line was written in; null if there is none.</param>
internal sealed record RustLogLine(string Target, string Message, RustLogTime? Time, string? SpanPeer)
{
    private static readonly string[] Markers = ["libp2p_kad", "litep2p", "libp2p_swarm", "multistream_select"];

    private static readonly SearchValues<char> NotInTargets = SearchValues.Create(" {}()\"");

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private List<KeyValuePair<string, string>> _fields = [];

    /// <summary>
    /// Whether this is a line about a stream that does not name the peer. With <c>pretty()</c>, a later line of the same event names it,
    /// see <see cref="PrettySpanPeer"/>.
    /// </summary>
    public bool NeedsSpanPeer => SpanPeer is null && Target.StartsWith("multistream_select", StringComparison.Ordinal);

    /// <summary>Whether the bytes can be a line about libp2p: a cheap check before parsing.</summary>
    public static bool MayBe(ReadOnlySpan<byte> line) =>
        line.IndexOf("libp2p_"u8) >= 0
        || line.IndexOf("litep2p"u8) >= 0
        || line.IndexOf("multistream_select"u8) >= 0
        || RustLogProof.MayBe(line);

    /// <summary>Parses a line. Null if it is not a line of libp2p.</summary>
    public static RustLogLine? Parse(ReadOnlySpan<byte> utf8)
    {
        var text = WithoutColours(Encoding.UTF8.GetString(utf8));

        // A container or a service manager may add a prefix to the program's lines. Rust's Debug text has a space after its braces.
        var brace = text.IndexOf("{\"", StringComparison.Ordinal);
        return (brace >= 0 && text.AsSpan(brace).TrimEnd() is [.., '}'] ? ParseJson(text.AsMemory(brace)) : null)
            ?? ParseHuman(text)
            ?? ParseUntargeted(text);
    }

    /// <summary>A field's value as text; null if there is no such field.</summary>
    public string? Field(string name)
    {
        foreach (var (key, value) in _fields)
        {
            if (key == name)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The text without ANSI escape sequences <c>ESC [ … m</c>.</summary>
    public static string WithoutColours(string text)
    {
        if (!text.Contains('\u001b', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\u001b' || at + 1 >= text.Length || text[at + 1] != '[')
            {
                plain.Append(text[at]);
                continue;
            }

            // Parameters and intermediates, then one final byte from @ to ~ (ECMA-48).
            for (at += 2; at < text.Length && text[at] is < '@' or > '~'; )
            {
                at++;
            }
        }

        return plain.ToString();
    }

    // {"timestamp":"…","level":"TRACE","fields":{"message":"…","peer":"…"},"target":"libp2p_kad::behaviour","span":{…},"spans":[{…}]}
    private static RustLogLine? ParseJson(ReadOnlyMemory<char> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            var root = document.RootElement;
            // "flatten_event" writes the fields next to the target.
            var fields = root.TryGetProperty("fields", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : root;
            if ((Text(root, "target") ?? RustLogProof.OfMessage(Text(fields, "message"))) is not { } target || !IsOurs(target))
            {
                return null;
            }

            var time = Text(root, "timestamp") ?? Text(root, "time") ?? Text(root, "ts");
            var line = new RustLogLine(
                target,
                Text(fields, "message") ?? "",
                time is null ? null : RustLogTime.Find(time),
                SpanPeerOf(root)
            );
            foreach (var field in fields.EnumerateObject())
            {
                line._fields.Add(
                    KeyValuePair.Create(
                        field.Name,
                        field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString()! : field.Value.GetRawText()
                    )
                );
            }

            return line;
        }
        catch (Exception notJson) when (notJson is JsonException or InvalidOperationException)
        {
            // This is not JSON, or a text holds half of a surrogate pair. Try it as a human-readable line next.
            return null;
        }
    }

    private static string? SpanPeerOf(JsonElement root)
    {
        if (root.TryGetProperty("spans", out var spans) && spans.ValueKind == JsonValueKind.Array)
        {
            foreach (var span in spans.EnumerateArray())
            {
                if (span.ValueKind == JsonValueKind.Object && Text(span, "peer") is { } peer)
                {
                    return RustDebugText.Peer(peer);
                }
            }
        }

        return root.TryGetProperty("span", out var own) && own.ValueKind == JsonValueKind.Object
            ? RustDebugText.Peer(Text(own, "peer"))
            : null;
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // 2026-11-30T05:33:52.305146Z TRACE Swarm::poll: libp2p_kad::behaviour: Query finished query=QueryId(0)
    private static RustLogLine? ParseHuman(string text)
    {
        var start = TargetStart(text);
        var end = start < 0 ? -1 : text.IndexOf(": ", start, StringComparison.Ordinal);
        if (end < 0 || text.AsSpan(start, end - start) is not { Length: <= 200 } target || target.IndexOfAny(NotInTargets) >= 0)
        {
            return null;
        }

        return Of(target.ToString(), text.AsSpan(0, start), WithoutPlace(text.AsSpan(end + 2).TrimEnd()));
    }

    // 2026-11-30T05:33:52.305146Z TRACE Swarm::poll: Query finished query=QueryId(0)
    private static RustLogLine? ParseUntargeted(string text) =>
        RustLogProof.Find(text) is { } proof ? Of(proof.Target, text.AsSpan(0, proof.Start), text.AsSpan(proof.Start).TrimEnd()) : null;

    private static RustLogLine Of(string target, ReadOnlySpan<char> prefix, ReadOnlySpan<char> rest)
    {
        var read = RustLogFields.Read(rest);
        return new RustLogLine(target, read.Message, RustLogTime.Find(prefix), RustDebugText.Peer(SpanPeerOf(prefix)))
        {
            _fields = read.Fields,
        };
    }

    /// <summary>
    /// The peer named by a continuation line of a <c>pretty()</c> event: <c>    in libp2p_swarm::new_established_connection with id: 1,
    /// peer: 12D3…</c>. Null if it names none.
    /// </summary>
    /// <param name="line">The line without colours.</param>
    public static string? PrettySpanPeer(string line)
    {
        const string name = " peer: ";
        var at = line.IndexOf(name, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var value = line.AsSpan(at + name.Length);
        var end = value.IndexOfAny(',', ' ');
        return RustDebugText.Peer((end < 0 ? value : value[..end]).ToString());
    }

    /// <summary>Whether a line continues a <c>pretty()</c> event. A line with a level begins another event.</summary>
    /// <param name="line">The line without colours.</param>
    public static bool IsPrettyContinuation(string line)
    {
        foreach (var word in (ReadOnlySpan<string>)["    in ", "    at ", "    on "])
        {
            if (line.IndexOf(word, StringComparison.Ordinal) is >= 0 and var at && !RustLogProof.HasLevel(line.AsSpan(0, at)))
            {
                return true;
            }
        }

        return false;
    }

    private static int TargetStart(string text)
    {
        var first = -1;
        foreach (var marker in Markers)
        {
            var at = text.IndexOf(marker, StringComparison.Ordinal);
            while (at > 0 && text[at - 1] is not (' ' or ':' or '\t'))
            {
                at = text.IndexOf(marker, at + 1, StringComparison.Ordinal);
            }

            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }

        return first;
    }

    // A program may log the place in the source, and Substrate the name of a chain: "src/behaviour.rs:1204: …", "[Relaychain] …".
    private static ReadOnlySpan<char> WithoutPlace(ReadOnlySpan<char> rest)
    {
        var colon = rest.IndexOf(": ");
        if (colon > 0 && rest[..colon].Contains(".rs:", StringComparison.Ordinal) && !rest[..colon].Contains(' '))
        {
            rest = rest[(colon + 2)..];
        }

        return rest is ['[', ..] && rest.IndexOf("] ") is > 0 and <= 40 and var end ? rest[(end + 2)..] : rest;
    }

    // Swarm::poll:new_established_connection{remote_addr=/ip4/… id=1 peer=12D3…}:Connection::poll:
    private static string? SpanPeerOf(ReadOnlySpan<char> prefix)
    {
        const string name = "peer=";
        var at = prefix.LastIndexOf(name);
        if (at <= 0 || prefix[at - 1] is not ('{' or ' '))
        {
            return null;
        }

        var value = prefix[(at + name.Length)..];
        var end = value.IndexOfAny(" }");
        return end > 0 ? value[..end].ToString() : null;
    }

    private static bool IsOurs(string target) => Markers.Any(marker => target.StartsWith(marker, StringComparison.Ordinal));
}
