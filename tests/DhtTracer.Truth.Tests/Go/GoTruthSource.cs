using DhtTracer.Analysis;
using DhtTracer.Traces;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>Captures of go-libp2p-kad-dht.</summary>
internal sealed class GoTruthSource : ITruthSource
{
    public string Kind => "go";

    public string Name => "go-libp2p-kad-dht";

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences { Captures = 1 };
        var traces = CaptureReader.Spans(capture.Files("spans.*.pb.gz")).GroupBy(static span => span.TraceId)
            .ToDictionary(static trace => trace.Key.ToString(), static trace => TraceReconstruction.Reconstruct([.. trace]));
        foreach (var truth in CaptureReader.JsonLines(capture.File("truth.jsonl.gz")))
        {
            var traceId = truth.GetProperty("traceId").GetString()!;
            if (traceId.Length == 0)
            {
                // An operation that made no span (Refresh of the table).
                continue;
            }

            differences.Operations++;
            var place = new Place($"{capture.Kind}/{capture.Label}", $"{traceId} {truth.GetProperty("label").GetString()}");
            differences.Must(place, "trace", traces.ContainsKey(traceId), true);
        }

        return differences;
    }
}
