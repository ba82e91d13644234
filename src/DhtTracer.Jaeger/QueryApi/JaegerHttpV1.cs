using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Storage;
using DhtTracer.Traces.Export;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using static DhtTracer.Jaeger.QueryApi.HttpV1Parameters;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Jaeger's HTTP API v1, the one its own pages used for years, with the calls that newer servers remove: everything answers in the envelope
/// <c>{"data":…,"total":0,"limit":0,"offset":0,"errors":null}</c>.
/// </summary>
internal sealed class JaegerHttpV1(JaegerArchive archive, JaegerApiOptions options, TimeProvider clock)
{
    private const int DefaultLimit = 100;
    private static readonly TimeSpan DefaultLookback = TimeSpan.FromDays(2);
    private static readonly byte[] NoErrors = "\"errors\":null}"u8.ToArray();

    private static readonly JsonSerializerOptions AsJaegerEscapes = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Map(IEndpointRouteBuilder api)
    {
        void Get(string path, RequestDelegate handler) =>
            api.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (HttpContext context) => GuardedAsync(context, handler));
        Get("/services", ServicesAsync);
        Get("/services/{**path}", ServiceOperationsAsync);
        Get("/operations", OperationsAsync);
        Get("/traces", SearchAsync);
        Get("/traces/{id}", TraceAsync);
        Get("/dependencies", DependenciesAsync);
        api.MapPost("/transform", (HttpContext context) => GuardedAsync(context, TransformAsync));
        api.MapPost(
            "/archive/{id}",
            (HttpContext context) =>
                FailAsync(
                    context,
                    StatusCodes.Status501NotImplemented,
                    "there is no separate archive: every trace is kept until retention removes it"
                )
        );
        Get("/metrics/{**path}", NoMetricsAsync);
        Get("/quality-metrics", NoMetricsAsync);
        Get("/{**path}", NoSuchCallAsync);
    }

    private static async Task GuardedAsync(HttpContext context, RequestDelegate handler)
    {
        try
        {
            await handler(context);
        }
        catch (BadParameterException error)
        {
            await FailAsync(context, StatusCodes.Status400BadRequest, error.Message);
        }
        catch (DatabaseException error) when (!context.Response.HasStarted)
        {
            await FailAsync(context, StatusCodes.Status500InternalServerError, error.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
    }

    private static Task FailAsync(HttpContext context, int status, string message)
    {
        // JSON under the name of plain text, a newline at the end: as Jaeger answers, and as its clients read it. No browser takes it for a
        // page.
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var body = JsonSerializer.Serialize(Envelope(null, 0, [new { code = status, msg = message }]), AsJaegerEscapes);
        return context.Response.WriteAsync(body + "\n", context.RequestAborted);
    }

    private static Task NoMetricsAsync(HttpContext context) =>
        FailAsync(context, StatusCodes.Status501NotImplemented, "metrics are not implemented");

    private static Task NoSuchCallAsync(HttpContext context) => FailAsync(context, StatusCodes.Status404NotFound, "no such call");

    private static object Envelope(object? data, int total, object[]? errors = null) =>
        new
        {
            data,
            total,
            limit = 0,
            offset = 0,
            errors,
        };

    private static Task AnswerAsync(HttpContext context, object body) =>
        context.Response.WriteAsJsonAsync(body, (JsonSerializerOptions?)null, "application/json", context.RequestAborted);

    private async Task ServicesAsync(HttpContext context)
    {
        var services = await archive.ServicesAsync(context.RequestAborted);
        await AnswerAsync(context, Envelope(services.Count == 0 ? null : services, services.Count));
    }

    private async Task ServiceOperationsAsync(HttpContext context)
    {
        // A service's name may hold slashes; clients encode them (and the route leaves that as it is) or do not.
        const string Operations = "/operations";
        var path = (string?)context.Request.RouteValues["path"] ?? "";
        if (path.Length <= Operations.Length || !path.EndsWith(Operations, StringComparison.Ordinal))
        {
            await NoSuchCallAsync(context);
            return;
        }

        var service = path[..^Operations.Length].Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var operations = await archive.OperationsAsync(service, null, context.RequestAborted);
        var names = operations.Select(operation => operation.Name).Distinct().ToList();
        await AnswerAsync(context, Envelope(names.Count == 0 ? null : names, names.Count));
    }

    private async Task OperationsAsync(HttpContext context)
    {
        var operations = await archive.OperationsAsync(Required(context, "service"), Optional(context, "spanKind"), context.RequestAborted);
        var data = operations.Select(operation => new { name = operation.Name, spanKind = operation.Kind }).ToList();
        await AnswerAsync(context, Envelope(data, data.Count));
    }

    private async Task TraceAsync(HttpContext context)
    {
        var trace = await archive.TraceAsync(Id((string)context.Request.RouteValues["id"]!), context.RequestAborted);
        if (trace is null)
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "trace not found");
            return;
        }

        await WriteAsync(context, Single(trace));
    }

    private async Task SearchAsync(HttpContext context)
    {
        var ids = context.Request.Query["traceID"];
        if (ids.Count > 0)
        {
            await TracesAsync(context, [.. ids.Select(id => Id(id!))]);
            return;
        }

        var now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var conditions = new SpanConditions
        {
            Service = Required(context, "service"),
            Operation = Optional(context, "operation"),
            From = Nanoseconds(Number(context, "start") ?? (now - (DefaultLookback.Ticks / TimeSpan.TicksPerMicrosecond))),
            To = Nanoseconds(Number(context, "end") ?? now),
            MinDuration = Duration(context, "minDuration"),
            MaxDuration = Duration(context, "maxDuration"),
            Tags = Tags(context),
        };
        if (conditions.MaxDuration < conditions.MinDuration)
        {
            throw new BadParameterException("'maxDuration' should be greater than 'minDuration'");
        }

        var limit = (int)Math.Min(Number(context, "limit") is { } asked and > 0 ? asked : DefaultLimit, options.MaxTraces);
        await WriteAsync(context, archive.FindAsync(conditions, limit, context.RequestAborted));
    }

    private async Task TracesAsync(HttpContext context, IReadOnlyList<TraceId> ids)
    {
        var spans = new List<Span>();
        var errors = new List<object>();
        foreach (var id in ids.Take(options.MaxTraces).Distinct())
        {
            if (await archive.TraceAsync(id, context.RequestAborted) is { } trace)
            {
                spans.AddRange(trace);
            }
            else
            {
                errors.Add(
                    new
                    {
                        code = StatusCodes.Status404NotFound,
                        msg = "trace not found",
                        traceID = id.High == 0 ? id.ToString()[16..] : id.ToString(),
                    }
                );
            }
        }

        var body = JaegerJson.Encode(spans);
        if (errors.Count > 0)
        {
            // The codec's envelope ends without errors; here it ends with them.
            var end = JsonSerializer.SerializeToUtf8Bytes(new { errors });
            body = [.. body.AsSpan()[..body.AsSpan().LastIndexOf(NoErrors)], .. end.AsSpan(1)];
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private async Task DependenciesAsync(HttpContext context)
    {
        var end = Number(context, "endTs") ?? clock.GetUtcNow().ToUnixTimeMilliseconds();
        var lookback = Number(context, "lookback") ?? (long)TimeSpan.FromDays(1).TotalMilliseconds;
        var to = (ulong)Math.Min(end, long.MaxValue / 1_000_000) * 1_000_000;
        var from = (ulong)Math.Max(0, Math.Min(end, long.MaxValue / 1_000_000) - lookback) * 1_000_000;
        var dependencies = await archive.DependenciesAsync(from, to, Optional(context, "service"), context.RequestAborted);
        await AnswerAsync(
            context,
            Envelope(
                dependencies
                    .Select(item => new
                    {
                        parent = item.Parent,
                        child = item.Child,
                        callCount = item.CallCount,
                    })
                    .ToList(),
                0
            )
        );
    }

    private async Task TransformAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = options.MaxTransformBytes;
        }

        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(
                JaegerJson.Encode(OtlpJson.Decode(body.GetBuffer().AsSpan(0, (int)body.Length))),
                context.RequestAborted
            );
        }
        catch (TraceFormatException error)
        {
            await FailAsync(context, StatusCodes.Status400BadRequest, $"cannot unmarshal OTLP: {error.Message}");
        }
        catch (BadHttpRequestException error)
        {
            await FailAsync(context, error.StatusCode, error.Message);
        }
    }

    private static async IAsyncEnumerable<IReadOnlyList<Span>> Single(IReadOnlyList<Span> trace)
    {
        yield return trace;
        await Task.CompletedTask;
    }

    private static async Task WriteAsync(HttpContext context, IAsyncEnumerable<IReadOnlyList<Span>> traces)
    {
        // The first trace is found before the answer begins, so that a failure up to there is an honest status.
        await using var each = traces.GetAsyncEnumerator(context.RequestAborted);
        var more = await each.MoveNextAsync();
        context.Response.ContentType = "application/json";
        if (!more)
        {
            await context.Response.Body.WriteAsync(
                Encoding.UTF8.GetBytes(JsonSerializer.Serialize(Envelope(Array.Empty<object>(), 0))),
                context.RequestAborted
            );
            return;
        }

        using var writer = TraceWriter.Create(TraceExportFormat.JaegerJson, context.Response.BodyWriter);
        for (; more; more = await each.MoveNextAsync())
        {
            await writer.WriteAsync(each.Current, context.RequestAborted);
        }

        await writer.CompleteAsync(context.RequestAborted);
    }
}
