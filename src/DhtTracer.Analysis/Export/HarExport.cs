using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>
/// A query as an HTTP archive (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/) for the network panel of a browser: one entry for
/// each request, and one for each peer whose dial failed. Times are milliseconds. In an entry, <c>blocked</c> is the time in the queue,
/// <c>connect</c> the dial, <c>send</c> the time between dial and request, and <c>wait</c> the request.
/// </summary>
public static class HarExport
{
    /// <summary>The archive as UTF-8 JSON.</summary>
    public static byte[] ToUtf8(Query query)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json, query);
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, Query query)
    {
        json.WriteStartObject();
        json.WriteStartObject("log");
        json.WriteString("version", "1.2");
        json.WriteStartObject("creator");
        json.WriteString("name", "DhtTracer");
        json.WriteString("version", typeof(HarExport).Assembly.GetName().Version?.ToString(3) ?? "0");
        json.WriteEndObject();
        WritePage(json, query);
        json.WriteStartArray("entries");
        foreach (var entry in query.Peers.SelectMany(peer => EntriesOf(peer, query)).OrderBy(static entry => entry.StartNs))
        {
            WriteEntry(json, query, entry);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePage(Utf8JsonWriter json, Query query)
    {
        json.WriteStartArray("pages");
        json.WriteStartObject();
        json.WriteString("startedDateTime", Moment(query, 0));
        json.WriteString("id", query.Id.ToString());
        json.WriteString("title", $"{Words.Shown(query.Type)} {query.Key?.Text ?? "key unknown"}");
        json.WriteStartObject("pageTimings");
        json.WriteNumber("onContentLoad", query.DiscoveryNs is { } discovery ? Milliseconds(discovery) : -1);
        json.WriteNumber("onLoad", query.DurationNs is { } duration ? Milliseconds(duration) : -1);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static IEnumerable<Entry> EntriesOf(QueryPeer peer, Query query)
    {
        var dial = peer.Dial is { Reused: not true } ? peer.Dial : null;
        if (peer.Requests.IsEmpty)
        {
            if (dial is not null)
            {
                var queuedSince = Math.Min(peer.HeardNs ?? dial.StartNs, dial.StartNs);
                yield return new Entry(
                    peer,
                    null,
                    queuedSince,
                    dial.StartNs - queuedSince,
                    dial.DurationNs ?? Left(query, dial.StartNs),
                    0,
                    0
                );
            }

            yield break;
        }

        for (var i = 0; i < peer.Requests.Length; i++)
        {
            var request = peer.Requests[i];
            var asked = (request.StartNs ?? request.EndNs).GetValueOrDefault();
            var wait = request.StartNs is null ? 0 : request.DurationNs ?? Left(query, asked);

            // Only the first request waited for its slot and its dial. If a dial overlaps the request (a follow-up's own dial), the request
            // includes it.
            if (i > 0 || dial is null || dial.StartNs + dial.DurationNs is not { } connected || connected > asked)
            {
                var since = i > 0 ? asked : Math.Min(peer.HeardNs ?? asked, asked);
                yield return new Entry(peer, request, since, asked - since, null, 0, wait);
            }
            else
            {
                var since = Math.Min(peer.HeardNs ?? dial.StartNs, dial.StartNs);
                yield return new Entry(peer, request, since, dial.StartNs - since, dial.DurationNs, asked - connected, wait);
            }
        }
    }

    private static long Left(Query query, long startNs) => Math.Max(0, (query.DurationNs ?? startNs) - startNs);

    private static void WriteEntry(Utf8JsonWriter json, Query query, Entry entry)
    {
        json.WriteStartObject();
        json.WriteString("pageref", query.Id.ToString());
        json.WriteString("startedDateTime", Moment(query, entry.StartNs));
        json.WriteNumber("time", Milliseconds(entry.BlockedNs + entry.ConnectNs.GetValueOrDefault() + entry.SendNs + entry.WaitNs));
        WriteRequest(json, query, entry);
        WriteResponse(json, query, entry);
        json.WriteStartObject("cache");
        json.WriteEndObject();
        json.WriteStartObject("timings");
        json.WriteNumber("blocked", Milliseconds(entry.BlockedNs));
        json.WriteNumber("dns", -1);
        json.WriteNumber("connect", entry.ConnectNs is { } connect ? Milliseconds(connect) : -1);
        json.WriteNumber("ssl", -1);
        json.WriteNumber("send", Milliseconds(entry.SendNs));
        json.WriteNumber("wait", Milliseconds(entry.WaitNs));
        json.WriteNumber("receive", 0);
        json.WriteEndObject();
        json.WriteString("connection", entry.Peer.Id);
        json.WriteString("comment", $"XOR {Text(entry.Peer.Xor)}, hops {HopsText(entry.Peer)}, {Words.Of(entry.Peer.State)}");
        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, Query query, Entry entry)
    {
        json.WriteStartObject("request");
        json.WriteString(
            "method",
            entry.Request is { } request
                ? request.Type == MessageType.Unknown
                    ? "REQUEST"
                    : Words.Of(request.Type)
                : "DIAL"
        );

        // Not https: nothing here was HTTP, and a browser must not try to fetch it. A private scheme keeps the case of the peer id.
        json.WriteString(
            "url",
            $"libp2p://{Uri.EscapeDataString(entry.Peer.Id)}/ipfs/kad/1.0.0/{Uri.EscapeDataString(query.Key?.Text ?? "")}"
        );
        json.WriteString("httpVersion", "/ipfs/kad/1.0.0");
        WriteEmpty(json, "cookies");
        WriteEmpty(json, "headers");
        WriteEmpty(json, "queryString");
        json.WriteNumber("headersSize", -1);
        json.WriteNumber("bodySize", -1);
        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, Query query, Entry entry)
    {
        var answered = entry.Request is { Outcome: RequestOutcome.Answered };
        var error = entry.Request is { } asked ? asked.Error : entry.Peer.Dial?.Error;
        var status = answered
            ? "answered"
            : error?.Class ?? (entry.Request is { } silent ? Words.Of(silent.Outcome) : Words.Of(entry.Peer.State));
        var body = Body(query, entry);
        json.WriteStartObject("response");
        json.WriteNumber("status", answered ? 200 : 0);
        json.WriteString("statusText", status);
        json.WriteString("httpVersion", "/ipfs/kad/1.0.0");
        WriteEmpty(json, "cookies");
        WriteEmpty(json, "headers");
        json.WriteStartObject("content");
        json.WriteNumber("size", body.Length);
        json.WriteString("mimeType", "application/json");
        json.WriteString("text", body);
        json.WriteEndObject();
        json.WriteString("redirectURL", "");
        json.WriteNumber("headersSize", -1);
        json.WriteNumber("bodySize", -1);
        if (!answered)
        {
            json.WriteString("_error", error?.Text is { } text ? $"{status}: {text}" : status);
        }

        json.WriteEndObject();
    }

    // The whole row as in the JSON contract, so that the archive loses nothing.
    private static ReadOnlySpan<byte> Body(Query query, Entry entry)
    {
        using var whole = JsonDocument.Parse(QueryJson.ToUtf8(query with { Peers = [entry.Peer] }));
        return JsonSerializer.SerializeToUtf8Bytes(whole.RootElement.GetProperty("peers")[0]);
    }

    private static void WriteEmpty(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }

    private static string Text(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "unknown";

    private static string HopsText(QueryPeer peer) => peer.Hops is null && !(peer.HopsAtLeast > 0) ? "unknown" : HeaderText.Hops(peer);

    private static decimal Milliseconds(long ns) => ns / 1_000_000m;

    private static string Moment(Query query, long ns)
    {
        // One tick is 100 ns. A time before 1970 occurs only in a hostile trace, and becomes 1970.
        var ticks = ((Int128)query.StartUnixNano + ns) / 100;
        return DateTime
            .UnixEpoch.AddTicks((long)Int128.Clamp(ticks, 0, (DateTime.MaxValue - DateTime.UnixEpoch).Ticks))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
    }

    private sealed record Entry(
        QueryPeer Peer,
        PeerRequest? Request,
        long StartNs,
        long BlockedNs,
        long? ConnectNs,
        long SendNs,
        long WaitNs
    );
}
