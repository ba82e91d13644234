using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace DhtTracer.Ingestion.Sink;

/// <summary>Totals of one receiver since the process started.</summary>
/// <param name="Receiver">Its name, such as <c>otlp-http</c>.</param>
/// <param name="Requests">Number of messages whose spans were committed.</param>
/// <param name="Spans">Number of committed spans.</param>
/// <param name="Rejected">Number of spans rejected individually.</param>
/// <param name="Bytes">Size as OTLP protobuf, decompressed, in bytes.</param>
/// <param name="Errors">Number of messages refused as a whole.</param>
/// <param name="LastReceived">When spans were last committed; null if never.</param>
/// <param name="LastError">Why a message was last refused; null if none was. Hostile text.</param>
/// <param name="LastErrorTime">When a message was last refused; null if none was.</param>
public sealed record ReceiverStatistics(
    string Receiver,
    long Requests,
    long Spans,
    long Rejected,
    long Bytes,
    long Errors,
    DateTimeOffset? LastReceived,
    string? LastError,
    DateTimeOffset? LastErrorTime
);

/// <summary>Counts what receivers accept and refuse, for the ingest page and for metrics.</summary>
/// <param name="clock">The clock.</param>
/// <param name="meters">Creates the meter <c>DhtTracer.Ingest</c>; null for no metrics.</param>
public sealed class IngestStatistics(TimeProvider clock, IMeterFactory? meters = null)
{
    /// <summary>From one millisecond to ten seconds: a commit takes a few milliseconds, and longer under load.</summary>
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Histogram<double>? _duration = meters
        ?.Create("DhtTracer.Ingest")
        .CreateHistogram(
            "dht_tracer.ingest.duration",
            "s",
            "Time from a message that was received to its commit.",
            tags: null,
            advice: Buckets
        );
    private const int MaxErrorText = 500;
    private readonly ConcurrentDictionary<string, ReceiverStatistics> _receivers = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<Exception, object> _counted = [];

    /// <summary>All receivers that accepted or refused anything, by name.</summary>
    public IReadOnlyList<ReceiverStatistics> Snapshot() => [.. _receivers.Values.OrderBy(item => item.Receiver, StringComparer.Ordinal)];

    /// <summary>Marks the start of processing a complete message. Pass the result to <see cref="Count"/>.</summary>
    internal long Begin() => clock.GetTimestamp();

    internal void Count(string receiver, int spans, int rejected, long bytes, long begun)
    {
        _duration?.Record(clock.GetElapsedTime(begun).TotalSeconds, KeyValuePair.Create("receiver", (object?)receiver));
        var now = clock.GetUtcNow();
        Change(
            receiver,
            item =>
                item with
                {
                    Requests = item.Requests + 1,
                    Spans = item.Spans + spans,
                    Rejected = item.Rejected + rejected,
                    Bytes = item.Bytes + bytes,
                    LastReceived = now,
                }
        );
    }

    /// <summary>Counts spans that were rejected although the rest of their message was accepted.</summary>
    public void CountRejected(string receiver, int rejected)
    {
        if (rejected > 0)
        {
            Change(receiver, item => item with { Rejected = item.Rejected + rejected });
        }
    }

    /// <summary>Counts a message refused as a whole. The sink and its receiver may both report the same failure; it counts once.</summary>
    public void CountError(string receiver, Exception error)
    {
        if (_counted.TryAdd(error, receiver))
        {
            CountRefused(receiver, error.Message);
        }
    }

    /// <summary>Counts a message refused as a whole without an exception.</summary>
    public void CountRefused(string receiver, string why)
    {
        var now = clock.GetUtcNow();
        var text = why.Length > MaxErrorText ? why[..MaxErrorText] : why;
        Change(receiver, item => item with { Errors = item.Errors + 1, LastError = text, LastErrorTime = now });
    }

    private void Change(string receiver, Func<ReceiverStatistics, ReceiverStatistics> change) =>
        _receivers.AddOrUpdate(
            receiver,
            name => change(new ReceiverStatistics(name, 0, 0, 0, 0, 0, null, null, null)),
            (_, item) => change(item)
        );
}
