using System.Globalization;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Reads the query parameters of Jaeger's HTTP API v1. One that cannot be read is a <see cref="BadParameterException"/> that names it, in
/// Jaeger's words.
/// </summary>
internal static class HttpV1Parameters
{
    /// <summary>A parameter that has to be there.</summary>
    public static string Required(HttpContext context, string name)
    {
        var value = context.Request.Query[name].ToString();
        return value.Length > 0 ? value : throw new BadParameterException($"parameter '{name}' is required");
    }

    /// <summary>A parameter; null when it is absent or empty.</summary>
    public static string? Optional(HttpContext context, string name)
    {
        var value = context.Request.Query[name].ToString();
        return value.Length > 0 ? value : null;
    }

    /// <summary>A whole number without a sign; null when absent.</summary>
    public static long? Number(HttpContext context, string name) =>
        Optional(context, name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BadParameterException($"unable to parse param '{name}': \"{text}\" is not a whole number");

    /// <summary>A time in microseconds as nanoseconds; times beyond the range are the last one.</summary>
    public static ulong Nanoseconds(long microseconds) => (ulong)Math.Min(microseconds, (long)(ulong.MaxValue / 1000)) * 1000;

    /// <summary>A duration as Go writes it, in nanoseconds; null when absent.</summary>
    public static long? Duration(HttpContext context, string name) =>
        Optional(context, name) is not { } text ? null
        : GoDuration.TryParse(text, out var nanoseconds) ? nanoseconds
        : throw new BadParameterException($"unable to parse param '{name}': \"{text}\" is not a duration such as 1.5s or 300ms");

    public static TraceId Id(string text) =>
        JaegerTraceIds.TryParse(text, out var id)
            ? id
            : throw new BadParameterException($"cannot parse traceID \"{text}\": 1 to 32 hex digits, or 8 or 16 bytes in base64");

    /// <summary>Tags of a search: <c>tag=key:value</c>, repeatable, and <c>tags</c> as a JSON object.</summary>
    public static Dictionary<string, string> Tags(HttpContext context)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in context.Request.Query["tag"])
        {
            var colon = tag!.IndexOf(':', StringComparison.Ordinal);
            tags[
                colon > 0
                    ? tag[..colon]
                    : throw new BadParameterException($"malformed 'tag' parameter, expecting key:value, received: {tag}")
            ] = tag[(colon + 1)..];
        }

        foreach (var json in context.Request.Query["tags"].Where(text => !string.IsNullOrEmpty(text)))
        {
            foreach (var (key, value) in TagsJson.Read(json!, "tags"))
            {
                tags[key] = value;
            }
        }

        return tags;
    }
}
