using System.Text.Json;
using DhtTracer.Analysis.Lint;

namespace DhtTracer.Analysis.Json;

/// <summary>What the rules of lookups say of a query, as JSON.</summary>
internal static class LintJson
{
    /// <summary>Writes the field <c>lint</c> of a query.</summary>
    public static void Write(Utf8JsonWriter json, QueryLint lint)
    {
        json.WriteStartObject("lint");
        json.WriteStartArray("findings");
        foreach (var finding in lint.Findings)
        {
            json.WriteStartObject();
            json.WriteString("rule", finding.Rule);
            json.WriteString("severity", Words.Of(finding.Severity));
            json.WriteString("sentence", finding.Sentence);
            json.WriteStartArray("evidence");
            foreach (var evidence in finding.Evidence)
            {
                json.WriteStartObject();
                json.WriteString("peerId", evidence.PeerId);
                json.NumberOrNull("fromNs", evidence.FromNs);
                json.NumberOrNull("toNs", evidence.ToNs);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("silent");
        foreach (var silence in lint.Silent)
        {
            json.WriteStartObject();
            json.WriteString("rule", silence.Rule);
            json.WriteString("reason", silence.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
