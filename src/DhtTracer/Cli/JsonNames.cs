using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;

namespace DhtTracer.Cli;

/// <summary>The names that the JSON contract gives to enumeration members, used in text as well.</summary>
internal static class JsonNames
{
    private static readonly ConcurrentDictionary<Enum, string> Cache = new();

    /// <summary><c>get-providers</c> for <c>QueryType.GetProviders</c>.</summary>
    public static string Of(Enum value) =>
        Cache.GetOrAdd(value, static member =>
            member.GetType().GetField(member.ToString())?.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? member.ToString());
}
