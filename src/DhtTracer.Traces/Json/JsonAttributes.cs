using System.Collections.Immutable;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Json;

/// <param name="cursor">Positioned at the value.</param>
/// <param name="depth">Nesting depth of the value.</param>
internal delegate AttributeValue ReadAttributeValue(ref JsonCursor cursor, int depth);

/// <summary>Reads lists of attributes. OTLP and Go's stdouttrace write them alike, except for the names of the members.</summary>
/// <param name="list">The member that holds the list, for errors.</param>
/// <param name="key">The member that holds the key: <c>key</c>, or <c>Key</c> in Go.</param>
/// <param name="value">The member that holds the value.</param>
/// <param name="readValue">Reads a value.</param>
internal sealed class JsonAttributes(string list, string key, string value, ReadAttributeValue readValue)
{
    private readonly byte[] _key = System.Text.Encoding.UTF8.GetBytes(key);
    private readonly byte[] _value = System.Text.Encoding.UTF8.GetBytes(value);

    /// <summary>Reads <c>[{"key":…,"value":…}]</c>; other members are skipped.</summary>
    public AttributeList Read(ref JsonCursor cursor, int depth)
    {
        cursor.ExpectArray(list);
        var attributes = ImmutableArray.CreateBuilder<KeyValuePair<string, AttributeValue>>();
        while (cursor.NextElement())
        {
            cursor.ExpectObject("an attribute");
            var name = "";
            AttributeValue held = EmptyValue.Instance;
            while (cursor.NextProperty())
            {
                if (cursor.Is(_key))
                {
                    name = cursor.GetText(key);
                }
                else if (cursor.Is(_value))
                {
                    held = readValue(ref cursor, depth);
                }
                else
                {
                    cursor.Skip();
                }
            }

            attributes.Add(KeyValuePair.Create(name, held));
        }

        return attributes.Count == 0 ? AttributeList.Empty : new AttributeList(attributes.DrainToImmutable());
    }
}
