using System.Security.Cryptography;
using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.KuboEvents;

/// <summary>
/// Reads a saved stream of query events into spans: one JSON object per line, as <c>ipfs routing findprovs -v --enc=json CID</c> prints it.
/// The stream holds no times and, except for a peer search, no key: the spans have only an order.
/// </summary>
public static class KuboEventReader
{
    private const string Format = "Kubo query events";

    /// <summary>Reads a stream.</summary>
    /// <param name="data">One whole stream as UTF-8, with or without a byte order mark; the caller limits its size.</param>
    /// <param name="hints">What the user says about the stream.</param>
    /// <param name="rejected">
    /// Receives each line that cannot be read; the other lines are still read. If null, such a line is an error.
    /// </param>
    /// <returns>
    /// The spans. The same events always give the same spans, with or without their empty fields. Hints change only the root span.
    /// </returns>
    /// <exception cref="TraceFormatException">A line is not an event, or is too long.</exception>
    public static IReadOnlyList<Span> Decode(
        ReadOnlyMemory<byte> data,
        TraceHints? hints = null,
        ICollection<RejectedSpan>? rejected = null
    )
    {
        var events = new List<KuboEvent>();
        string? error = null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(KuboEventNames.Scope));
        foreach (var (number, offset, bytes) in Lines(data))
        {
            if (TryRead(bytes, out var line, out var problem))
            {
                error = line.Error ?? error;
                if (line.Event is { } happened)
                {
                    events.Add(happened);
                    Append(hash, happened);
                }
            }
            else if (rejected is null)
            {
                throw new TraceFormatException(Format, offset, problem!, number);
            }
            else
            {
                rejected.Add(new RejectedSpan(offset, $"line {number}: {problem}"));
            }
        }

        return events.Count == 0 && error is null ? [] : Spans(events, error, hints ?? TraceHints.None, hash.GetHashAndReset());
    }

    private static bool TryRead(ReadOnlyMemory<byte> bytes, out KuboLine line, out string? problem)
    {
        if (bytes.Length > KuboLine.MaxLength)
        {
            line = default;
            problem = $"the line is longer than {KuboLine.MaxLength} bytes";
            return false;
        }

        return KuboLine.TryParse(bytes, out line, out problem);
    }

    private static List<Span> Spans(List<KuboEvent> events, string? error, TraceHints hints, byte[] hash)
    {
        var (type, key) = Told(events);
        var root = new SpanId(BitConverter.ToUInt64(hash, 16) | 1);
        var maker = new KuboEventSpans(TraceId.FromBytes(hash), root, KuboEventSpans.Daemon(hints.Node, null));
        var attributes = new List<(string, AttributeValue)> { (KuboEventNames.Timed, false) };
        Add(KuboEventNames.Type, type ?? hints.Type);
        Add(KuboEventNames.Key, hints.Key ?? key);
        Add(KuboEventNames.Error, error);
        var spans = new List<Span>(events.Count + 1) { maker.Root(KuboEventNames.Stream, hints.StartUnixNano ?? 0, 0, attributes) };
        for (var i = 0; i < events.Count; i++)
        {
            spans.Add(maker.Event(i + 1, 0, events[i]));
        }

        return spans;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                attributes.Add((name, value));
            }
        }
    }

    /// <summary>What the events themselves reveal about the command.</summary>
    private static (string? Type, string? Key) Told(List<KuboEvent> events)
    {
        foreach (var happened in events)
        {
            switch (happened.Type)
            {
                case KuboEventType.Provider:
                    return ("get-providers", null);
                case KuboEventType.FinalPeer when happened.Responses is [{ Id.Length: > 0 } found, ..]:
                    return ("find-peer", found.Id);
                case KuboEventType.FinalPeer when happened.Peer.Length > 0:
                    return ("get-closest-peers", null);
                case KuboEventType.Value when happened.Extra.Length > 0:
                    return ("get-value", null);
                default:
                    break;
            }
        }

        return (null, null);
    }

    private static void Append(IncrementalHash hash, KuboEvent happened)
    {
        var text = new StringBuilder();
        text.Append((int)happened.Type)
            .Append('\n')
            .Append(happened.Peer)
            .Append('\n')
            .Append(happened.Extra)
            .Append('\n')
            .Append(happened.Responses.Length);
        foreach (var response in happened.Responses)
        {
            text.Append('\n').Append(response.Id).Append('\n').Append(response.Addresses);
        }

        hash.AppendData(Encoding.UTF8.GetBytes(text.Append('\0').ToString()));
    }

    private static IEnumerable<(long Number, long Offset, ReadOnlyMemory<byte> Bytes)> Lines(ReadOnlyMemory<byte> data)
    {
        var start = data.Span.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        for (long number = 1; start < data.Length; number++)
        {
            var rest = data[start..];
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            var trimmed = line.Span.Trim(" \t\r"u8);
            if (!trimmed.IsEmpty)
            {
                var skipped = line.Length - line.Span.TrimStart(" \t\r"u8).Length;
                yield return (number, start, line.Slice(skipped, trimmed.Length));
            }

            start = end < 0 ? data.Length : start + end + 1;
        }
    }
}
