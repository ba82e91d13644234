using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// Reads OTLP JSON directly into spans. Before 2022 a scope was called "instrumentation library", with the same content.
/// </summary>
internal sealed class OtlpJsonReader(string format, ICollection<RejectedSpan>? rejected)
{
    private readonly Utf8StringCache _texts = new(4096);
    private readonly List<Span> _spans = [];

    /// <summary>Reads one document and nothing after it.</summary>
    public List<Span> ReadDocument(ReadOnlySpan<byte> data)
    {
        var cursor = new JsonCursor(data, format, _texts);
        try
        {
            cursor.Read();
            ReadTracesData(ref cursor);

            // Throws if anything follows.
            cursor.Read();
            return _spans;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    /// <summary>Reads documents until the end of the text.</summary>
    public List<Span> ReadDocuments(ReadOnlySpan<byte> data)
    {
        var cursor = new JsonCursor(data, format, _texts, severalValues: true);
        try
        {
            while (cursor.Read())
            {
                ReadTracesData(ref cursor);
            }

            return _spans;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    /// <summary>Reads <c>{"result":{"resourceSpans":[...]}}</c>, any number of times.</summary>
    public List<Span> ReadResults(ReadOnlySpan<byte> data)
    {
        var cursor = new JsonCursor(data, format, _texts, severalValues: true);
        try
        {
            while (cursor.Read())
            {
                cursor.ExpectObject("an answer");
                while (cursor.NextProperty())
                {
                    if (cursor.Is("result"u8))
                    {
                        ReadTracesData(ref cursor);
                    }
                    else if (cursor.Is("error"u8))
                    {
                        throw cursor.Error($"expected a result, found an error of Jaeger: {cursor.SkipAndGetRawText()}");
                    }
                    else
                    {
                        cursor.Skip();
                    }
                }
            }

            return _spans;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    private void ReadTracesData(ref JsonCursor cursor)
    {
        cursor.ExpectObject("TracesData");
        while (cursor.NextProperty())
        {
            if (cursor.Is("resourceSpans"u8, "resource_spans"u8))
            {
                cursor.ExpectArray("resourceSpans");
                while (cursor.NextElement())
                {
                    ReadResourceSpans(ref cursor);
                }
            }
            else
            {
                cursor.Skip();
            }
        }
    }

    private void ReadResourceSpans(ref JsonCursor cursor)
    {
        cursor.ExpectObject("an element of resourceSpans");
        var start = _spans.Count;
        var resource = Resource.Empty;
        while (cursor.NextProperty())
        {
            if (cursor.Is("resource"u8))
            {
                resource = ReadResource(ref cursor) with { SchemaUrl = resource.SchemaUrl };
            }
            else if (cursor.Is("schemaUrl"u8, "schema_url"u8))
            {
                resource = resource with { SchemaUrl = cursor.GetText("schemaUrl") };
            }
            else if (
                cursor.Is("scopeSpans"u8, "scope_spans"u8) || cursor.Is("instrumentationLibrarySpans"u8, "instrumentation_library_spans"u8)
            )
            {
                cursor.ExpectArray("scopeSpans");
                while (cursor.NextElement())
                {
                    ReadScopeSpans(ref cursor, resource);
                }
            }
            else
            {
                cursor.Skip();
            }
        }

        // Members may be in any order. The schema URL usually comes last.
        for (var index = start; index < _spans.Count && !ReferenceEquals(_spans[index].Resource, resource); index++)
        {
            _spans[index] = _spans[index] with { Resource = resource };
        }
    }

    private void ReadScopeSpans(ref JsonCursor cursor, Resource resource)
    {
        cursor.ExpectObject("an element of scopeSpans");
        var start = _spans.Count;
        var scope = InstrumentationScope.Empty;
        while (cursor.NextProperty())
        {
            if (cursor.Is("scope"u8) || cursor.Is("instrumentationLibrary"u8, "instrumentation_library"u8))
            {
                scope = ReadScope(ref cursor) with { SchemaUrl = scope.SchemaUrl };
            }
            else if (cursor.Is("schemaUrl"u8, "schema_url"u8))
            {
                scope = scope with { SchemaUrl = cursor.GetText("schemaUrl") };
            }
            else if (cursor.Is("spans"u8))
            {
                cursor.ExpectArray("spans");
                while (cursor.NextElement())
                {
                    var offset = cursor.Offset;
                    if (OtlpJsonSpanReader.Read(ref cursor, resource, scope, out var problem) is { } span)
                    {
                        _spans.Add(span);
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
            }
            else
            {
                cursor.Skip();
            }
        }

        for (var index = start; index < _spans.Count && !ReferenceEquals(_spans[index].Scope, scope); index++)
        {
            _spans[index] = _spans[index] with { Scope = scope };
        }
    }

    private static Resource ReadResource(ref JsonCursor cursor)
    {
        cursor.ExpectObject("resource");
        var attributes = AttributeList.Empty;
        uint dropped = 0;
        while (cursor.NextProperty())
        {
            if (cursor.Is("attributes"u8))
            {
                attributes = OtlpJsonValueReader.ReadAttributes(ref cursor, 0);
            }
            else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
            {
                dropped = cursor.GetUInt32("droppedAttributesCount");
            }
            else
            {
                cursor.Skip();
            }
        }

        return new Resource { Attributes = attributes, DroppedAttributesCount = dropped };
    }

    private static InstrumentationScope ReadScope(ref JsonCursor cursor)
    {
        cursor.ExpectObject("scope");
        string name = "",
            version = "";
        var attributes = AttributeList.Empty;
        uint dropped = 0;
        while (cursor.NextProperty())
        {
            if (cursor.Is("name"u8))
            {
                name = cursor.GetText("name");
            }
            else if (cursor.Is("version"u8))
            {
                version = cursor.GetText("version");
            }
            else if (cursor.Is("attributes"u8))
            {
                attributes = OtlpJsonValueReader.ReadAttributes(ref cursor, 0);
            }
            else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
            {
                dropped = cursor.GetUInt32("droppedAttributesCount");
            }
            else
            {
                cursor.Skip();
            }
        }

        return new InstrumentationScope
        {
            Name = name,
            Version = version,
            Attributes = attributes,
            DroppedAttributesCount = dropped,
        };
    }
}
