using System.Globalization;
using System.Text.Json;
using DhtTracer.Storage;
using DhtTracer.Traces.Export;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Jaeger's HTTP API v3, which answers in OTLP JSON: <c>{"result":{"resourceSpans":[…]}}</c>, errors as
/// <c>{"error":{"httpCode":404,"message":"…"}}</c>. Parameters are taken in snake_case, which released servers know, and in camelCase.
/// </summary>
internal sealed class JaegerHttpV3(JaegerArchive archive, JaegerApiOptions options)
{
    private const int DefaultDepth = 100;

    public void Map(IEndpointRouteBuilder api)
    {
        void Get(string path, RequestDelegate handler) =>
            api.MapMethods("/v3" + path, [HttpMethods.Get, HttpMethods.Head], (HttpContext context) => GuardedAsync(context, handler));
        Get("/services", ServicesAsync);
        Get("/operations", OperationsAsync);
        Get("/traces", SearchAsync);
        Get("/traces/{id}", TraceAsync);
        Get("/trace-summaries", SummariesAsync);
        Get("/dependencies", DependenciesAsync);
        Get("/{**path}", context => FailAsync(context, StatusCodes.Status404NotFound, "no such call"));
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

    private static async Task FailAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var body = JsonSerializer.Serialize(new { error = new { httpCode = status, message } });
        await context.Response.WriteAsync(body + "\n", context.RequestAborted);
    }

    private static Task AnswerAsync(HttpContext context, object body) =>
        context.Response.WriteAsJsonAsync(body, (JsonSerializerOptions?)null, "application/json", context.RequestAborted);

    /// <summary>A parameter by the first of its names that is there.</summary>
    private static string? Parameter(HttpContext context, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (context.Request.Query[name].ToString() is { Length: > 0 } value)
            {
                return value;
            }
        }

        return null;
    }

    private static ulong? Time(string? text, string name) =>
        text is null ? null
        : Rfc3339.TryParse(text, out var time) ? time
        : throw new BadParameterException($"malformed parameter {name}: \"{text}\" is not a time such as 2026-11-22T10:00:00Z");

    // Nothing is adjusted here, so both values give the same answer; a value that is neither is a mistake of the caller.
    private static void CheckRaw(string? text, string name)
    {
        if (text is not (null or "true" or "false" or "True" or "False" or "TRUE" or "FALSE" or "t" or "f" or "T" or "F" or "1" or "0"))
        {
            throw new BadParameterException($"malformed parameter {name}: \"{text}\" is not true or false");
        }
    }

    private static long? Duration(string? text, string name) =>
        text is null ? null
        : GoDuration.TryParse(text, out var nanoseconds) ? nanoseconds
        : throw new BadParameterException($"malformed parameter {name}: \"{text}\" is not a duration such as 1.5s or 300ms");

    private static object Summary(IReadOnlyList<Span> trace)
    {
        var summary = TraceSummaries.Of(trace);
        return new
        {
            traceId = summary.TraceId,
            rootServiceName = summary.RootServiceName,
            rootOperationName = summary.RootOperationName,
            minStartTimeUnixNano = summary.MinStartTimeUnixNano.ToString(CultureInfo.InvariantCulture),
            maxEndTimeUnixNano = summary.MaxEndTimeUnixNano.ToString(CultureInfo.InvariantCulture),
            spanCount = summary.SpanCount,
            errorSpanCount = summary.ErrorSpanCount,
            orphanSpanCount = summary.OrphanSpanCount,
            services = summary
                .Services.Select(service => new
                {
                    name = service.Name,
                    spanCount = service.SpanCount,
                    errorSpanCount = service.ErrorSpanCount,
                })
                .ToList(),
        };
    }

    private async Task ServicesAsync(HttpContext context) =>
        await AnswerAsync(context, new { services = await archive.ServicesAsync(context.RequestAborted) });

    private async Task OperationsAsync(HttpContext context)
    {
        // No service is the service of no spans, as in Jaeger.
        var operations = Parameter(context, "service") is { } service
            ? await archive.OperationsAsync(service, Parameter(context, "span_kind", "spanKind"), context.RequestAborted)
            : [];
        await AnswerAsync(
            context,
            new
            {
                operations = operations.Select(static operation =>
                    operation.Kind.Length == 0
                        ? (object)new { name = operation.Name }
                        : new { name = operation.Name, spanKind = operation.Kind }
                ),
            }
        );
    }

    private async Task TraceAsync(HttpContext context)
    {
        var text = (string)context.Request.RouteValues["id"]!;
        if (!JaegerTraceIds.TryParse(text, out var id))
        {
            throw new BadParameterException(
                $"malformed parameter trace_id: \"{text}\" is neither 1 to 32 hex digits nor 8 or 16 bytes in base64"
            );
        }

        CheckRaw(Parameter(context, "raw_traces", "rawTraces"), "raw_traces");
        Time(Parameter(context, "start_time", "startTime"), "start_time");
        Time(Parameter(context, "end_time", "endTime"), "end_time");

        if (await archive.TraceAsync(id, context.RequestAborted) is not { } trace)
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "trace not found");
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JaegerV3Json.Encode(trace), context.RequestAborted);
    }

    private IAsyncEnumerable<IReadOnlyList<Span>> Find(HttpContext context)
    {
        var from = Parameter(context, "query.start_time_min", "query.startTimeMin");
        var to = Parameter(context, "query.start_time_max", "query.startTimeMax");
        if (from is null || to is null)
        {
            throw new BadParameterException("query.start_time_min and query.start_time_max are required");
        }

        // To ignore a condition would be to answer more than was asked for, and to ignore a page would be to answer the first one for ever.
        if (
            context.Request.Query.Keys.FirstOrDefault(key =>
                key == "query.filter" || key.StartsWith("query.pagination.", StringComparison.Ordinal)
            ) is
            { } unknown
        )
        {
            throw new BadParameterException($"{unknown} is not supported; use query.attributes, query.search_depth and the times");
        }

        var depth = DefaultDepth;
        if (
            Parameter(context, "query.num_traces", "query.numTraces", "query.search_depth", "query.searchDepth") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out depth) || depth == 0)
        )
        {
            throw new BadParameterException($"malformed parameter query.search_depth: \"{text}\" is not a positive whole number");
        }

        CheckRaw(Parameter(context, "query.raw_traces", "query.rawTraces"), "query.raw_traces");
        var conditions = new SpanConditions
        {
            Service = Parameter(context, "query.service_name", "query.serviceName"),
            Operation = Parameter(context, "query.operation_name", "query.operationName", "query.span_name", "query.spanName"),
            From = Time(from, "query.start_time_min"),
            To = Time(to, "query.start_time_max"),
            MinDuration = Duration(Parameter(context, "query.duration_min", "query.durationMin"), "query.duration_min"),
            MaxDuration = Duration(Parameter(context, "query.duration_max", "query.durationMax"), "query.duration_max"),
            Tags = Parameter(context, "query.attributes") is { } tags ? TagsJson.Read(tags, "query.attributes") : [],
        };
        if (conditions.To <= conditions.From)
        {
            throw new BadParameterException("query.start_time_min must be before query.start_time_max");
        }

        return archive.FindAsync(conditions, Math.Min(depth, options.MaxTraces), context.RequestAborted);
    }

    private async Task SearchAsync(HttpContext context)
    {
        await using var each = Find(context).GetAsyncEnumerator(context.RequestAborted);
        if (!await each.MoveNextAsync())
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "No traces found");
            return;
        }

        context.Response.ContentType = "application/json";
        var output = context.Response.BodyWriter;
        await output.WriteAsync("{\"result\":"u8.ToArray(), context.RequestAborted);
        using var writer = TraceWriter.Create(TraceExportFormat.OtlpJson, output);
        do
        {
            await writer.WriteAsync(each.Current, context.RequestAborted);
        } while (await each.MoveNextAsync());

        await writer.CompleteAsync(context.RequestAborted);
        await output.WriteAsync("}"u8.ToArray(), context.RequestAborted);
    }

    private async Task DependenciesAsync(HttpContext context)
    {
        var from =
            Time(Parameter(context, "start_time", "startTime"), "startTime")
            ?? throw new BadParameterException("parameter startTime is required");
        var to =
            Time(Parameter(context, "end_time", "endTime"), "endTime") ?? throw new BadParameterException("parameter endTime is required");
        if (to <= from)
        {
            throw new BadParameterException("endTime must be after startTime");
        }

        var dependencies = await archive.DependenciesAsync(from, to, Parameter(context, "service"), context.RequestAborted);
        await AnswerAsync(
            context,
            new
            {
                dependencies = dependencies.Select(item => new
                {
                    parent = item.Parent,
                    child = item.Child,
                    callCount = item.CallCount.ToString(CultureInfo.InvariantCulture),
                }),
            }
        );
    }

    private async Task SummariesAsync(HttpContext context)
    {
        var summaries = new List<object>();
        await foreach (var trace in Find(context))
        {
            summaries.Add(Summary(trace));
        }

        await AnswerAsync(context, new { summaries });
    }
}
