// Over 300 lines: one reader for the members of one format.
using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.GoStdout;

/// <summary>Reads one span. Computes its flags as the Go SDK does when it sends OTLP.</summary>
internal static class GoStdoutSpanReader
{
    // opentelemetry-proto, SpanFlags: bit 8 means that bit 9 says whether the parent is remote.
    private const uint HasIsRemote = 0x100;
    private const uint IsRemote = 0x200;

    /// <summary>Returns the span, or null and the problem if its ids are invalid.</summary>
    public static Span? Read(ref JsonCursor cursor, GoStdoutGroups groups, out string problem)
    {
        cursor.ExpectObject("a span");
        var own = default(Context);
        var parent = default(Context);
        var name = "";
        ulong start = 0,
            end = 0;
        uint droppedAttributes = 0,
            droppedEvents = 0,
            droppedLinks = 0;
        var kind = SpanKind.Unspecified;
        var attributes = AttributeList.Empty;
        ImmutableArray<SpanEvent> events = [];
        ImmutableArray<SpanLink> links = [];
        SpanStatus? status = null;
        var resource = Resource.Empty;
        InstrumentationScope? scope = null;
        while (cursor.NextProperty())
        {
            if (cursor.Is("Name"u8))
            {
                name = cursor.GetText("Name");
            }
            else if (cursor.Is("SpanContext"u8))
            {
                own = ReadContext(ref cursor, "SpanContext");
            }
            else if (cursor.Is("Parent"u8))
            {
                parent = ReadContext(ref cursor, "Parent");
            }
            else if (cursor.Is("SpanKind"u8))
            {
                kind = (SpanKind)cursor.GetUInt32("SpanKind");
            }
            else if (cursor.Is("StartTime"u8))
            {
                start = ReadTime(ref cursor, "StartTime");
            }
            else if (cursor.Is("EndTime"u8))
            {
                end = ReadTime(ref cursor, "EndTime");
            }
            else if (cursor.Is("Attributes"u8))
            {
                attributes = GoStdoutValueReader.ReadAttributes(ref cursor);
            }
            else if (cursor.Is("Events"u8))
            {
                events = ReadEvents(ref cursor);
            }
            else if (cursor.Is("Links"u8))
            {
                links = ReadLinks(ref cursor);
            }
            else if (cursor.Is("Status"u8))
            {
                status = ReadStatus(ref cursor);
            }
            else if (cursor.Is("DroppedAttributes"u8))
            {
                droppedAttributes = cursor.GetUInt32("DroppedAttributes");
            }
            else if (cursor.Is("DroppedEvents"u8))
            {
                droppedEvents = cursor.GetUInt32("DroppedEvents");
            }
            else if (cursor.Is("DroppedLinks"u8))
            {
                droppedLinks = cursor.GetUInt32("DroppedLinks");
            }
            else if (cursor.Is("Resource"u8))
            {
                resource = new Resource { Attributes = GoStdoutValueReader.ReadAttributes(ref cursor) };
            }
            else if (cursor.Is("InstrumentationScope"u8) || (scope is null && cursor.Is("InstrumentationLibrary"u8)))
            {
                scope = ReadScope(ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }

        problem =
            own.TraceId.IsZero || own.SpanId.IsZero
                ? $"expected a span with a SpanContext whose {(own.TraceId.IsZero ? "TraceID is 32" : "SpanID is 16")} hex digits, "
                    + "not all zero"
            : start == 0 ? "expected a span with a StartTime"
            : "";
        return problem.Length > 0
            ? null
            : new Span
            {
                TraceId = own.TraceId,
                SpanId = own.SpanId,
                ParentSpanId = parent.SpanId,
                Name = name,
                Kind = kind,
                StartUnixNano = start,
                EndUnixNano = end,
                Attributes = attributes,
                Events = events,
                Links = links,
                Status = status,
                TraceState = own.TraceState ?? "",
                Flags = own.Flags | HasIsRemote | (parent.Remote ? IsRemote : 0),
                DroppedAttributesCount = droppedAttributes,
                DroppedEventsCount = droppedEvents,
                DroppedLinksCount = droppedLinks,
                Resource = groups.Shared(resource),
                Scope = groups.Shared(scope ?? InstrumentationScope.Empty),
            };
    }

    // {"TraceID":"6999…","SpanID":"b587…","TraceFlags":"01","TraceState":"","Remote":false}
    private static Context ReadContext(ref JsonCursor cursor, string what)
    {
        cursor.ExpectObject(what);
        var context = default(Context);
        while (cursor.NextProperty())
        {
            if (cursor.Is("TraceID"u8))
            {
                context.TraceId = cursor.GetText("TraceID") is { Length: 32 } text && TraceId.TryParse(text, out var id) ? id : default;
            }
            else if (cursor.Is("SpanID"u8))
            {
                context.SpanId = cursor.GetText("SpanID") is { Length: 16 } text && SpanId.TryParse(text, out var id) ? id : default;
            }
            else if (cursor.Is("TraceFlags"u8))
            {
                context.Flags = byte.TryParse(
                    cursor.GetText("TraceFlags"),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var flags
                )
                    ? flags
                    : throw cursor.Unexpected("TraceFlags", "two hex digits");
            }
            else if (cursor.Is("TraceState"u8))
            {
                context.TraceState = cursor.GetText("TraceState");
            }
            else if (cursor.Is("Remote"u8))
            {
                context.Remote = cursor.GetBool("Remote");
            }
            else
            {
                cursor.Skip();
            }
        }

        return context;
    }

    private static ImmutableArray<SpanEvent> ReadEvents(ref JsonCursor cursor)
    {
        cursor.ExpectArray("Events");
        var events = ImmutableArray.CreateBuilder<SpanEvent>();
        while (cursor.NextElement())
        {
            cursor.ExpectObject("an event");
            var happened = new SpanEvent();
            while (cursor.NextProperty())
            {
                if (cursor.Is("Name"u8))
                {
                    happened = happened with { Name = cursor.GetText("Name") };
                }
                else if (cursor.Is("Time"u8))
                {
                    happened = happened with { TimeUnixNano = ReadTime(ref cursor, "Time") };
                }
                else if (cursor.Is("Attributes"u8))
                {
                    happened = happened with { Attributes = GoStdoutValueReader.ReadAttributes(ref cursor) };
                }
                else if (cursor.Is("DroppedAttributeCount"u8))
                {
                    happened = happened with { DroppedAttributesCount = cursor.GetUInt32("DroppedAttributeCount") };
                }
                else
                {
                    cursor.Skip();
                }
            }

            events.Add(happened);
        }

        return events.DrainToImmutable();
    }

    private static ImmutableArray<SpanLink> ReadLinks(ref JsonCursor cursor)
    {
        cursor.ExpectArray("Links");
        var links = ImmutableArray.CreateBuilder<SpanLink>();
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a link");
            var to = default(Context);
            var attributes = AttributeList.Empty;
            uint dropped = 0;
            while (cursor.NextProperty())
            {
                if (cursor.Is("SpanContext"u8))
                {
                    to = ReadContext(ref cursor, "SpanContext");
                }
                else if (cursor.Is("Attributes"u8))
                {
                    attributes = GoStdoutValueReader.ReadAttributes(ref cursor);
                }
                else if (cursor.Is("DroppedAttributeCount"u8))
                {
                    dropped = cursor.GetUInt32("DroppedAttributeCount");
                }
                else
                {
                    cursor.Skip();
                }
            }

            links.Add(
                new SpanLink
                {
                    TraceId = to.TraceId,
                    SpanId = to.SpanId,
                    TraceState = to.TraceState ?? "",
                    Attributes = attributes,
                    DroppedAttributesCount = dropped,
                    Flags = to.Flags | HasIsRemote | (to.Remote ? IsRemote : 0),
                }
            );
        }

        return links.DrainToImmutable();
    }

    private static SpanStatus ReadStatus(ref JsonCursor cursor)
    {
        cursor.ExpectObject("Status");
        var code = StatusCode.Unset;
        var message = "";
        while (cursor.NextProperty())
        {
            if (cursor.Is("Code"u8))
            {
                code = cursor.GetText("Code") switch
                {
                    "Unset" => StatusCode.Unset,
                    "Ok" => StatusCode.Ok,
                    "Error" => StatusCode.Error,
                    _ => throw cursor.Unexpected("Code", "Unset, Ok or Error"),
                };
            }
            else if (cursor.Is("Description"u8))
            {
                message = cursor.GetText("Description");
            }
            else
            {
                cursor.Skip();
            }
        }

        return new SpanStatus(code, message);
    }

    private static InstrumentationScope ReadScope(ref JsonCursor cursor)
    {
        cursor.ExpectObject("InstrumentationScope");
        var scope = InstrumentationScope.Empty;
        while (cursor.NextProperty())
        {
            if (cursor.Is("Name"u8))
            {
                scope = scope with { Name = cursor.GetText("Name") };
            }
            else if (cursor.Is("Version"u8))
            {
                scope = scope with { Version = cursor.GetText("Version") };
            }
            else if (cursor.Is("SchemaURL"u8))
            {
                scope = scope with { SchemaUrl = cursor.GetText("SchemaURL") };
            }
            else if (cursor.Is("Attributes"u8))
            {
                scope = scope with { Attributes = GoStdoutValueReader.ReadAttributes(ref cursor) };
            }
            else
            {
                cursor.Skip();
            }
        }

        return scope;
    }

    // Go's zero time, 0001-01-01T00:00:00Z, marks a span that never ended.
    private static ulong ReadTime(ref JsonCursor cursor, string what)
    {
        var text = cursor.GetText(what);
        return text.StartsWith("0001-01-01T", StringComparison.Ordinal)
            ? 0
            : Rfc3339.Parse(text) ?? throw cursor.Unexpected(what, "a time in RFC 3339");
    }

    private struct Context
    {
        public TraceId TraceId;
        public SpanId SpanId;
        public uint Flags;
        public string? TraceState;
        public bool Remote;
    }
}
