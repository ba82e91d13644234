using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Inbox;

/// <summary>One message with spans, for the inbox.</summary>
/// <param name="Data">The message as it was received: OTLP <c>TracesData</c>, compressed by <paramref name="Encoding"/>. Must not change
/// afterwards.</param>
/// <param name="Encoding">How it is compressed.</param>
/// <param name="Chunks">The same spans by trace, each trace once, not empty. Must not change afterwards.</param>
public sealed record InboxBody(ReadOnlyMemory<byte> Data, BodyEncoding Encoding, IReadOnlyList<TraceChunk> Chunks)
{
    /// <summary>A message made here holds at most so many bytes of spans, unless one trace alone has more.</summary>
    private const int MaxBytes = 32 << 10;

    /// <summary>
    /// Makes messages from spans that came in another form. They are cut small, because whoever reads a waiting trace inflates the whole
    /// message.
    /// </summary>
    /// <param name="chunks">The spans. A trace may occur more than once; all its spans are then in one message.</param>
    public static IReadOnlyList<InboxBody> Of(IReadOnlyList<TraceChunk> chunks)
    {
        var bodies = new List<InboxBody>();
        var pending = new List<TraceChunk>();
        var bytes = 0;
        foreach (var trace in chunks.GroupBy(static chunk => chunk.TraceId))
        {
            // Concatenated OTLP messages are one message: https://protobuf.dev/programming-guides/encoding/#last-one-wins
            TraceChunk[] parts = [.. trace];
            var whole = parts is [var only]
                ? only
                : new TraceChunk(trace.Key, Concatenate(parts), parts.Sum(static part => part.SpanCount));
            if (pending.Count > 0 && bytes + whole.Otlp.Length > MaxBytes)
            {
                bodies.Add(Compress(pending));
                (pending, bytes) = ([], 0);
            }

            pending.Add(whole);
            bytes += whole.Otlp.Length;
        }

        if (pending.Count > 0)
        {
            bodies.Add(Compress(pending));
        }

        return bodies;
    }

    private static InboxBody Compress(List<TraceChunk> chunks)
    {
        var (data, encoding) = BodyEncodings.Compress((chunks.Count == 1 ? chunks[0].Otlp : Concatenate(chunks)).Span);
        return new InboxBody(data, encoding, chunks);
    }

    private static ReadOnlyMemory<byte> Concatenate(IReadOnlyList<TraceChunk> chunks)
    {
        var all = new byte[chunks.Sum(static chunk => chunk.Otlp.Length)];
        var position = 0;
        foreach (var chunk in chunks)
        {
            chunk.Otlp.CopyTo(all.AsMemory(position));
            position += chunk.Otlp.Length;
        }

        return all;
    }
}

/// <summary>A message that waits in the inbox.</summary>
/// <param name="Row">Its number. Later messages have higher numbers.</param>
/// <param name="ReceivedUnixNano">When it arrived.</param>
/// <param name="Waiting">Spans of the traces that were not analysed with it yet.</param>
/// <param name="Problem">Why it cannot be read; null if it can. Otherwise <paramref name="Waiting"/> has the traces without their
/// spans.</param>
public sealed record InboxRow(long Row, long ReceivedUnixNano, IReadOnlyList<TraceChunk> Waiting, string? Problem = null);

/// <summary>A trace whose new spans are in memory.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Parts">Its spans from the inbox, by row number.</param>
public sealed record AssembledTrace(TraceId TraceId, IReadOnlyList<AssembledPart> Parts);

/// <summary>Spans of one trace in one message.</summary>
/// <param name="Row">Number of the message in the inbox.</param>
/// <param name="ReceivedUnixNano">When the message arrived.</param>
/// <param name="Otlp">An OTLP <c>TracesData</c> message.</param>
public readonly record struct AssembledPart(long Row, long ReceivedUnixNano, ReadOnlyMemory<byte> Otlp);
