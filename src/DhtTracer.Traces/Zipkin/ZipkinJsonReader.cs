using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Proto = DhtTracer.Traces.Jaeger.Proto;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Zipkin;

/// <summary>
/// Reads Zipkin's JSON v2 into Jaeger's similar model, and from there into spans. Endpoints become a process and tags; annotations become
/// logs.
/// </summary>
internal sealed class ZipkinJsonReader(ICollection<RejectedSpan>? rejected)
{
    private const string Format = "Zipkin JSON";

    private readonly Utf8StringCache _texts = new(4096);
    private readonly JaegerSpanReader _spanReader = new();

    public List<Span> Read(ReadOnlySpan<byte> data)
    {
        var spans = new List<Span>();
        var cursor = new JsonCursor(data, Format, _texts);
        try
        {
            cursor.Read();
            cursor.ExpectArray("spans");
            while (cursor.NextElement())
            {
                var offset = cursor.Offset;
                var zipkin = ReadSpan(ref cursor);
                if (_spanReader.Read(zipkin, zipkin.Process, out var problem) is { } span)
                {
                    // A span without a duration was not finished when it was reported.
                    spans.Add(zipkin.Duration is null ? span with { EndUnixNano = 0 } : span);
                }
                else if (rejected is not null)
                {
                    rejected.Add(new RejectedSpan(offset, problem));
                }
                else
                {
                    throw cursor.ErrorAt(offset, problem);
                }
            }

            // Throws if anything follows.
            cursor.Read();
            return spans;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    private static Proto.Span ReadSpan(ref JsonCursor cursor)
    {
        cursor.ExpectObject("a span");
        var span = new Proto.Span();
        SpanId parent = default;
        while (cursor.NextProperty())
        {
            if (cursor.Is("traceId"u8))
            {
                span.TraceId = TraceId.TryParse(cursor.GetText("traceId"), out var id)
                    ? ByteString.CopyFrom(id.ToBytes())
                    : ByteString.Empty;
            }
            else if (cursor.Is("id"u8))
            {
                span.SpanId = SpanId.TryParse(cursor.GetText("id"), out var id) ? ByteString.CopyFrom(id.ToBytes()) : ByteString.Empty;
            }
            else if (cursor.Is("parentId"u8))
            {
                parent = SpanId.TryParse(cursor.GetText("parentId"), out var id) ? id : default;
            }
            else if (cursor.Is("name"u8))
            {
                span.OperationName = cursor.GetText("name");
            }
            else if (cursor.Is("kind"u8))
            {
                AddText(span, JaegerTags.SpanKind, cursor.GetText("kind").ToLowerInvariant());
            }
            else if (cursor.Is("timestamp"u8))
            {
                span.StartTime = ReadTime(ref cursor);
            }
            else if (cursor.Is("duration"u8))
            {
                var micros = cursor.GetInt64("duration");
                span.Duration = new Duration { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };
            }
            else if (cursor.Is("tags"u8))
            {
                ReadTags(ref cursor, span);
            }
            else if (cursor.Is("annotations"u8))
            {
                ReadAnnotations(ref cursor, span);
            }
            else if (cursor.Is("localEndpoint"u8))
            {
                ReadLocalEndpoint(ref cursor, span);
            }
            else if (cursor.Is("remoteEndpoint"u8))
            {
                ReadRemoteEndpoint(ref cursor, span);
            }
            else if (cursor.Is("debug"u8) || cursor.Is("shared"u8))
            {
                var key = $"zipkin.{cursor.GetName()}";
                if (cursor.GetBool(key))
                {
                    span.Tags.Add(
                        new Proto.KeyValue
                        {
                            Key = key,
                            VType = Proto.ValueType.Bool,
                            VBool = true,
                        }
                    );
                }
            }
            else
            {
                cursor.Skip();
            }
        }

        if (!parent.IsZero)
        {
            span.References.Add(new Proto.SpanRef { TraceId = span.TraceId, SpanId = ByteString.CopyFrom(parent.ToBytes()) });
        }

        return span;
    }

    // A tag "error" means failure, and its value is the reason (zipkin.io, "error" in thrift/zipkinCore.thrift). Some other
    // instrumentations write "false" for success.
    private static void ReadTags(ref JsonCursor cursor, Proto.Span span)
    {
        cursor.ExpectObject("tags");
        while (cursor.NextProperty())
        {
            var key = cursor.GetName();
            var value = cursor.Token == JsonTokenType.String ? cursor.GetText(key) : cursor.SkipAndGetRawText();
            if (ResourceNames.IsResource(key))
            {
                (span.Process ??= new Proto.Process()).Tags.Add(new Proto.KeyValue { Key = key, VStr = value });
                continue;
            }

            if (key != JaegerTags.Error || value == "false")
            {
                span.Tags.Add(new Proto.KeyValue { Key = key, VStr = value });
                continue;
            }

            span.Tags.Add(
                new Proto.KeyValue
                {
                    Key = JaegerTags.Error,
                    VType = Proto.ValueType.Bool,
                    VBool = true,
                }
            );
            AddText(span, JaegerTags.StatusDescription, value == "true" ? "" : value);
        }
    }

    private static void ReadAnnotations(ref JsonCursor cursor, Proto.Span span)
    {
        cursor.ExpectArray("annotations");
        while (cursor.NextElement())
        {
            cursor.ExpectObject("an annotation");
            var log = new Proto.Log();
            while (cursor.NextProperty())
            {
                if (cursor.Is("timestamp"u8))
                {
                    log.Timestamp = ReadTime(ref cursor);
                }
                else if (cursor.Is("value"u8))
                {
                    log.Fields.Add(new Proto.KeyValue { Key = JaegerTags.Event, VStr = cursor.GetText("value") });
                }
                else
                {
                    cursor.Skip();
                }
            }

            span.Logs.Add(log);
        }
    }

    private static void ReadLocalEndpoint(ref JsonCursor cursor, Proto.Span span)
    {
        var process = span.Process ??= new Proto.Process();
        foreach (var (key, value) in ReadEndpoint(ref cursor))
        {
            if (key == "serviceName")
            {
                process.ServiceName = value;
            }
            else
            {
                process.Tags.Add(new Proto.KeyValue { Key = key == "port" ? "net.host.port" : "net.host.ip", VStr = value });
            }
        }
    }

    private static void ReadRemoteEndpoint(ref JsonCursor cursor, Proto.Span span)
    {
        foreach (var (key, value) in ReadEndpoint(ref cursor))
        {
            AddText(
                span,
                key switch
                {
                    "serviceName" => "peer.service",
                    "port" => "net.peer.port",
                    _ => "net.peer.ip",
                },
                value
            );
        }
    }

    private static List<(string Key, string Value)> ReadEndpoint(ref JsonCursor cursor)
    {
        cursor.ExpectObject("an endpoint");
        var members = new List<(string Key, string Value)>();
        while (cursor.NextProperty())
        {
            if (cursor.Is("serviceName"u8) || cursor.Is("ipv4"u8) || cursor.Is("ipv6"u8))
            {
                var key = cursor.GetName();
                members.Add((key, cursor.GetText(key)));
            }
            else if (cursor.Is("port"u8))
            {
                members.Add(("port", $"{cursor.GetUInt32("port")}"));
            }
            else
            {
                cursor.Skip();
            }
        }

        return members;
    }

    private static void AddText(Proto.Span span, string key, string value)
    {
        if (value.Length > 0)
        {
            span.Tags.Add(new Proto.KeyValue { Key = key, VStr = value });
        }
    }

    private static Timestamp ReadTime(ref JsonCursor cursor)
    {
        var micros = cursor.GetInt64("timestamp");
        return new Timestamp { Seconds = micros / 1_000_000, Nanos = (int)(micros % 1_000_000) * 1000 };
    }
}
