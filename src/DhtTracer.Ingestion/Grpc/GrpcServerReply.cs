using System.Globalization;
using DhtTracer.Ingestion.Receiving;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>The server side of one call: reads the request, writes answers, and always ends with a status.</summary>
internal sealed class GrpcServerReply
{
    private readonly HttpResponse _response;
    private readonly bool _compress;

    private GrpcServerReply(HttpResponse response, bool compress)
    {
        _response = response;
        _compress = compress;
    }

    /// <summary>Runs one call.</summary>
    public static async Task RunAsync(
        HttpContext context,
        GrpcServerOptions options,
        Func<ReadOnlyMemory<byte>, GrpcServerCall, GrpcServerReply, Task> handler
    )
    {
        if (!IsGrpc(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-accept-encoding"] = "identity,gzip";
        var time = context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System;
        if (!TryReadTimeout(context.Request, out var timeout))
        {
            Finish(context.Response, GrpcStatusCode.Internal, "grpc-timeout is not up to eight digits and one of H M S m u n");
            return;
        }

        // A timer takes no more than about 49 days; a caller who allows more is not held to it.
        using var deadline =
            timeout is { } limit && limit < TimeSpan.FromDays(40)
                ? new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.FromTicks(1), time)
                : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        var call = new GrpcServerCall(context, timeout is { } t ? Later(time.GetUtcNow(), t) : null, linked.Token);
        try
        {
            await AnswerAsync(context, options, call, handler);
            if (!context.Response.HasStarted)
            {
                // No answer at all is success for a stream: headers first, so that the status is a trailer as callers expect.
                await context.Response.StartAsync(linked.Token);
            }

            Finish(context.Response, GrpcStatusCode.Ok, "");
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to hear a status; the reset of the stream was theirs.
            Logger(context).LogDebug(e, "The caller of {Method} went away", context.Request.Path);
        }
#pragma warning disable CA1031 // The outermost frame of a call: whatever a handler threw becomes a status, and is logged.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var (status, detail) = Classify(e, deadline.IsCancellationRequested);
            if (status == GrpcStatusCode.Unknown)
            {
                Logger(context).LogError(e, "{Method} failed", context.Request.Path);
            }

            Finish(context.Response, status, detail);
        }
    }

    /// <summary>Answers a gRPC call to a method that does not exist.</summary>
    public static Task UnimplementedAsync(HttpContext context)
    {
        if (!IsGrpc(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "application/grpc";
        Finish(context.Response, GrpcStatusCode.Unimplemented, $"no method {context.Request.Path} here");
        return Task.CompletedTask;
    }

    /// <summary>Sends one answer.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        BeginAnswer();
        GrpcFraming.Write(_response.BodyWriter, message, _compress);
        await _response.BodyWriter.FlushAsync(cancellationToken);
    }

    /// <summary>Sends one serialized answer.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        BeginAnswer();
        GrpcFraming.Write(_response.BodyWriter, message, _compress);
        await _response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static async Task AnswerAsync(
        HttpContext context,
        GrpcServerOptions options,
        GrpcServerCall call,
        Func<ReadOnlyMemory<byte>, GrpcServerCall, GrpcServerReply, Task> handler
    )
    {
        var accepted = context.Request.Headers["grpc-accept-encoding"].ToString();
        var reply = new GrpcServerReply(
            context.Response,
            options.CompressResponses && accepted.Split(',', StringSplitOptions.TrimEntries).Contains(GrpcFraming.Gzip)
        );
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bodySize)
        {
            // The framing has its own limit; Kestrel's must not be the lower one, and must leave room to see that a second message follows.
            bodySize.MaxRequestBodySize = options.MaxReceiveMessageBytes + 4096L;
        }

        var encoding = context.Request.Headers["grpc-encoding"].ToString();
        var input = context.Request.BodyReader;
        using var message =
            await GrpcFraming.ReadAsync(
                input,
                encoding.Length == 0 ? null : encoding,
                options.MaxReceiveMessageBytes,
                call.Cancellation,
                BodyMemory.Shared
            ) ?? throw new GrpcException(GrpcStatusCode.Internal, "the request holds no message");
        var rest = await input.ReadAsync(call.Cancellation);
        var extra = rest.Buffer.Length;
        input.AdvanceTo(rest.Buffer.End);
        if (extra > 0 || !rest.IsCompleted)
        {
            throw new GrpcException(GrpcStatusCode.Internal, "the request goes on after its one message");
        }

        await handler(message.Memory, call, reply);
    }

    private static (GrpcStatusCode Status, string Detail) Classify(Exception exception, bool deadlinePassed) =>
        exception switch
        {
            GrpcException grpc => (grpc.Status, grpc.Detail),
            BodyMemoryExhaustedException => (GrpcStatusCode.Unavailable, exception.Message),
            OperationCanceledException when deadlinePassed => (
                GrpcStatusCode.DeadlineExceeded,
                "the deadline passed before the answer was complete"
            ),
            OperationCanceledException => (GrpcStatusCode.Cancelled, "the call was cancelled"),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (
                GrpcStatusCode.ResourceExhausted,
                "the request passes the limit on its size"
            ),
            BadHttpRequestException bad => (GrpcStatusCode.Internal, bad.Message),
            _ => (GrpcStatusCode.Unknown, "the server failed; its log says why"),
        };

    private static void Finish(HttpResponse response, GrpcStatusCode status, string detail)
    {
        var code = ((int)status).ToString(CultureInfo.InvariantCulture);
        var text = GrpcText.EncodeMessage(detail);
        if (!response.HasStarted)
        {
            // "Trailers-Only": an error before the first answer is one block of headers.
            response.Headers["grpc-status"] = code;
            if (text.Length > 0)
            {
                response.Headers["grpc-message"] = text;
            }

            return;
        }

        response.AppendTrailer("grpc-status", code);
        if (text.Length > 0)
        {
            response.AppendTrailer("grpc-message", text);
        }
    }

    private static bool IsGrpc(HttpRequest request)
    {
        var type = request.ContentType;
        return HttpProtocol.IsHttp2(request.Protocol)
            && HttpMethods.IsPost(request.Method)
            && type is not null
            && type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
            && (type.Length == 16 || type[16] is '+' or ';');
    }

    private static bool TryReadTimeout(HttpRequest request, out TimeSpan? timeout)
    {
        timeout = null;
        if (!request.Headers.TryGetValue("grpc-timeout", out var header))
        {
            return true;
        }

        var valid = GrpcText.TryParseTimeout(header.ToString(), out var parsed);
        timeout = parsed;
        return valid;
    }

    private static DateTimeOffset Later(DateTimeOffset now, TimeSpan span) =>
        span > DateTimeOffset.MaxValue - now ? DateTimeOffset.MaxValue : now + span;

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetService<ILoggerFactory>()?.CreateLogger("DhtTracer.Grpc") ?? NullLogger.Instance;

    private void BeginAnswer()
    {
        if (_compress && !_response.HasStarted)
        {
            _response.Headers["grpc-encoding"] = GrpcFraming.Gzip;
        }
    }
}
