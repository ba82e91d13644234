using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>The spans of one trace, cut from a larger message.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="Otlp">An OTLP <c>TracesData</c> message.</param>
/// <param name="SpanCount">Number of spans in it, at least 1.</param>
public readonly record struct OtlpSlice(TraceId TraceId, ReadOnlyMemory<byte> Otlp, int SpanCount);

/// <summary>The result of <see cref="OtlpSplitter"/> for one message.</summary>
/// <param name="Slices">One per trace, in order of first occurrence.</param>
/// <param name="SpanCount">Number of spans in all slices.</param>
/// <param name="RejectedCount">Number of spans that cannot be kept because they have no valid trace id or span id.</param>
/// <param name="FirstRejected">Place and problem of the first of them; null if there is none.</param>
public sealed record OtlpSplit(IReadOnlyList<OtlpSlice> Slices, int SpanCount, int RejectedCount, RejectedSpan? FirstRejected);

/// <summary>
/// Splits an OTLP message into one message per trace by copying bytes. It repeats the resource and the scope, and copies spans unchanged,
/// including unknown fields. Decoding and re-encoding the spans (about 620 bytes each) would cost ten times as much.
/// </summary>
public static class OtlpSplitter
{
    /// <summary>Splits a message (<c>TracesData</c> or <c>ExportTraceServiceRequest</c>, which have the same bytes).</summary>
    /// <exception cref="TraceFormatException">The bytes are not OTLP. <see cref="OtlpProtobuf"/> can read everything that this
    /// accepts.</exception>
    public static OtlpSplit Split(ReadOnlyMemory<byte> otlp)
    {
        var cutter = new Cutter(otlp);
        cutter.Read();
        return cutter.Cut();
    }

    private readonly record struct Piece(int Start, int Length)
    {
        public int End => Start + Length;
    }

    /// <summary>A resource or a scope: all fields of its group except the spans.</summary>
    private sealed class Header(int parent)
    {
        public int Parent { get; } = parent;

        public List<Piece> Fields { get; } = [];

        public int Length { get; private set; }

        public void Add(Piece piece)
        {
            Fields.Add(piece);
            Length += piece.Length;
        }
    }

    private readonly record struct SpanPiece(int Scope, Piece Bytes);

    private ref struct Cutter(ReadOnlyMemory<byte> otlp)
    {
        private readonly ReadOnlyMemory<byte> _otlp = otlp;
        private readonly ReadOnlySpan<byte> _data = otlp.Span;
        private readonly List<Header> _resources = [];
        private readonly List<Header> _scopes = [];
        private readonly Dictionary<TraceId, List<SpanPiece>> _traces = [];
        private int _spanCount;
        private int _rejectedCount;
        private RejectedSpan? _firstRejected;

        public void Read()
        {
            var message = new ProtobufReader(_data, OtlpProtobufReader.Format);
            while (message.TryReadTag(out var tag))
            {
                if (tag == Fields.TracesData.ResourceSpans)
                {
                    ReadResourceSpans(message.ReadMessage());
                }
                else
                {
                    message.Skip(tag);
                }
            }
        }

        public readonly OtlpSplit Cut()
        {
            if (_traces.Count == 1 && _rejectedCount == 0)
            {
                return new OtlpSplit([new OtlpSlice(_traces.Keys.First(), _otlp, _spanCount)], _spanCount, 0, null);
            }

            var slices = new List<OtlpSlice>(_traces.Count);
            foreach (var (traceId, spans) in _traces)
            {
                slices.Add(new OtlpSlice(traceId, Write(spans), spans.Count));
            }

            return new OtlpSplit(slices, _spanCount, _rejectedCount, _firstRejected);
        }

        private void ReadResourceSpans(ProtobufReader message)
        {
            var resource = new Header(parent: -1);
            _resources.Add(resource);
            var start = message.Position;
            while (message.TryReadTag(out var tag))
            {
                switch (tag)
                {
                    case Fields.ResourceSpans.ScopeSpans:
                        ReadScopeSpans(message.ReadMessage(), _resources.Count - 1);
                        break;
                    case Fields.ResourceSpans.Resource:
                        OtlpStructure.CheckResource(message.ReadMessage());
                        resource.Add(new Piece(start, message.Position - start));
                        break;
                    default:
                        message.Skip(tag);
                        resource.Add(new Piece(start, message.Position - start));
                        break;
                }

                start = message.Position;
            }
        }

        private void ReadScopeSpans(ProtobufReader message, int resource)
        {
            var scope = new Header(resource);
            _scopes.Add(scope);
            var start = message.Position;
            while (message.TryReadTag(out var tag))
            {
                switch (tag)
                {
                    case Fields.ScopeSpans.Spans:
                        ReadSpan(ref message, start);
                        break;
                    case Fields.ScopeSpans.Scope:
                        OtlpStructure.CheckScope(message.ReadMessage());
                        scope.Add(new Piece(start, message.Position - start));
                        break;
                    default:
                        message.Skip(tag);
                        scope.Add(new Piece(start, message.Position - start));
                        break;
                }

                start = message.Position;
            }
        }

        private void ReadSpan(ref ProtobufReader message, int start)
        {
            var problem = OtlpStructure.CheckSpan(message.ReadMessage(), out var traceId);
            if (problem is not null)
            {
                _firstRejected ??= new RejectedSpan(start, problem);
                _rejectedCount++;
                return;
            }

            if (!_traces.TryGetValue(traceId, out var spans))
            {
                spans = [];
                _traces.Add(traceId, spans);
            }

            spans.Add(new SpanPiece(_scopes.Count - 1, new Piece(start, message.Position - start)));
            _spanCount++;
        }

        /// <summary>Writes the spans of one trace: runs of the same scope inside runs of the same resource.</summary>
        private readonly byte[] Write(List<SpanPiece> spans)
        {
            // Lengths precede their content, so compute them first.
            var scopeRuns = new List<(int Scope, int First, int Count, int Length)>();
            for (var i = 0; i < spans.Count; )
            {
                var (scope, first, length) = (spans[i].Scope, i, _scopes[spans[i].Scope].Length);
                for (; i < spans.Count && spans[i].Scope == scope; i++)
                {
                    length += spans[i].Bytes.Length;
                }

                scopeRuns.Add((scope, first, i - first, length));
            }

            var resourceRuns = new List<(int Resource, int First, int Count, int Length)>();
            var total = 0;
            for (var i = 0; i < scopeRuns.Count; )
            {
                var resource = _scopes[scopeRuns[i].Scope].Parent;
                var (first, length) = (i, _resources[resource].Length);
                for (; i < scopeRuns.Count && _scopes[scopeRuns[i].Scope].Parent == resource; i++)
                {
                    length += FieldLength(scopeRuns[i].Length);
                }

                resourceRuns.Add((resource, first, i - first, length));
                total += FieldLength(length);
            }

            var output = new Output(_data, new byte[total]);
            foreach (var resourceRun in resourceRuns)
            {
                output.BeginField((byte)Fields.TracesData.ResourceSpans, resourceRun.Length);
                output.Copy(_resources[resourceRun.Resource]);
                for (var run = resourceRun.First; run < resourceRun.First + resourceRun.Count; run++)
                {
                    var scopeRun = scopeRuns[run];
                    output.BeginField((byte)Fields.ResourceSpans.ScopeSpans, scopeRun.Length);
                    output.Copy(_scopes[scopeRun.Scope]);
                    output.Copy(spans, scopeRun.First, scopeRun.Count);
                }
            }

            return output.Bytes;
        }

        /// <summary>Encoded size of a field with this many bytes of content: tag, length and content.</summary>
        private static int FieldLength(int length)
        {
            var digits = 1;
            for (var rest = length; rest >= 0x80; rest >>= 7)
            {
                digits++;
            }

            return checked(1 + digits + length);
        }
    }

    private ref struct Output(ReadOnlySpan<byte> data, byte[] bytes)
    {
        private readonly ReadOnlySpan<byte> _data = data;
        private int _position;

        public byte[] Bytes { get; } = bytes;

        public void BeginField(byte tag, int length)
        {
            Bytes[_position++] = tag;
            while (length >= 0x80)
            {
                Bytes[_position++] = (byte)(length | 0x80);
                length >>= 7;
            }

            Bytes[_position++] = (byte)length;
        }

        public void Copy(Header header)
        {
            foreach (var field in header.Fields)
            {
                Copy(field);
            }
        }

        /// <summary>Copies spans. Adjacent spans, which are the most common case, are copied at once.</summary>
        public void Copy(List<SpanPiece> spans, int first, int count)
        {
            var pending = spans[first].Bytes;
            for (var i = first + 1; i < first + count; i++)
            {
                var next = spans[i].Bytes;
                if (next.Start == pending.End)
                {
                    pending = new Piece(pending.Start, pending.Length + next.Length);
                }
                else
                {
                    Copy(pending);
                    pending = next;
                }
            }

            Copy(pending);
        }

        private void Copy(Piece piece)
        {
            _data.Slice(piece.Start, piece.Length).CopyTo(Bytes.AsSpan(_position));
            _position += piece.Length;
        }
    }
}
