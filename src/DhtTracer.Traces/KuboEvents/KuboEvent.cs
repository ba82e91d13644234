using System.Collections.Immutable;
using System.Text.Json;

namespace DhtTracer.Traces.KuboEvents;

/// <summary>Type of a query event, by Kubo's numbers (go-libp2p <c>core/routing/query.go</c>).</summary>
public enum KuboEventType
{
    /// <summary>A request is sent to the peer.</summary>
    SendingQuery = 0,

    /// <summary>The peer answered; the responses are the closer peers.</summary>
    PeerResponse = 1,

    /// <summary>The result of a peer search (in the responses), or one of the closest peers (the event's own peer).</summary>
    FinalPeer = 2,

    /// <summary>A dial or a request failed. Without a peer, the whole lookup failed.</summary>
    QueryError = 3,

    /// <summary>A provider was found.</summary>
    Provider = 4,

    /// <summary>A value was found, in base64 as the extra text.</summary>
    Value = 5,

    /// <summary>A peer was added to the lookup.</summary>
    AddingPeer = 6,

    /// <summary>A connection to the peer is being made.</summary>
    DialingPeer = 7,
}

/// <summary>A peer in the responses of an event.</summary>
/// <param name="Id">Its peer id; empty when the daemon sent none.</param>
/// <param name="Addresses">Its multiaddrs, separated by spaces; empty when there are none.</param>
public readonly record struct KuboResponse(string Id, string Addresses);

/// <summary>A query event of a Kubo: one line of <c>routing findprovs</c>, <c>routing findpeer</c>, <c>dht query</c> or <c>routing
/// get</c>.</summary>
/// <param name="Type">What happened. Unknown numbers are kept.</param>
/// <param name="Peer">The peer; empty if the event concerns none.</param>
/// <param name="Responses">Closer peers, providers, or the peer found.</param>
/// <param name="Extra">Error text, or value in base64; empty if there is none.</param>
public sealed record KuboEvent(KuboEventType Type, string Peer, ImmutableArray<KuboResponse> Responses, string Extra);

/// <summary>A line of a Kubo RPC response: an event, or the error that ends the stream.</summary>
/// <param name="Event">The event; null for an error.</param>
/// <param name="Error">The error's message; null for an event.</param>
/// <example>
/// <c>{"Extra":"","ID":"12D3KooW…","Responses":[{"ID":"12D3KooW…","Addrs":["/ip4/11.151.0.1/tcp/4001"]}],"Type":1}</c>,
/// <c>{"Message":"routing: not found","Code":0,"Type":"error"}</c>. Empty fields may be left out.
/// </example>
public readonly record struct KuboLine(KuboEvent? Event, string? Error)
{
    /// <summary>Longest line that is read, in bytes. Kubo's longest lines hold a record, or 20 peers with their addresses.</summary>
    public const int MaxLength = 4 * 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>Reads a line.</summary>
    /// <param name="utf8">The line without its end.</param>
    /// <param name="line">The line as read.</param>
    /// <param name="problem">What is wrong, without a full stop; null if nothing is.</param>
    /// <returns>False if the line does not belong to such a stream.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, out KuboLine line, out string? problem)
    {
        line = default;
        try
        {
            using var document = JsonDocument.Parse(utf8, Options);
            problem = Read(document.RootElement, out line);
        }
        catch (JsonException broken)
        {
            problem = $"expected a JSON object; {broken.Message.TrimEnd('.')}";
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone is valid JSON, but not valid text.
            problem = "expected text in Unicode, found half of a surrogate pair";
        }

        return problem is null;
    }

    private static string? Read(JsonElement json, out KuboLine line)
    {
        line = default;
        if (json.ValueKind != JsonValueKind.Object)
        {
            return "expected a JSON object";
        }

        if (!json.TryGetProperty("Type", out var type))
        {
            return "expected an event with a Type";
        }

        if (type.ValueKind == JsonValueKind.String)
        {
            if (!type.ValueEquals("error"u8))
            {
                return "expected a number, or \"error\", as Type";
            }

            line = new KuboLine(null, Text(json, "Message") is { Length: > 0 } message ? message : "the daemon gave no reason");
            return null;
        }

        if (type.ValueKind != JsonValueKind.Number || !type.TryGetInt32(out var number))
        {
            return "expected a number as Type";
        }

        if (Responses(json, out var responses) is { } problem)
        {
            return problem;
        }

        line = new KuboLine(new KuboEvent((KuboEventType)number, Text(json, "ID"), responses, Text(json, "Extra")), null);
        return null;
    }

    private static string? Responses(JsonElement json, out ImmutableArray<KuboResponse> responses)
    {
        responses = [];
        if (!json.TryGetProperty("Responses", out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return "expected a list as Responses";
        }

        var read = ImmutableArray.CreateBuilder<KuboResponse>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            switch (item.ValueKind)
            {
                case JsonValueKind.Object:
                    read.Add(new KuboResponse(Text(item, "ID"), Addresses(item)));
                    break;

                // Go writes a nil pointer to an AddrInfo as null.
                case JsonValueKind.Null:
                    break;
                default:
                    return "expected objects in Responses";
            }
        }

        responses = read.DrainToImmutable();
        return null;
    }

    private static string Addresses(JsonElement peer) =>
        peer.TryGetProperty("Addrs", out var list) && list.ValueKind == JsonValueKind.Array
            ? string.Join(
                ' ',
                list.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.String).Select(static item => item.GetString())
            )
            : "";

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
