using System.Diagnostics;
using DhtTracer.Storage;
using DhtTracer.Traces;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Sink;

/// <summary>What became of spans that were handed in.</summary>
/// <param name="Accepted">Spans committed.</param>
/// <param name="Rejected">Spans that cannot be kept; their neighbours were.</param>
/// <param name="FirstRejected">Where and why, for the first of them.</param>
public sealed record SinkResult(int Accepted, int Rejected, RejectedSpan? FirstRejected)
{
    /// <summary>The partial success of OTLP in words; empty when everything was accepted.</summary>
    public string Message =>
        FirstRejected is { } first
            ? $"{Rejected} of {Accepted + Rejected} spans rejected, the first at byte {first.Offset}: {first.Problem}."
            : "";
}

/// <summary>
/// The one way in: every receiver, the puller and the importers hand their spans to it. What it has returned from is committed.
/// </summary>
/// <param name="store">Where spans go.</param>
/// <param name="statistics">Counts what passes.</param>
public sealed class SpanSink(TraceStore store, IngestStatistics statistics)
{
    /// <summary>What passed, by receiver.</summary>
    public IngestStatistics Statistics => statistics;

    /// <summary>Takes an OTLP message as its bytes stand.</summary>
    /// <param name="otlp">OTLP protobuf; needed no longer when the first await is reached.</param>
    /// <param name="receiver">Who received it, for the statistics.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    /// <exception cref="TraceFormatException">The bytes are not OTLP; nothing was stored.</exception>
    /// <exception cref="StoreOverloadedException">Too much waits already; nothing was stored.</exception>
    /// <exception cref="DatabaseException">It could not be committed; nothing was stored.</exception>
    public async Task<SinkResult> AcceptOtlpAsync(ReadOnlyMemory<byte> otlp, string receiver, CancellationToken cancellationToken = default)
    {
        var begun = statistics.Begin();
        using var activity = IngestTraces.Source.StartActivity("ingest")?.SetTag("receiver", receiver).SetTag("size", otlp.Length);
        try
        {
            var split = OtlpSplitter.Split(otlp);
            var chunks = new TraceChunk[split.Slices.Count];
            for (var i = 0; i < chunks.Length; i++)
            {
                var slice = split.Slices[i];
                chunks[i] = new TraceChunk(slice.TraceId, slice.Otlp, slice.SpanCount);
            }

            await AppendAsync(chunks, null, cancellationToken);
            statistics.Count(receiver, split.SpanCount, split.RejectedCount, otlp.Length, begun);
            return new SinkResult(split.SpanCount, split.RejectedCount, split.FirstRejected);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
            statistics.CountError(receiver, error);
            throw;
        }
    }

    /// <summary>Takes spans of any number of traces.</summary>
    /// <param name="spans">Spans with valid ids.</param>
    /// <param name="receiver">Who received them, for the statistics.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the spans.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    /// <returns>Spans committed.</returns>
    /// <exception cref="StoreOverloadedException">Too much waits already; nothing was stored.</exception>
    /// <exception cref="DatabaseException">It could not be committed; nothing was stored.</exception>
    public async Task<int> AcceptAsync(
        IEnumerable<Span> spans,
        string receiver,
        PullCheckpoint? checkpoint = null,
        CancellationToken cancellationToken = default
    )
    {
        var begun = statistics.Begin();
        using var activity = IngestTraces.Source.StartActivity("ingest")?.SetTag("receiver", receiver);
        try
        {
            var chunks = Chunks(spans);
            await AppendAsync(chunks, checkpoint, cancellationToken);
            var count = chunks.Sum(chunk => chunk.SpanCount);
            statistics.Count(receiver, count, 0, chunks.Sum(chunk => (long)chunk.Otlp.Length), begun);
            return count;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
            statistics.CountError(receiver, error);
            throw;
        }
    }

    /// <summary>Groups spans by trace and writes them as OTLP, each trace's in the order they came.</summary>
    internal static List<TraceChunk> Chunks(IEnumerable<Span> spans)
    {
        var traces = new Dictionary<TraceId, List<Span>>();
        foreach (var span in spans)
        {
            if (!traces.TryGetValue(span.TraceId, out var list))
            {
                list = [];
                traces.Add(span.TraceId, list);
            }

            list.Add(span);
        }

        return [.. traces.Select(trace => new TraceChunk(trace.Key, OtlpProtobuf.Encode(trace.Value), trace.Value.Count))];
    }

    private Task AppendAsync(IReadOnlyList<TraceChunk> chunks, PullCheckpoint? checkpoint, CancellationToken cancellationToken) =>
        chunks.Count == 0 && checkpoint is null ? Task.CompletedTask : store.AppendAsync(chunks, checkpoint, cancellationToken);
}
