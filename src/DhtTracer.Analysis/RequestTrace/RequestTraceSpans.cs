using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>
/// Turns a file into spans: one for each request, lookup and peer. Each holds its own part of the file as JSON, extensions included, so
/// that nothing is lost. Their ids are hashes, so that they never replace the spans that a program sent itself.
/// </summary>
public static class RequestTraceSpans
{
    /// <summary>Reads a file.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <exception cref="TraceFormatException">The file does not follow the format; the message names the first problem and its
    /// place.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlyMemory<byte> utf8)
    {
        if (RequestTraceValidator.Check(utf8) is [var problem, ..] problems)
        {
            var more = problems.Count > 1 ? $"; {problems.Count - 1} more: dht-tracer validate lists them" : "";
            throw new TraceFormatException(RequestTraceNames.Title, 0, $"{problem}{more}");
        }

        using var document = RequestTraceValidator.Parse(utf8);
        var spans = new List<Span>();
        foreach (var request in document.RootElement.GetProperty("requests").EnumerateArray())
        {
            Add(spans, request);
        }

        return spans;
    }

    /// <summary>An operation and its queries as the spans that a file of them becomes.</summary>
    public static IReadOnlyList<Span> Of(Operation operation, IEnumerable<Query> queries) =>
        Decode(RequestTraceWriter.ToUtf8(operation, queries));

    private static void Add(List<Span> spans, JsonElement request)
    {
        var traceId = TraceId.TryParse(request.GetProperty("traceId").GetString(), out var trace)
            ? trace
            : throw new InvalidOperationException("The trace id was not checked.");
        var id = request.GetProperty("id").GetString()!;
        var start = Start(request) ?? 0;
        var draft = new SpanDraft(
            traceId,
            new Resource
            {
                Attributes = AttributeList.Of([
                    .. QueryJsonReader.OptionalText(request, "service") is { } service
                        ? [("service.name", service)]
                        : Array.Empty<(string, AttributeValue)>(),
                    .. QueryJsonReader.OptionalText(request, "instance") is { } instance
                        ? [("service.instance.id", instance)]
                        : Array.Empty<(string, AttributeValue)>(),
                ]),
            }
        );
        var own = Id(traceId, "request", id);
        spans.Add(
            draft.Make(
                own,
                default,
                QueryJsonReader.OptionalText(request, "type") ?? "lookup",
                start,
                QueryJsonReader.Number(request, "durationNs"),
                (RequestTraceNames.Request, Without(request, "lookups"))
            )
        );
        foreach (var lookup in request.GetProperty("lookups").EnumerateArray())
        {
            AddLookup(spans, draft, lookup, own, start);
        }
    }

    private static void AddLookup(List<Span> spans, SpanDraft draft, JsonElement lookup, SpanId request, ulong requestStart)
    {
        var id = lookup.GetProperty("id").GetString()!;
        var start = Start(lookup) ?? requestStart;
        var own = Id(draft.TraceId, "lookup", id);
        var peers = QueryJsonReader.Array(lookup, "peers", static peer => peer);
        spans.Add(
            draft.Make(
                own,
                request,
                "lookup",
                start,
                QueryJsonReader.Number(lookup, "durationNs"),
                (RequestTraceNames.Lookup, Without(lookup, "peers")),
                (RequestTraceNames.Peers, (long)peers.Length)
            )
        );
        for (var number = 0; number < peers.Length; number++)
        {
            var (first, last) = Times(peers[number]);
            spans.Add(
                draft.Make(
                    Id(draft.TraceId, "peer", string.Create(CultureInfo.InvariantCulture, $"{id} {number}")),
                    own,
                    "peer",
                    After(start, first),
                    Math.Max(0, last - first),
                    (RequestTraceNames.Number, (long)number),
                    (RequestTraceNames.Peer, peers[number].GetRawText())
                )
            );
        }
    }

    /// <summary>When the peer was first and last busy, for programs that show spans.</summary>
    private static (long First, long Last) Times(JsonElement peer)
    {
        long? first = null;
        long? last = null;
        var steps = QueryJsonReader.Array(peer, "messages", static message => message).ToList();
        if (QueryJsonReader.Object(peer, "dial") is { } dial)
        {
            steps.Add(dial);
        }

        foreach (var step in steps)
        {
            var start = QueryJsonReader.Number(step, "startNs") ?? QueryJsonReader.Number(step, "endNs");
            var end = QueryJsonReader.Number(step, "endNs") ?? (start + QueryJsonReader.Number(step, "durationNs")) ?? start;
            first = first <= start ? first : start ?? first;
            last = last >= end ? last : end ?? last;
        }

        var heard = first ?? QueryJsonReader.Number(peer, "heardNs") ?? 0;
        return (heard, last ?? heard);
    }

    private static string Without(JsonElement json, string left)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            writer.WriteStartObject();
            foreach (var member in json.EnumerateObject().Where(member => member.Name != left))
            {
                member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static ulong? Start(JsonElement json) =>
        QueryJsonReader.OptionalText(json, "startUnixNano") is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : null;

    private static ulong After(ulong start, long ns) => (ulong)Int128.Clamp((Int128)start + ns, 0, ulong.MaxValue);

    private static SpanId Id(TraceId trace, string kind, string id)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{RequestTraceNames.Scope} {trace} {kind} {id}"), hash);
        return new SpanId(BinaryPrimitives.ReadUInt64BigEndian(hash) | 1);
    }

    /// <summary>What all spans of a request share.</summary>
    private sealed class SpanDraft(TraceId traceId, Resource resource)
    {
        private readonly InstrumentationScope _scope = new() { Name = RequestTraceNames.Scope, Version = RequestTraceNames.Version };

        public TraceId TraceId => traceId;

        public Span Make(
            SpanId id,
            SpanId parent,
            string name,
            ulong start,
            long? durationNs,
            params IEnumerable<(string Key, AttributeValue Value)> attributes
        ) =>
            new()
            {
                TraceId = traceId,
                SpanId = id,
                ParentSpanId = parent,
                Name = name,
                Kind = SpanKind.Internal,
                StartUnixNano = start,
                EndUnixNano = durationNs is { } duration ? After(start, Math.Max(0, duration)) : 0,
                Attributes = AttributeList.Of(attributes),
                Resource = resource,
                Scope = _scope,
            };
    }
}
