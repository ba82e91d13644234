using System.Diagnostics;
using DhtTracer.Traces.Model;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Sends the trace of <c>tests/exporters/trace.js</c> by the OTLP exporter of .NET, which chooses its own ids.</summary>
internal static class DotNetExporter
{
    private const string Scope = "exporter-test-scope";
    private static readonly DateTime Start = DateTime.UnixEpoch.AddSeconds(1_795_000_000);

    /// <summary>Sends both spans and waits until they are exported.</summary>
    /// <returns>The ids it chose: of the trace, the root and the child.</returns>
    public static (TraceId Trace, SpanId Root, SpanId Child) Send(Uri endpoint, OtlpExportProtocol protocol)
    {
        using var source = new ActivitySource(Scope, "1.2.3");
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(Scope)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("exporter-test", autoGenerateServiceInstanceId: false))
            .AddOtlpExporter(options =>
            {
                options.Endpoint = endpoint;
                options.Protocol = protocol;
            })
            .Build();
        using var root = source.StartActivity(
            "lookup",
            ActivityKind.Server,
            default(ActivityContext),
            [new("peer.id", "12D3KooW-äöü"), new("attempt", 3), new("found", true), new("ratio", 0.5)],
            startTime: new DateTimeOffset(Start.AddMicroseconds(1_000))
        )!;
        using var child = source.StartActivity(
            "request",
            ActivityKind.Client,
            root.Context,
            [new("message type", "FIND_NODE")],
            startTime: new DateTimeOffset(Start.AddMicroseconds(101_000))
        )!;
        child.AddEvent(
            new ActivityEvent(
                "dialed",
                new DateTimeOffset(Start.AddMicroseconds(151_000)),
                new ActivityTagsCollection { ["transport"] = "tcp" }
            )
        );
        child.SetStatus(ActivityStatusCode.Error, "peer hung up");
        Stop(child, 201_000);
        Stop(root, 501_000);
        Assert.True(provider.ForceFlush(30_000));
        return (Id(root), Id(root.SpanId), Id(child.SpanId));
    }

    private static void Stop(Activity activity, int microseconds)
    {
        activity.SetEndTime(Start.AddMicroseconds(microseconds));
        activity.Stop();
    }

    private static TraceId Id(Activity activity) =>
        TraceId.TryParse(activity.TraceId.ToHexString(), out var id) ? id : throw new InvalidOperationException("not a trace id");

    private static SpanId Id(ActivitySpanId span) => SpanId.FromBytes(Convert.FromHexString(span.ToHexString()));
}
