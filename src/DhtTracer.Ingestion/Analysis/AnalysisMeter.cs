using System.Diagnostics.Metrics;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>
/// Measures how long traces wait and how long their analysis takes, with instruments of the meter <c>DhtTracer.Analysis</c>.
/// </summary>
public sealed class AnalysisMeter
{
    private static readonly InstrumentAdvice<double> WaitBuckets = new()
    {
        HistogramBucketBoundaries = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 30, 60],
    };

    private static readonly InstrumentAdvice<double> WorkBuckets = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    };

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Creates the meter.</param>
    public AnalysisMeter(IMeterFactory meters)
    {
        var meter = meters.Create("DhtTracer.Analysis");
        Waited = meter.CreateHistogram(
            "dht_tracer.assembly.duration",
            "s",
            "Time from a trace's first new spans to its analysis.",
            tags: null,
            advice: WaitBuckets
        );
        Analysed = meter.CreateHistogram(
            "dht_tracer.analysis.duration",
            "s",
            "Time to make queries out of the spans of one trace.",
            tags: null,
            advice: WorkBuckets
        );
    }

    /// <summary>Seconds from the first new spans of a trace to its analysis.</summary>
    internal Histogram<double> Waited { get; }

    /// <summary>Duration of the analysis of a trace in seconds, with its <c>outcome</c>.</summary>
    internal Histogram<double> Analysed { get; }
}
