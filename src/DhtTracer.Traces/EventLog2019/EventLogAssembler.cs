using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.EventLog2019;

/// <summary>
/// Turns events into spans. Every id is computed from the log alone, so reading a log twice changes nothing: a trace id comes from the
/// query's key and start, a span id from the event's line and the number of equal lines before it.
/// </summary>
internal sealed class EventLogAssembler
{
    private static readonly InstrumentationScope Scope = new() { Name = EventLogNames.Scope };

    private readonly Dictionary<EventLog2019Query, List<EventLogEvent>> _queries = [];
    private readonly List<EventLogEvent> _messages = [];
    private readonly HashSet<string> _nodes = new(StringComparer.Ordinal);

    /// <summary>Adds a line. Lines that do not concern a query are skipped.</summary>
    public void Add(JsonElement json, string line, out string? problem)
    {
        var happened = EventLogEvent.Read(json, line, out problem);
        if (happened is null)
        {
            NoteNode(json);
        }
        else if (happened.Query is { } query)
        {
            if (!_queries.TryGetValue(query, out var events))
            {
                _queries.Add(query, events = []);
            }

            events.Add(happened);
        }
        else
        {
            _messages.Add(happened);
        }
    }

    /// <summary>The spans of all queries.</summary>
    public List<Span> ToSpans()
    {
        var requests = (
            from query in _queries
            from happened in query.Value
            where happened.Name is EventLogNames.RequestStart or EventLogNames.RequestEnd
            select (query.Key, Event: happened)
        ).ToLookup(static item => item.Event.Peer ?? "", StringComparer.Ordinal);
        foreach (var message in _messages)
        {
            if (QueryOf(message, requests) is { } query)
            {
                _queries[query].Add(message);
            }
        }

        var spans = new List<Span>();
        foreach (var (query, events) in _queries)
        {
            AddQuery(spans, query, events);
        }

        return spans;
    }

    /// <summary>
    /// Finds the query that a message was sent for: the latest query with an open request to that peer, else the latest query with the
    /// message's key. Messages of other traffic belong to no query.
    /// </summary>
    private EventLog2019Query? QueryOf(EventLogEvent message, ILookup<string, (EventLog2019Query Query, EventLogEvent Event)> requests)
    {
        var asking = requests[message.Peer ?? ""]
            .Where(item => item.Event.TimeUnixNano <= message.TimeUnixNano)
            .GroupBy(static item => item.Query, static item => item.Event)
            .Where(group => IsAsking(group, message))
            .Select(static group => (EventLog2019Query?)group.Key)
            .MaxBy(static query => query!.Value.StartUnixNano);
        return asking
            ?? (
                message.MessageKey is { Length: > 0 } key
                    ? _queries
                        .Keys.Where(query =>
                            query.StartUnixNano <= message.TimeUnixNano && query.Key.EndsWith(key, StringComparison.Ordinal)
                        )
                        .Select(static query => (EventLog2019Query?)query)
                        .MaxBy(static query => query!.Value.StartUnixNano)
                    : null
            );
    }

    /// <summary>Whether the last of these requests was still open when the message was sent.</summary>
    private static bool IsAsking(IEnumerable<EventLogEvent> requestsBefore, EventLogEvent message)
    {
        ulong? began = null;
        ulong over = 0;
        foreach (var item in requestsBefore)
        {
            if (item.Name == EventLogNames.RequestStart)
            {
                began = began > item.TimeUnixNano ? began : item.TimeUnixNano;
            }
            else if (item.TimeUnixNano < message.TimeUnixNano)
            {
                over = Math.Max(over, item.TimeUnixNano);
            }
        }

        return began is not null && began >= over;
    }

    /// <summary>
    /// Reads the logging node from the dialer's log lines: <c>"Logs":[{"Fields":[{"Key":"localPeer","Value":"Qm…"}]}]</c>.
    /// </summary>
    private void NoteNode(JsonElement json)
    {
        if (!json.TryGetProperty("Logs", out var logs) || logs.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var log in logs.EnumerateArray())
        {
            if (
                log.ValueKind != JsonValueKind.Object
                || !log.TryGetProperty("Fields", out var fields)
                || fields.ValueKind != JsonValueKind.Array
            )
            {
                continue;
            }

            foreach (var field in fields.EnumerateArray())
            {
                if (
                    field.ValueKind == JsonValueKind.Object
                    && field.TryGetProperty("Key", out var key)
                    && key.ValueKind == JsonValueKind.String
                    && key.ValueEquals("localPeer"u8)
                    && field.TryGetProperty("Value", out var value)
                    && value.ValueKind == JsonValueKind.String
                )
                {
                    _nodes.Add(value.GetString()!);
                }
            }
        }
    }

    private void AddQuery(List<Span> spans, EventLog2019Query query, List<EventLogEvent> events)
    {
        var identity = Encoding.UTF8.GetBytes($"{EventLogNames.Scope}\n{query.Key}\n{query.StartUnixNano}");
        var traceId = TraceId.FromBytes(SHA256.HashData(identity));
        var rootId = Id(identity, "", 0);
        var attributes = new List<(string, AttributeValue)> { (EventLogNames.Key, query.Key) };
        if (
            events.Select(static item => item.Type).Where(static type => !string.IsNullOrEmpty(type)).Min(StringComparer.Ordinal) is
            { } type
        )
        {
            attributes.Add((EventLogNames.Type, type));
        }

        if (events.Max(static item => item.Concurrency) is > 0 and var concurrency)
        {
            attributes.Add((EventLogNames.Concurrency, concurrency));
        }

        // If several nodes wrote to the stream, the node of a query is unknown.
        if (_nodes.Count == 1)
        {
            attributes.Add((EventLogNames.Node, _nodes.Single()));
        }

        spans.Add(
            Make(
                traceId,
                rootId,
                default,
                EventLogNames.Run,
                query.StartUnixNano,
                events.Max(static item => item.EndUnixNano) ?? 0,
                attributes
            )
        );
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var happened in events)
        {
            var repetition = seen.GetValueOrDefault(happened.Line);
            seen[happened.Line] = repetition + 1;
            List<(string, AttributeValue)> all = [.. happened.Attributes];
            if (repetition > 0)
            {
                all.Add((EventLogNames.Repetition, repetition));
            }

            all.Add((EventLogNames.Line, happened.Line));
            spans.Add(
                Make(
                    traceId,
                    Id(identity, happened.Line, repetition),
                    rootId,
                    happened.Name,
                    happened.TimeUnixNano,
                    happened.TimeUnixNano,
                    all
                )
            );
        }
    }

    private static Span Make(
        TraceId traceId,
        SpanId id,
        SpanId parent,
        string name,
        ulong start,
        ulong end,
        IEnumerable<(string, AttributeValue)> attributes
    ) =>
        new()
        {
            TraceId = traceId,
            SpanId = id,
            ParentSpanId = parent,
            Name = name,
            Kind = SpanKind.Internal,
            StartUnixNano = start,
            EndUnixNano = end,
            Attributes = AttributeList.Of(attributes),
            Resource = Resource.Empty,
            Scope = Scope,
        };

    private static SpanId Id(byte[] identity, string line, int repetition)
    {
        var hash = SHA256.HashData([.. identity, 0, .. Encoding.UTF8.GetBytes(line), 0, .. BitConverter.GetBytes(repetition)]);
        var value = BinaryPrimitives.ReadUInt64BigEndian(hash);
        return new SpanId(value == 0 ? 1 : value);
    }
}
