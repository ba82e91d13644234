using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.FakeJaeger;

/// <summary>Writes HTTP answers, and breaks off some of them.</summary>
internal static class FakeAnswer
{
    public static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    /// <summary>HTTP v1 writes a 64-bit trace id as 16 digits.</summary>
    public static string V1Id(ByteString id) => id.Span[..8].ContainsAnyExcept((byte)0) ? Hex(id) : Convert.ToHexStringLower(id.Span[8..]);

    public static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);

    public static Task WriteAsync(HttpContext context, int status, JsonNode body, FakeFaults faults) =>
        WriteAsync(context, status, [body], faults);

    public static async Task WriteAsync(HttpContext context, int status, IEnumerable<JsonNode> bodies, FakeFaults faults)
    {
        var bytes = bodies.SelectMany(body => System.Text.Encoding.UTF8.GetBytes(body.ToJsonString())).ToArray();
        context.Response.StatusCode = status;
        context.Response.ContentType = status == 200 ? "application/json" : "text/plain; charset=utf-8";
        if (
            status == 200
            && context.Request.Path.Value!.EndsWith("/traces", StringComparison.Ordinal)
            && faults.DisconnectAfter(bytes.Length) is { } sent
        )
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, sent), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
