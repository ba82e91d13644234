using System.Globalization;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>What the HTTP receivers of Jaeger and Zipkin share: read the body within limits, decode, commit, answer 202.</summary>
internal static class HttpSpanReceiver
{
    /// <summary>Reads spans out of a body; spans that cannot be kept go to the collection.</summary>
    internal delegate IReadOnlyList<Span> Decoder(ReadOnlySpan<byte> body, ICollection<RejectedSpan> rejected);

    public static async Task ReceiveAsync(HttpContext context, SpanSink sink, string name, JaegerReceiverOptions options, Decoder decode)
    {
        try
        {
            using var body = await RequestBody.ReadAsync(context.Request, options.Body, context.RequestAborted);
            var rejected = new List<RejectedSpan>();
            var spans = decode(body.Memory.Span, rejected);
            if (spans.Count == 0 && rejected.Count > 0)
            {
                var problem = $"None of {rejected.Count} spans can be kept, the first because {rejected[0].Problem}";
                await RefuseAsync(context, sink, name, StatusCodes.Status400BadRequest, problem);
                return;
            }

            await sink.AcceptReceivedAsync(spans, name, context.RequestAborted);
            sink.Statistics.CountRejected(name, rejected.Count);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        catch (Exception error) when (Status(error) is { } status)
        {
            sink.Statistics.CountError(name, error);
            if (status == StatusCodes.Status503ServiceUnavailable)
            {
                context.Response.Headers.RetryAfter = Math.Ceiling(options.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            await PlainTextAnswer.FailAsync(context, status, error.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The sender has gone; there is nobody to answer.
        }
    }

    /// <summary>Counts a message as refused, and says why.</summary>
    public static Task RefuseAsync(HttpContext context, SpanSink sink, string name, int status, string message)
    {
        sink.Statistics.CountRefused(name, message);
        return PlainTextAnswer.FailAsync(context, status, message);
    }

    /// <summary>4xx is final, 503 is to be tried again. Null for errors that are nobody's but ours.</summary>
    private static int? Status(Exception error) =>
        error switch
        {
            TraceFormatException or InvalidDataException => StatusCodes.Status400BadRequest,
            BodyTooLargeException => StatusCodes.Status413PayloadTooLarge,
            UnknownEncodingException => StatusCodes.Status415UnsupportedMediaType,
            BadHttpRequestException bad => bad.StatusCode,
            StoreOverloadedException or BodyMemoryExhaustedException or DatabaseException { IsTransient: true } =>
                StatusCodes.Status503ServiceUnavailable,
            DatabaseException => StatusCodes.Status500InternalServerError,
            _ => null,
        };
}
