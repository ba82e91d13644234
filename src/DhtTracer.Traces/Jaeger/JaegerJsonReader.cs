using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Reads Jaeger's JSON v1.</summary>
internal sealed class JaegerJsonReader(ICollection<RejectedSpan>? rejected)
{
    private const string Format = "Jaeger JSON";

    private readonly Utf8StringCache _texts = new(4096);
    private readonly JaegerSpanReader _spanReader = new();
    private readonly List<Span> _decoded = [];

    public List<Span> Read(ReadOnlySpan<byte> data)
    {
        var cursor = new JsonCursor(data, Format, _texts);
        try
        {
            cursor.Read();
            if (cursor.Token == JsonTokenType.StartArray)
            {
                ReadTraces(ref cursor);
            }
            else
            {
                ReadAnswerOrTrace(ref cursor);
            }

            // Throws if anything follows.
            cursor.Read();
            return _decoded;
        }
        catch (JsonException exception)
        {
            throw cursor.Wrap(exception);
        }
    }

    private void ReadTraces(ref JsonCursor cursor)
    {
        cursor.ExpectArray("data");
        while (cursor.NextElement())
        {
            cursor.ExpectObject("a trace");
            var trace = new TraceParts();
            while (cursor.NextProperty())
            {
                ReadTraceMember(ref cursor, trace);
            }

            Finish(ref cursor, trace);
        }
    }

    // An answer has "data"; a bare trace has "spans".
    private void ReadAnswerOrTrace(ref JsonCursor cursor)
    {
        cursor.ExpectObject("an answer");
        var trace = new TraceParts();
        string? errors = null;
        var hasData = false;
        while (cursor.NextProperty())
        {
            if (cursor.Is("data"u8))
            {
                hasData = true;
                if (cursor.Token == JsonTokenType.StartObject)
                {
                    ReadAnswerOrTrace(ref cursor);
                }
                else
                {
                    ReadTraces(ref cursor);
                }
            }
            else if (cursor.Is("errors"u8))
            {
                errors = cursor.SkipAndGetRawText();
            }
            else
            {
                ReadTraceMember(ref cursor, trace);
            }
        }

        if (!hasData && errors is not null and not "[]")
        {
            throw cursor.Error($"expected traces, found errors of Jaeger: {errors}");
        }

        Finish(ref cursor, trace);
    }

    private static void ReadTraceMember(ref JsonCursor cursor, TraceParts trace)
    {
        if (cursor.Is("spans"u8))
        {
            cursor.ExpectArray("spans");
            while (cursor.NextElement())
            {
                var offset = cursor.Offset;
                var span = JaegerJsonSpanReader.ReadSpan(ref cursor, out var neverEnded);
                trace.Spans.Add((offset, span, neverEnded));
            }
        }
        else if (cursor.Is("processes"u8))
        {
            cursor.ExpectObject("processes");
            while (cursor.NextProperty())
            {
                // Read the name before the value moves the cursor.
                var id = cursor.GetName();
                trace.Processes[id] = JaegerJsonSpanReader.ReadProcess(ref cursor);
            }
        }
        else
        {
            cursor.Skip();
        }
    }

    private void Finish(ref JsonCursor cursor, TraceParts trace)
    {
        foreach (var (offset, span, neverEnded) in trace.Spans)
        {
            var process = span.Process;
            if (process is null && span.ProcessId.Length > 0 && !trace.Processes.TryGetValue(span.ProcessId, out process))
            {
                throw cursor.ErrorAt(offset, $"expected a span of a process in \"processes\", found processID \"{span.ProcessId}\"");
            }

            if (_spanReader.Read(span, process, out var problem) is { } one)
            {
                _decoded.Add(neverEnded ? one with { EndUnixNano = 0 } : one);
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

    /// <summary>Collects one trace. Its processes may come after the spans that refer to them.</summary>
    private sealed class TraceParts
    {
        public List<(long Offset, Proto.Span Span, bool NeverEnded)> Spans { get; } = [];

        public Dictionary<string, Proto.Process> Processes { get; } = [];
    }
}
