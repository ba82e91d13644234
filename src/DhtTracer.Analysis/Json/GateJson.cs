using System.Text.Json;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Json;

/// <summary>The answer of a gate as JSON. Unknown values are <c>null</c>.</summary>
public static class GateJson
{
    /// <summary>The answer as UTF-8 on one line.</summary>
    /// <param name="gate">The answer.</param>
    /// <param name="set">The filter of the tested set.</param>
    /// <param name="against">The filter of the set that it is compared with.</param>
    public static byte[] ToUtf8(Gate gate, string set, string against)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            json.WriteStartObject();
            json.WriteString("answer", Words.Of(gate.Answer));
            json.WriteString("set", set);
            json.WriteString("against", against);
            json.WriteNumber("operations", gate.Tested);
            json.WriteNumber("operationsAgainst", gate.Against);
            json.WriteNumber("maxSlowdown", gate.Limits.MaxSlowdown);
            json.WriteNumber("maxSuccessDrop", gate.Limits.MaxSuccessDrop);
            json.WriteNumber("level", Gate.FigureLevel);
            json.WriteStartArray("figures");
            foreach (var figure in gate.Figures)
            {
                json.WriteStartObject();
                json.WriteString("name", figure.Name);
                json.FractionOrNull("against", figure.Against);
                json.FractionOrNull("value", figure.Tested);
                json.FractionOrNull("change", figure.Change);
                json.FractionOrNull("low", figure.Interval?.Low);
                json.FractionOrNull("high", figure.Interval?.High);
                json.WriteNumber("limit", figure.Limit);
                json.WriteString("answer", Words.Of(figure.Answer));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
