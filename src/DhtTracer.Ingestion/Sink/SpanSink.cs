using System.Diagnostics;
using DhtTracer.Storage;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Pulling;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Sink;

/// <summary>The result of storing spans.</summary>
/// <param name="Accepted">Number of committed spans.</param>
/// <param name="Rejected">Number of spans that cannot be kept. The others were committed.</param>
/// <param name="FirstRejected">Place and problem of the first rejected span.</param>
public sealed record SinkResult(int Accepted, int Rejected, RejectedSpan? FirstRejected)
{
    /// <summary>OTLP's partial-success message; empty if everything was accepted.</summary>
    public string Message =>
        FirstRejected is { } first
            ? $"{Rejected} of {Accepted + Rejected} spans rejected, the first at byte {first.Offset}: {first.Problem}."
            : "";
}

/// <summary>A message in the form in which it is stored.</summary>
/// <param name="Data">OTLP protobuf, compressed. Must not change afterwards.</param>
/// <param name="Encoding">How it is compressed.</param>
public sealed record ReceivedForm(ReadOnlyMemory<byte> Data, BodyEncoding Encoding)
{
    internal static ReceivedForm Of(ReadOnlySpan<byte> otlp)
    {
        var (data, encoding) = BodyEncodings.Compress(otlp);
        return new ReceivedForm(data, encoding);
    }
}

/// <summary>
/// The single entry for spans: every receiver, the puller and the importers use it. When a method returns, the spans are committed.
/// </summary>
/// <param name="store">The archive.</param>
/// <param name="statistics">Counts accepted and refused spans.</param>
public sealed class SpanSink(TraceStore store, IngestStatistics statistics)
{
    /// <summary>How long a receiver lets a sender wait for the database before it asks the sender to try again.</summary>
    /// <value>1.5 seconds.</value>
    public static TimeSpan ReceiverPatience { get; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Totals by receiver.</summary>
    public IngestStatistics Statistics => statistics;

    /// <summary>Stores an OTLP message without decoding its spans. It is compressed here.</summary>
    /// <param name="otlp">OTLP protobuf. Not used after the first await.</param>
    /// <param name="receiver">Name of the receiver, for the statistics.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <exception cref="TraceFormatException">The bytes are not OTLP; nothing was stored.</exception>
    /// <exception cref="StoreOverloadedException">Too much is waiting already, or the spans waited too long; nothing was
    /// stored.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing was stored.</exception>
    public Task<SinkResult> AcceptOtlpAsync(ReadOnlyMemory<byte> otlp, string receiver, CancellationToken cancellationToken = default) =>
        AcceptOtlpAsync(otlp, receiver, null, cancellationToken);

    /// <summary>Stores an OTLP message without decoding its spans.</summary>
    /// <param name="otlp">OTLP protobuf. Not used after the first await.</param>
    /// <param name="receiver">Name of the receiver, for the statistics.</param>
    /// <param name="asReceived">The same message in its compressed form, which is then stored; null to compress it here.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <exception cref="TraceFormatException">The bytes are not OTLP; nothing was stored.</exception>
    /// <exception cref="StoreOverloadedException">Too much is waiting already, or the spans waited too long; nothing was
    /// stored.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing was stored.</exception>
    public async Task<SinkResult> AcceptOtlpAsync(
        ReadOnlyMemory<byte> otlp,
        string receiver,
        ReceivedForm? asReceived,
        CancellationToken cancellationToken = default
    )
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

                // A message of one trace is not copied by the splitter, but the analysis keeps it after this method returns.
                chunks[i] = new TraceChunk(slice.TraceId, slice.Otlp.Equals(otlp) ? otlp.ToArray() : slice.Otlp, slice.SpanCount);
            }

            if (chunks.Length > 0)
            {
                var (data, encoding) = asReceived ?? ReceivedForm.Of(otlp.Span);
                await store.AppendMessagesAsync([new InboxBody(data, encoding, chunks)], null, ReceiverPatience, cancellationToken);
            }

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

    /// <summary>Stores spans of any number of traces.</summary>
    /// <param name="spans">Spans with valid ids.</param>
    /// <param name="receiver">Name of the receiver, for the statistics.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the spans.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <returns>Number of committed spans.</returns>
    /// <exception cref="StoreOverloadedException">Too much is waiting already, or the spans waited too long; nothing was
    /// stored.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing was stored.</exception>
    public Task<int> AcceptAsync(
        IEnumerable<Span> spans,
        string receiver,
        PullCheckpoint? checkpoint = null,
        CancellationToken cancellationToken = default
    ) => AcceptAsync(spans, receiver, checkpoint, null, cancellationToken);

    /// <summary>Stores spans that a receiver got. Waits at most <see cref="ReceiverPatience"/> for the database.</summary>
    /// <param name="spans">Spans with valid ids.</param>
    /// <param name="receiver">Name of the receiver, for the statistics.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <returns>Number of committed spans.</returns>
    /// <exception cref="StoreOverloadedException">Too much is waiting already, or the spans waited too long; nothing was
    /// stored.</exception>
    /// <exception cref="DatabaseException">The commit failed; nothing was stored.</exception>
    public Task<int> AcceptReceivedAsync(IEnumerable<Span> spans, string receiver, CancellationToken cancellationToken = default) =>
        AcceptAsync(spans, receiver, null, ReceiverPatience, cancellationToken);

    private async Task<int> AcceptAsync(
        IEnumerable<Span> spans,
        string receiver,
        PullCheckpoint? checkpoint,
        TimeSpan? patience,
        CancellationToken cancellationToken
    )
    {
        var begun = statistics.Begin();
        using var activity = IngestTraces.Source.StartActivity("ingest")?.SetTag("receiver", receiver);
        try
        {
            var chunks = Chunks(spans);
            await AppendAsync(chunks, checkpoint, patience, cancellationToken);
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

    /// <summary>Groups spans by trace and encodes them as OTLP. The spans of a trace keep their order.</summary>
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

    private Task AppendAsync(
        List<TraceChunk> chunks,
        PullCheckpoint? checkpoint,
        TimeSpan? patience,
        CancellationToken cancellationToken
    ) =>
        chunks.Count == 0 && checkpoint is null
            ? Task.CompletedTask
            : store.AppendMessagesAsync(InboxBody.Of(chunks), checkpoint, patience, cancellationToken);
}
