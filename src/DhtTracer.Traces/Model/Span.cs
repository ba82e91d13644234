using System.Collections.Immutable;

namespace DhtTracer.Traces.Model;

/// <summary>One span, with everything that OTLP can express (opentelemetry-proto, <c>trace.proto</c>).</summary>
/// <remarks>
/// <see cref="Resource"/> and <see cref="Scope"/> are shared objects: spans of one group refer to the same instance.
/// </remarks>
public sealed record Span
{
    /// <summary>The trace it belongs to; never zero.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary>Its id, unique within the trace; never zero.</summary>
    public required SpanId SpanId { get; init; }

    /// <summary>The parent's id, or zero for a root.</summary>
    public SpanId ParentSpanId { get; init; }

    /// <summary>The name of the operation.</summary>
    public string Name { get; init; } = "";

    /// <summary>The kind. Unknown numbers are kept.</summary>
    public SpanKind Kind { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong StartUnixNano { get; init; }

    /// <summary>End, in nanoseconds since 1970-01-01 UTC; zero when the span never ended.</summary>
    public ulong EndUnixNano { get; init; }

    /// <summary>Attributes in the order they were sent.</summary>
    public AttributeList Attributes { get; init; } = AttributeList.Empty;

    /// <summary>Events in the order they were sent.</summary>
    public ImmutableArray<SpanEvent> Events { get; init; } = [];

    /// <summary>Links in the order they were sent.</summary>
    public ImmutableArray<SpanLink> Links { get; init; } = [];

    /// <summary>Status; null if the sender left it out, which is encoded differently from "unset".</summary>
    public SpanStatus? Status { get; init; }

    /// <summary>W3C <c>tracestate</c>.</summary>
    public string TraceState { get; init; } = "";

    /// <summary>W3C trace flags in the low byte, OTLP's flags above.</summary>
    public uint Flags { get; init; }

    /// <summary>Attributes that the sender dropped.</summary>
    public uint DroppedAttributesCount { get; init; }

    /// <summary>Events that the sender dropped.</summary>
    public uint DroppedEventsCount { get; init; }

    /// <summary>Links that the sender dropped.</summary>
    public uint DroppedLinksCount { get; init; }

    /// <summary>What emitted the span: service, host, SDK.</summary>
    public required Resource Resource { get; init; }

    public required InstrumentationScope Scope { get; init; }

    /// <summary>Compares by content, events and links included. <see cref="ImmutableArray{T}"/> alone compares by reference.</summary>
    public bool Equals(Span? other) =>
        ReferenceEquals(this, other)
        || (
            other is not null
            && TraceId == other.TraceId
            && SpanId == other.SpanId
            && ParentSpanId == other.ParentSpanId
            && Name == other.Name
            && Kind == other.Kind
            && StartUnixNano == other.StartUnixNano
            && EndUnixNano == other.EndUnixNano
            && Attributes.Equals(other.Attributes)
            && Events.AsSpan().SequenceEqual(other.Events.AsSpan())
            && Links.AsSpan().SequenceEqual(other.Links.AsSpan())
            && Status == other.Status
            && TraceState == other.TraceState
            && Flags == other.Flags
            && DroppedAttributesCount == other.DroppedAttributesCount
            && DroppedEventsCount == other.DroppedEventsCount
            && DroppedLinksCount == other.DroppedLinksCount
            && Resource == other.Resource
            && Scope == other.Scope
        );

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(TraceId, SpanId);
}

/// <summary>OTLP <c>Span.SpanKind</c>.</summary>
public enum SpanKind
{
    /// <summary>Not set.</summary>
    Unspecified = 0,

    /// <summary>Internal operation.</summary>
    Internal = 1,

    /// <summary>Handles a request.</summary>
    Server = 2,

    /// <summary>Makes a request.</summary>
    Client = 3,

    /// <summary>Hands a message to a broker.</summary>
    Producer = 4,

    /// <summary>Takes a message from a broker.</summary>
    Consumer = 5,
}

/// <summary>OTLP <c>Status.StatusCode</c>.</summary>
public enum StatusCode
{
    /// <summary>Not set.</summary>
    Unset = 0,

    /// <summary>Explicitly successful.</summary>
    Ok = 1,

    /// <summary>Failed.</summary>
    Error = 2,
}

/// <summary>A span's status.</summary>
/// <param name="Code">The code.</param>
/// <param name="Message">The text, empty when there is none.</param>
public sealed record SpanStatus(StatusCode Code, string Message = "");

/// <summary>An event inside a span.</summary>
public sealed record SpanEvent
{
    /// <summary>Time, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong TimeUnixNano { get; init; }

    /// <summary>Name of the event.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its attributes, in order.</summary>
    public AttributeList Attributes { get; init; } = AttributeList.Empty;

    /// <summary>Attributes that the sender dropped.</summary>
    public uint DroppedAttributesCount { get; init; }
}

/// <summary>A link to another span.</summary>
public sealed record SpanLink
{
    /// <summary>The other trace; zero when the sender's id was not 16 bytes.</summary>
    public TraceId TraceId { get; init; }

    /// <summary>The other span; zero when the sender's id was not 8 bytes.</summary>
    public SpanId SpanId { get; init; }

    /// <summary>W3C <c>tracestate</c> of the link.</summary>
    public string TraceState { get; init; } = "";

    /// <summary>Attributes, in order.</summary>
    public AttributeList Attributes { get; init; } = AttributeList.Empty;

    /// <summary>Attributes that the sender dropped.</summary>
    public uint DroppedAttributesCount { get; init; }

    /// <summary>Flags of the link.</summary>
    public uint Flags { get; init; }
}

/// <summary>The entity that emitted spans.</summary>
public sealed record Resource
{
    /// <summary>A resource without attributes.</summary>
    public static Resource Empty { get; } = new();

    /// <summary>Attributes, in order.</summary>
    public AttributeList Attributes { get; init; } = AttributeList.Empty;

    /// <summary>Attributes that the sender dropped.</summary>
    public uint DroppedAttributesCount { get; init; }

    /// <summary>Schema URL of the resource group.</summary>
    public string SchemaUrl { get; init; } = "";

    /// <summary><c>service.name</c>, or null.</summary>
    public string? ServiceName => Attributes.GetString("service.name");
}

public sealed record InstrumentationScope
{
    /// <summary>A scope without a name or attributes.</summary>
    public static InstrumentationScope Empty { get; } = new();

    /// <summary>Name of the instrumentation.</summary>
    public string Name { get; init; } = "";

    public string Version { get; init; } = "";

    /// <summary>Attributes, in order.</summary>
    public AttributeList Attributes { get; init; } = AttributeList.Empty;

    /// <summary>Attributes that the sender dropped.</summary>
    public uint DroppedAttributesCount { get; init; }

    /// <summary>Schema URL of the scope group.</summary>
    public string SchemaUrl { get; init; } = "";
}
