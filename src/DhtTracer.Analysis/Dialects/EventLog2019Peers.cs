using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Reads the peers of a query of the 2019 log. Events are sorted by time. A line that is in the log twice is one event.</summary>
internal sealed class EventLog2019Peers(LookupBuilder lookup, List<Span> spans, ulong start, QueryType type)
{
    private readonly Dictionary<PeerDraft, long> _dialing = [];
    private readonly Dictionary<PeerDraft, RequestDraft> _asking = [];
    private readonly Dictionary<PeerDraft, MessageType> _messages = [];

    /// <summary>Adds all peers and requests to the lookup.</summary>
    public void Read()
    {
        foreach (var span in spans)
        {
            if (
                span.Name == EventLogNames.SentMessage
                && MessageTypes.Parse(span.Text(EventLogNames.MessageType)) is { } message
                && lookup.Peer(span.Text(EventLogNames.Peer)) is { } to
            )
            {
                _messages.TryAdd(to, message);
            }
        }

        SeenBefore();
        foreach (var span in spans)
        {
            // A peer that is added twice is marked as duplicate. Any other repeated line adds nothing.
            if (
                lookup.Peer(span.Text(EventLogNames.Peer)) is { } peer
                && (span.Name == EventLogNames.AddPeer || span.Integer(EventLogNames.Repetition) is null)
            )
            {
                Read(span, peer, SpanReading.Nanoseconds(start, span.StartUnixNano));
            }
        }

        foreach (var (peer, began) in _dialing)
        {
            peer.Add(new PeerDial(began, null, false, null));
        }

        foreach (var request in _asking.Values)
        {
            lookup.Add(request);
        }

        Refer();
    }

    private void Read(Span span, PeerDraft peer, long at)
    {
        switch (span.Name)
        {
            case EventLogNames.AddPeer:
                Added(span, peer, at);
                break;
            case EventLogNames.Dialing:
                _dialing.TryAdd(peer, at);
                break;
            case EventLogNames.DialSuccess:
                Dialed(peer, at, null);
                break;
            case EventLogNames.DialFailure:
                Dialed(peer, at, new TraceError(ErrorClass.DialFailed, null));
                break;
            case EventLogNames.AlreadyConnected:
                peer.Add(new PeerDial(at, 0, true, null));
                break;
            case EventLogNames.RequestStart:
                Over(peer, null);
                _asking[peer] = new RequestDraft(peer, Message(peer), at, span.SpanId);
                break;
            case EventLogNames.SentMessage
                when _asking.TryGetValue(peer, out var request) && MessageTypes.Parse(span.Text(EventLogNames.MessageType)) is { } message:
                request.Type = message;
                break;
            case EventLogNames.RequestResult:
                Answered(span, peer, at);
                break;
            case EventLogNames.RequestEnd:
                Over(peer, at);
                break;
            default:
                break;
        }
    }

    /// <summary>The order of events at the same time: a cause comes before its effect.</summary>
    public static int Rank(Span span) =>
        span.Name switch
        {
            EventLogNames.Run or EventLogNames.RunStart => 0,
            EventLogNames.AddPeer => 1,
            EventLogNames.Dialing => 2,
            EventLogNames.DialSuccess or EventLogNames.DialFailure or EventLogNames.AlreadyConnected => 3,
            EventLogNames.RequestStart => 4,
            EventLogNames.SentMessage => 5,
            EventLogNames.RequestResult => 6,
            EventLogNames.RequestEnd => 7,
            _ => 8,
        };

    private static void Added(Span span, PeerDraft peer, long at)
    {
        if (peer.IsHeard && peer.HeardNs is not null)
        {
            peer.Duplicate = true;
            return;
        }

        peer.IsHeard = true;
        peer.HeardNs = at;
        peer.Hops = span.Count(EventLogNames.Hops);
        peer.GivenXor = span.Integer(EventLogNames.CommonPrefixLength) is >= 0 and <= 256 and var common ? 256 - (int)common : null;
    }

    /// <summary>The end of a dial. A log that begins in the middle does not show when the dial began.</summary>
    private void Dialed(PeerDraft peer, long at, TraceError? error)
    {
        if (_dialing.Remove(peer, out var began))
        {
            peer.Add(new PeerDial(began, at - began, false, error));
        }
        else
        {
            peer.Add(new PeerDial(at, null, false, error));
        }
    }

    private void Answered(Span span, PeerDraft peer, long at)
    {
        if (!_asking.TryGetValue(peer, out var request))
        {
            request = new RequestDraft(peer, Message(peer), at, span.SpanId);
            _asking.Add(peer, request);
        }
        else if (request.Outcome != RequestOutcome.Answered)
        {
            request.DurationNs = at - request.StartNs;
        }

        request.Outcome = RequestOutcome.Answered;
        if (span.Strings(EventLogNames.CloserPeers) is { } named)
        {
            request.Closer = lookup.Answer(named);
            request.Returned = request.Closer.Count;
        }

        if (span.Strings(EventLogNames.FilteredPeers) is { } fresh)
        {
            request.New = lookup.Answer(fresh).Count;
        }
    }

    /// <summary>The end of a request: it was answered before, or will never be.</summary>
    private void Over(PeerDraft peer, long? at)
    {
        if (_asking.Remove(peer, out var request))
        {
            request.DurationNs ??= at - request.StartNs;
            lookup.Add(request);
        }
    }

    /// <summary>Sets which peer first named each peer; hops stay as logged.</summary>
    private void Refer()
    {
        foreach (var answer in lookup.AnswersInOrder())
        {
            var position = 0;
            foreach (var named in answer.Closer!)
            {
                position++;
                if (named is { Referrer: null, Hops: not 0, IsHeard: true } && (named.HeardNs is null || named.HeardNs >= answer.AnswerNs))
                {
                    named.Referrer = answer.Peer.Id;
                    named.HeardPosition = position;
                }
            }
        }
    }

    /// <summary>
    /// If a log begins in the middle of a query, the runner's state still lists the peers seen before. They were heard of, and nothing else
    /// is known of them.
    /// </summary>
    private void SeenBefore()
    {
        if (
            spans.Exists(static span => span.Name == EventLogNames.RunStart)
            || spans.Find(static span =>
                span.Name != EventLogNames.Run
                && span.Text(EventLogNames.Line) is not null
                && span.Name.StartsWith("dhtQueryRunner.", StringComparison.Ordinal)
            )
                is not { } first
        )
        {
            return;
        }

        foreach (var id in PeersSeen(first.Text(EventLogNames.Line)!))
        {
            if (lookup.Peer(id) is { } peer && (first.Name != EventLogNames.AddPeer || peer != lookup.Peer(first.Text(EventLogNames.Peer))))
            {
                peer.IsHeard = true;
            }
        }
    }

    private static IReadOnlyList<string> PeersSeen(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return
                document.RootElement.TryGetProperty("QueryRunner", out var runner)
                && runner.ValueKind == JsonValueKind.Object
                && runner.TryGetProperty("PeersSeen", out var seen)
                && seen.ValueKind == JsonValueKind.Array
                ?
                [
                    .. seen.EnumerateArray()
                        .Where(static item => item.ValueKind == JsonValueKind.String)
                        .Select(static item => item.GetString()!),
                ]
                : [];
        }
        catch (JsonException)
        {
            // The state was cut off on its way here, so nothing is known of the time before.
            return [];
        }
    }

    private MessageType Message(PeerDraft peer) =>
        _messages.TryGetValue(peer, out var message)
            ? message
            : type switch
            {
                QueryType.GetProviders => MessageType.GetProviders,
                QueryType.GetValue => MessageType.GetValue,
                QueryType.Ping => MessageType.Ping,
                _ => MessageType.FindNode,
            };
}
