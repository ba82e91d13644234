using System.Globalization;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>
/// OTLP over HTTP: <c>POST /v1/traces</c> (opentelemetry.io/docs/specs/otlp/#otlphttp). Answers 200 only after the commit.
/// </summary>
public static class OtlpHttpReceiver
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "otlp-http";

    private const string TracesPath = "/v1/traces";

    /// <summary>Maps the receiver.</summary>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="sink">Receives the spans.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static void MapOtlpHttp(this IEndpointRouteBuilder endpoints, SpanSink sink, OtlpOptions? options = null)
    {
        var limits = options ?? new OtlpOptions();
        endpoints.MapPost(TracesPath, context => ReceiveAsync(context, sink, limits)).WithDisplayName("OTLP/HTTP traces");
        endpoints.MapOthers(
            HttpMethods.Post,
            TracesPath,
            "OTLP as protobuf or JSON. Only traces are taken; OTLP over gRPC has a port of its own, usually 4317.",
            (Name, sink.Statistics)
        );
    }

    private static async Task ReceiveAsync(HttpContext context, SpanSink sink, OtlpOptions options)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        var json = string.Equals(type, OtlpAnswers.Json, StringComparison.OrdinalIgnoreCase);
        if (!json && !string.Equals(type, OtlpAnswers.Protobuf, StringComparison.OrdinalIgnoreCase))
        {
            sink.Statistics.CountRefused(Name, $"The content type is '{type}'.");
            await FailAsync(
                context,
                StatusCodes.Status415UnsupportedMediaType,
                StatusCode.InvalidArgument,
                $"Content-Type must be {OtlpAnswers.Protobuf} or {OtlpAnswers.Json}.",
                json: true
            );
            return;
        }

        try
        {
            using var body = await RequestBody.ReadAsync(context.Request, options.Body, context.RequestAborted);
            var result = json
                ? await AcceptJsonAsync(sink, body.Memory, context.RequestAborted)
                : await sink.AcceptOtlpAsync(body.Memory, Name, body.AsReceived, context.RequestAborted);
            await AnswerAsync(context, StatusCodes.Status200OK, OtlpAnswers.Success(result, json), json);
        }
        catch (Exception error) when (Explain(error) is { } reason)
        {
            sink.Statistics.CountError(Name, error);
            if (reason.HttpStatus == StatusCodes.Status503ServiceUnavailable)
            {
                context.Response.Headers.RetryAfter = Math.Ceiling(options.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            await FailAsync(context, reason.HttpStatus, reason.Status, error.Message, json);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The sender has disconnected, so there is no one to answer.
        }
    }

    private static async Task<SinkResult> AcceptJsonAsync(SpanSink sink, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var rejected = new List<RejectedSpan>();
        var spans = OtlpJson.Decode(body.Span, rejected);
        var accepted = await sink.AcceptReceivedAsync(spans, Name, cancellationToken);
        sink.Statistics.CountRejected(Name, rejected.Count);
        return new SinkResult(accepted, rejected.Count, rejected.Count == 0 ? null : rejected[0]);
    }

    /// <summary>The status for an error: 4xx is final, 503 asks the sender to retry. Null for internal errors.</summary>
    private static (int HttpStatus, StatusCode Status)? Explain(Exception error) =>
        error switch
        {
            TraceFormatException or InvalidDataException => (StatusCodes.Status400BadRequest, StatusCode.InvalidArgument),
            BodyTooLargeException => (StatusCodes.Status413PayloadTooLarge, StatusCode.ResourceExhausted),
            UnknownEncodingException => (StatusCodes.Status415UnsupportedMediaType, StatusCode.InvalidArgument),
            BadHttpRequestException bad => (bad.StatusCode, StatusCode.InvalidArgument),
            StoreOverloadedException or BodyMemoryExhaustedException => (StatusCodes.Status503ServiceUnavailable, StatusCode.Unavailable),
            DatabaseException { IsTransient: true } => (StatusCodes.Status503ServiceUnavailable, StatusCode.Unavailable),
            DatabaseException => (StatusCodes.Status500InternalServerError, StatusCode.Internal),
            _ => null,
        };

    private static Task FailAsync(HttpContext context, int httpStatus, StatusCode status, string message, bool json) =>
        AnswerAsync(context, httpStatus, OtlpAnswers.Status(status, message, json), json);

    private static async Task AnswerAsync(HttpContext context, int status, byte[] body, bool json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = json ? OtlpAnswers.Json : OtlpAnswers.Protobuf;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
