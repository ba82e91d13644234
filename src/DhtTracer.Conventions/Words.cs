using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization;

namespace DhtTracer.Conventions;

/// <summary>The words for enum values in JSON, in URLs, in the database and on pages: <c>find-peer</c>, <c>FIND_NODE</c>.</summary>
public static class Words
{
    /// <summary>The word for a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined in the enum.</exception>
    public static string Of<T>(T value)
        where T : struct, Enum =>
        Table<T>.Names.TryGetValue(value, out var word)
            ? word
            : throw new ArgumentOutOfRangeException(nameof(value), value, "not a value of the model");

    /// <summary>The type of a query as shown to readers. An unknown type is shown as a lookup.</summary>
    public static string Shown(QueryType type) => type == QueryType.Unknown ? "lookup" : Of(type);

    /// <summary>Parses a word exactly as <see cref="Of"/> writes it.</summary>
    public static bool TryParse<T>([NotNullWhen(true)] string? word, out T value)
        where T : struct, Enum
    {
        value = default;
        return word is not null && Table<T>.Values.TryGetValue(word, out value);
    }

    private static class Table<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> Names = Enum.GetValues<T>()
            .ToFrozenDictionary(
                static value => value,
                static value =>
                    typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? value.ToString()
            );

        public static readonly FrozenDictionary<string, T> Values = Names.ToFrozenDictionary(
            static pair => pair.Value,
            static pair => pair.Key
        );
    }
}
