using System.Text.Json;
using DhtTracer.Ingestion.Receiving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>
/// Jaeger's remote sampling, port 5778: tells every client to send every trace. A lookup that was not sampled cannot be explained, and DHT
/// nodes make few traces.
/// </summary>
public static class JaegerSampling
{
    // SamplingStrategyResponse of jaeger-idl's sampling.thrift, as Jaeger writes it in JSON.
    private static readonly byte[] EveryTrace = JsonSerializer.SerializeToUtf8Bytes(
        new { strategyType = "PROBABILISTIC", probabilisticSampling = new { samplingRate = 1 } }
    );

    /// <summary>Maps <c>GET /sampling?service=NAME</c> and <c>GET /baggageRestrictions?service=NAME</c>.</summary>
    public static void MapJaegerSampling(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/sampling", context => AnswerAsync(context, EveryTrace));
        endpoints.MapOthers(HttpMethods.Get, "/sampling", "?service=NAME is answered with how many traces to send.");
        endpoints.MapGet("/baggageRestrictions", context => AnswerAsync(context, "[]"u8.ToArray()));
    }

    private static async Task AnswerAsync(HttpContext context, byte[] body)
    {
        if (context.Request.Query["service"].Count != 1)
        {
            await PlainTextAnswer.FailAsync(context, StatusCodes.Status400BadRequest, "'service' parameter must be provided once");
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
