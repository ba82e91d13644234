using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Truth.Tests.Rust;

/// <summary>A query of a log, with the number that the log gives it.</summary>
internal sealed record LoggedQuery(long Number, Query Query, Operation Operation);

/// <summary>Reads logs of Rust nodes as the import does: lines, spans, queries.</summary>
internal static class RustLogs
{
    public static List<Span> Spans(byte[] log, TraceHints? hints = null)
    {
        var rejected = new List<RejectedSpan>();
        var reader = new RustLogReader(hints ?? TraceHints.None, rejected);
        List<Span> spans = [.. reader.Read(log), .. reader.Finish()];
        Assert.Empty(rejected);
        return spans;
    }

    public static List<LoggedQuery> Queries(IEnumerable<Span> spans) =>
        [
            .. spans
                .GroupBy(static span => span.TraceId)
                .Select(static trace =>
                {
                    var found = TraceReconstruction.Reconstruct([.. trace]);
                    var root = trace.Single(static span => span.Name == RustLogNames.Query);
                    return new LoggedQuery(
                        root.Attributes[RustLogNames.QueryNumber]!.AsInt()!.Value,
                        Assert.Single(found.Queries),
                        Assert.Single(found.Operations)
                    );
                })
                .OrderBy(static query => query.Number),
        ];
}
