using System.Globalization;
using System.Text.Json;

namespace DhtTracer.Analysis.Json;

/// <summary>Writes values as the contract has them: unknown is null, and times, which no double holds, are decimal strings.</summary>
internal static class JsonValues
{
    /// <summary>A whole number, or null.</summary>
    public static void NumberOrNull(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>A number, or null.</summary>
    public static void FractionOrNull(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>True, false or null.</summary>
    public static void FlagOrNull(this Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>Nanoseconds since 1970-01-01 UTC as a decimal string, or null.</summary>
    public static void TimeOrNull(this Utf8JsonWriter json, string name, ulong? unixNano) =>
        json.WriteString(name, unixNano?.ToString(CultureInfo.InvariantCulture));

    /// <summary>An array whose items a function writes.</summary>
    public static void List<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }
}
