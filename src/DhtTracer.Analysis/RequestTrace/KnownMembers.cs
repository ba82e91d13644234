using System.Collections.Immutable;
using System.Text.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Writes members of an object whose value is known, and leaves out the others.</summary>
internal static class KnownMembers
{
    public static void Error(this Utf8JsonWriter json, TraceError? error)
    {
        if (error is null)
        {
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("class", error.Class);
        json.Text("text", error.Text);
        json.WriteEndObject();
    }

    public static void Text(this Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    public static void Number(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    public static void Flag(this Utf8JsonWriter json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, true);
        }
    }

    public static void Array<T>(this Utf8JsonWriter json, string name, ImmutableArray<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.IsEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }
}
