using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace DhtTracer.Ingestion.Sink;

/// <summary>What one receiver has taken since the process started.</summary>
/// <param name="Receiver">Its name, such as <c>otlp-http</c>.</param>
/// <param name="Requests">Messages whose spans were committed.</param>
/// <param name="Spans">Spans committed.</param>
/// <param name="Rejected">Spans rejected one by one.</param>
/// <param name="Bytes">Bytes as OTLP protobuf, inflated.</param>
/// <param name="Errors">Messages refused whole.</param>
/// <param name="LastReceived">When spans were last committed; null when none were.</param>
/// <param name="LastError">Why a message was last refused; null when none was. Hostile text.</param>
/// <param name="LastErrorTime">And when.</param>
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

/// <summary>Counts what receivers take, for the ingest page and for metrics.</summary>
/// <param name="clock">Says when.</param>
/// <param name="meters">Makes the meter <c>DhtTracer.Ingest</c>; null for no metrics.</param>
public sealed class IngestStatistics(TimeProvider clock, IMeterFactory? meters = null)
{
    /// <summary>From a millisecond to ten seconds: a commit takes some milliseconds, and waits when much is written.</summary>
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

    /// <summary>All receivers that took or refused anything, by name.</summary>
    public IReadOnlyList<ReceiverStatistics> Snapshot() => [.. _receivers.Values.OrderBy(item => item.Receiver, StringComparer.Ordinal)];

    /// <summary>A message is whole and is about to be read; what it returns is handed to <see cref="Count"/>.</summary>
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

    /// <summary>Counts spans that a receiver could not keep although it took the rest of their message.</summary>
    public void CountRejected(string receiver, int rejected)
    {
        if (rejected > 0)
        {
            Change(receiver, item => item with { Rejected = item.Rejected + rejected });
        }
    }

    /// <summary>Counts a message that was refused whole. The sink and the receiver above it may both report the same failure: it counts
    /// once.</summary>
    public void CountError(string receiver, Exception error)
    {
        if (_counted.TryAdd(error, receiver))
        {
            CountRefused(receiver, error.Message);
        }
    }

    /// <summary>Counts a message that was refused whole before anything was thrown.</summary>
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
