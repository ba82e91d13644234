using System.Text.Json;
using DhtTracer.Analysis.Json;

namespace DhtTracer.Analysis.Alarms;

/// <summary>An alarm as JSON: in the archive, in the API and in webhooks. Unknown values are null, times are decimal strings.</summary>
public static class AlarmJson
{
    /// <summary>How it is written.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { Converters = { new UnixNanoConverter() } };

    /// <summary>One line.</summary>
    public static string Write(Alarm alarm) => JsonSerializer.Serialize(alarm, Options);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no alarm.</exception>
    public static Alarm Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Alarm>(json, Options) ?? throw new InvalidDataException("The stored alarm is null.");
        }
        catch (JsonException damaged)
        {
            throw new InvalidDataException($"A stored alarm cannot be read: {damaged.Message}", damaged);
        }
    }
}
