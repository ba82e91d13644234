using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.EventLog2019;

/// <summary>A query of the log: <c>Key @ StartTime</c>.</summary>
internal readonly record struct EventLog2019Query(string Key, ulong StartUnixNano);

/// <summary>A line of the log that concerns a query.</summary>
internal sealed record EventLogEvent
{
    public required string Name { get; init; }

    public required ulong TimeUnixNano { get; init; }

    /// <summary>Null for a message: it does not name its query.</summary>
    public EventLog2019Query? Query { get; init; }

    public ulong? EndUnixNano { get; init; }

    public string? Type { get; init; }

    public int Concurrency { get; init; }

    public required IReadOnlyList<(string Key, AttributeValue Value)> Attributes { get; init; }

    public string? Peer { get; init; }

    public string? MessageKey { get; init; }

    public required string Line { get; init; }

    /// <summary>Reads a line.</summary>
    /// <returns>Null for a line about something else. <paramref name="problem"/> is set if the line should have been an event but cannot be
    /// read.</returns>
    public static EventLogEvent? Read(JsonElement json, string line, out string? problem)
    {
        problem = null;
        if (Text(json, "event") is not { } name)
        {
            return null;
        }

        var isMessage = name is EventLogNames.SentMessage or EventLogNames.ReceivedMessage;
        if (!isMessage && !name.StartsWith("dhtQueryRunner.", StringComparison.Ordinal))
        {
            return null;
        }

        if (Rfc3339.Parse(Text(json, "time")) is not { } time)
        {
            problem = $"the event {name} has no \"time\" in RFC 3339";
            return null;
        }

        return isMessage ? Message(json, name, time, line) : Lookup(json, name, time, line, out problem);
    }

    private static EventLogEvent Message(JsonElement json, string name, ulong time, string line)
    {
        var attributes = new List<(string, AttributeValue)>();
        var message = Member(json, "message", JsonValueKind.Object);
        AddText(attributes, EventLogNames.Peer, Text(json, "peerID"));
        AddText(attributes, EventLogNames.MessageType, Text(message, "type"));
        AddText(attributes, EventLogNames.MessageKey, Text(message, "key"));
        return new EventLogEvent
        {
            Name = name,
            TimeUnixNano = time,
            Peer = Text(json, "peerID"),
            MessageKey = Text(message, "key"),
            Attributes = attributes,
            Line = line,
        };
    }

    private static EventLogEvent? Lookup(JsonElement json, string name, ulong time, string line, out string? problem)
    {
        problem = null;
        var runner = Member(json, "QueryRunner", JsonValueKind.Object);
        var query = Member(runner, "Query", JsonValueKind.Object);
        if (Text(query, "Key") is not { } key)
        {
            problem = $"the event {name} has no QueryRunner.Query.Key";
            return null;
        }

        if (Rfc3339.Parse(Text(runner, "StartTime")) is not { } start)
        {
            problem = $"the event {name} has no QueryRunner.StartTime in RFC 3339";
            return null;
        }

        var attributes = new List<(string, AttributeValue)>();
        AddText(attributes, EventLogNames.Peer, Text(json, "peerID"));
        AddNumber(attributes, EventLogNames.Hops, Number(json, "Hops"));
        AddNumber(attributes, EventLogNames.CommonPrefixLength, Number(json, "XOR"));
        AddTexts(attributes, EventLogNames.CloserPeers, Member(json, "closerPeers", JsonValueKind.Array, JsonValueKind.Null));
        AddTexts(attributes, EventLogNames.FilteredPeers, Member(json, "filteredPeers", JsonValueKind.Array, JsonValueKind.Null));
        if (Member(json, "success", JsonValueKind.True, JsonValueKind.False) is { } success)
        {
            attributes.Add((EventLogNames.Success, success.GetBoolean()));
        }

        var result = Member(runner, "Result", JsonValueKind.Object);
        if (Member(result, "Success", JsonValueKind.True) is not null)
        {
            attributes.Add((EventLogNames.RunnerSuccess, true));
        }

        AddText(attributes, EventLogNames.FoundPeer, Text(result, "FoundPeer"));
        return new EventLogEvent
        {
            Name = name,
            TimeUnixNano = time,
            Query = new EventLog2019Query(key, start),
            EndUnixNano = Rfc3339.Parse(Text(runner, "EndTime")),
            Type = Text(query, "Type"),
            Concurrency = Number(query, "Concurrency") is > 0 and <= int.MaxValue and var concurrency ? (int)concurrency : 0,
            Peer = Text(json, "peerID"),
            Attributes = attributes,
            Line = line,
        };
    }

    private static void AddText(List<(string, AttributeValue)> attributes, string key, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            attributes.Add((key, text));
        }
    }

    private static void AddNumber(List<(string, AttributeValue)> attributes, string key, long? number)
    {
        if (number is { } value)
        {
            attributes.Add((key, value));
        }
    }

    // Go writes an empty list as null. A missing list means nothing.
    private static void AddTexts(List<(string, AttributeValue)> attributes, string key, JsonElement? array)
    {
        if (array is { } list)
        {
            attributes.Add(
                (
                    key,
                    list.ValueKind == JsonValueKind.Null
                        ? new ArrayValue([])
                        : new ArrayValue([
                            .. list.EnumerateArray()
                                .Where(static item => item.ValueKind == JsonValueKind.String)
                                .Select(static item => (AttributeValue)item.GetString()!),
                        ])
                )
            );
        }
    }

    private static string? Text(JsonElement? json, string name) => Member(json, name, JsonValueKind.String)?.GetString();

    private static long? Number(JsonElement? json, string name) =>
        Member(json, name, JsonValueKind.Number) is { } number && number.TryGetInt64(out var value) ? value : null;

    private static JsonElement? Member(JsonElement? json, string name, params ReadOnlySpan<JsonValueKind> kinds) =>
        json is { ValueKind: JsonValueKind.Object } outer && outer.TryGetProperty(name, out var value) && kinds.Contains(value.ValueKind)
            ? value
            : null;
}
