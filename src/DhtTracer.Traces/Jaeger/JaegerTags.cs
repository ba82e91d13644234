namespace DhtTracer.Traces.Jaeger;

/// <summary>Names of tags that represent fields of OTLP, from OpenTelemetry's mapping to other formats and from Jaeger itself.</summary>
internal static class JaegerTags
{
    public const string ScopeName = "otel.scope.name";
    public const string ScopeVersion = "otel.scope.version";

    /// <summary>The former name of <see cref="ScopeName"/>; Jaeger 1.60 still writes it.</summary>
    public const string LibraryName = "otel.library.name";

    /// <summary>The former name of <see cref="ScopeVersion"/>.</summary>
    public const string LibraryVersion = "otel.library.version";

    public const string SpanKind = "span.kind";
    public const string StatusCode = "otel.status_code";
    public const string StatusDescription = "otel.status_description";
    public const string Error = "error";
    public const string TraceState = "w3c.tracestate";
    public const string DroppedAttributes = "otel.dropped_attributes_count";
    public const string DroppedEvents = "otel.dropped_events_count";
    public const string DroppedLinks = "otel.dropped_links_count";

    /// <summary>The field of a log that names the event.</summary>
    public const string Event = "event";

    /// <summary>Attribute of a link with its type of reference: <c>child_of</c> or <c>follows_from</c>.</summary>
    public const string ReferenceType = "opentracing.ref_type";

    /// <summary>Attribute that holds Jaeger's warnings; Jaeger 2 uses the same name.</summary>
    public const string Warnings = "@jaeger@warnings";

    public const string ServiceName = "service.name";

    /// <summary>Values of <see cref="SpanKind"/>, indexed by OTLP's number.</summary>
    public static readonly string[] Kinds = ["", "internal", "server", "client", "producer", "consumer"];
}
