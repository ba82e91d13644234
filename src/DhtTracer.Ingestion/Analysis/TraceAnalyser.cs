using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>Analyses the stored spans of one trace. Every failure becomes part of the result, so no trace stops the others.</summary>
public static class TraceAnalyser
{
    private const int MaxErrorText = 1000;

#pragma warning disable CA1031 // A fault of the reconstruction on one strange trace is recorded on that trace and shown.
    /// <summary>Analyses the content of a trace.</summary>
    /// <param name="content">What is stored of it.</param>
    /// <param name="reconstruct">Finds the operations and queries in its merged spans.</param>
    public static TraceAnalysis Analyse(TraceContent content, Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct)
    {
        IReadOnlyList<Span> decoded;
        try
        {
            decoded = OtlpProtobuf.Decode(content.Otlp);
        }
        catch (TraceFormatException error)
        {
            // Keep the bytes unchanged: a later version may be able to read them.
            return new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Version = AnalysisVersion.Current,
                Error = Text(error),
            };
        }

        var spans = SpanMerge.Merge(decoded);
        var otlp = spans.Length == decoded.Count ? content.Otlp : OtlpProtobuf.Encode(spans);
        var analysis = new TraceAnalysis
        {
            Content = content,
            Otlp = otlp,
            Spans = spans,
            Version = AnalysisVersion.Current,
        };
        try
        {
            return analysis with { Found = content.Reconstruct(reconstruct, spans) };
        }
        catch (Exception error)
        {
            return analysis with { Error = Text(error) };
        }
    }
#pragma warning restore CA1031

    private static string Text(Exception error)
    {
        var text = $"{error.GetType().Name}: {error.Message}";
        return text.Length > MaxErrorText ? text[..MaxErrorText] : text;
    }
}
