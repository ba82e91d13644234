using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Reads the <c>dht.peer</c>, <c>dht.dial</c> and <c>dht.request</c> spans of one query.</summary>
/// <param name="lookup">Receives the peers and requests.</param>
/// <param name="start">Start of the query, in nanoseconds since 1970.</param>
/// <param name="root">The query's span; null when it never arrived.</param>
internal sealed class NativePeers(LookupBuilder lookup, ulong start, Span? root)
{
    private readonly Dictionary<RequestDraft, int?> _fresh = [];

    /// <summary>The error of a span. Its class is from the fixed list; its text comes from the layer that failed.</summary>
    public static TraceError? Error(Span span)
    {
        var text = span.Text(NativeAttributes.ErrorText) ?? span.StatusMessage();
        if (span.Text(NativeAttributes.ErrorClass) is { } errorClass)
        {
            return new TraceError(ErrorClass.All.Contains(errorClass) ? errorClass : ErrorClass.Other, text);
        }

        return span.IsError() ? ErrorText.Classify(text) : null;
    }

    /// <summary>Reads one of these three kinds of spans; ignores other spans.</summary>
    public void Read(Span span)
    {
        if (span.Name == NativeSpans.Query || lookup.Peer(span.Text(NativeAttributes.PeerId)) is not { } peer)
        {
            return;
        }

        switch (span.Name)
        {
            case NativeSpans.Peer:
                ReadPeer(span, peer);
                break;
            case NativeSpans.Dial:
                peer.Add(new PeerDial(Start(span), Duration(span), span.Boolean(NativeAttributes.DialReused) ?? false, Error(span)));
                break;
            case NativeSpans.Request when MessageTypes.Parse(span.Text(NativeAttributes.MessageType)) is { } message:
                ReadRequest(span, peer, message);
                break;
            default:
                break;
        }
    }

    /// <summary>Orders the seeds, and adds peers that have no span of their own but are named in answers.</summary>
    public void Finish()
    {
        var position = 0;
        foreach (var happened in root?.Events ?? [])
        {
            if (happened.Is(NativeEvents.Seed) && lookup.Peer(happened.Attributes.GetString(NativeAttributes.PeerId)) is { } seed)
            {
                seed.HeardPosition = position++;
                seed.Hops ??= 0;
                seed.HeardNs ??= SpanReading.Nanoseconds(start, happened.TimeUnixNano);
                seed.IsHeard = true;
            }
        }

        lookup.HearFromAnswers(0);
        foreach (var (request, count) in _fresh)
        {
            // The node itself counted the new peers. Our own count is used only when the node's events were cut off.
            request.New = request.Returned is null ? null : count ?? request.New;
            Place(request);
        }
    }

    /// <summary>Sorts the peers first heard of in this answer by its order.</summary>
    private static void Place(RequestDraft request)
    {
        for (var i = 0; i < request.Closer!.Count; i++)
        {
            if (request.Closer[i] is { HeardPosition: int.MaxValue } named && named.Referrer == request.Peer.Id)
            {
                named.HeardPosition = i;
            }
        }
    }

    private void ReadPeer(Span span, PeerDraft peer)
    {
        peer.IsHeard = true;
        peer.HeardNs = peer.HeardNs is { } known ? Math.Min(known, Start(span)) : Start(span);
        peer.Hops = span.Count(NativeAttributes.PeerHops) ?? peer.Hops;
        peer.Referrer = span.Text(NativeAttributes.PeerReferrer) is { } referrer ? PeerText.Canonical(referrer) : peer.Referrer;
        peer.GivenXor = span.Count(NativeAttributes.PeerXor) ?? peer.GivenXor;
        peer.GivenOrder = span.Count(NativeAttributes.PeerOrder) ?? peer.GivenOrder;
        peer.GivenState =
            span.EndUnixNano != 0 && Words.TryParse<PeerState>(span.Text(NativeAttributes.PeerState), out var state)
                ? state
                : peer.GivenState;
        peer.Agent = span.Text(NativeAttributes.PeerAgent) ?? peer.Agent;
        peer.Protocols = span.Strings(NativeAttributes.PeerProtocols) ?? peer.Protocols;
        peer.GivenAddresses = span.Strings(NativeAttributes.PeerAddresses) ?? peer.GivenAddresses;
        peer.Duplicate |= span.Boolean(NativeAttributes.PeerDuplicate) ?? false;
        foreach (var happened in span.Events)
        {
            if (happened.Is(NativeSpans.Dial))
            {
                // An event without a span is a connection that already existed.
                peer.Add(new PeerDial(SpanReading.Nanoseconds(start, happened.TimeUnixNano), 0, Reused: true, Error: null));
            }
        }
    }

    private void ReadRequest(Span span, PeerDraft peer, MessageType message)
    {
        var duration = Duration(span);
        var request = new RequestDraft(peer, message, Start(span), span.SpanId)
        {
            DurationNs = duration,
            Error = Error(span),
            Outcome = Words.TryParse<RequestOutcome>(span.Text(NativeAttributes.RequestOutcome), out var outcome)
                ? outcome
                : RequestOutcome.NoAnswer,
        };
        if (message == MessageType.AddProvider && request.Outcome == RequestOutcome.Answered)
        {
            // ADD_PROVIDER has no answer. Earlier versions wrote "answered" for a message that was sent.
            request.Outcome = RequestOutcome.Sent;
        }

        if (request.Outcome == RequestOutcome.Answered)
        {
            if (message is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue)
            {
                // Some exporters lose an empty list. The node always knows the peers in an answer, so a missing list is empty.
                request.Closer = lookup.Answer(span.Strings(NativeAttributes.CloserPeers) ?? []);
                _fresh.Add(request, span.DroppedEventsCount > 0 ? null : Heard(span));
            }

            request.Providers =
                message == MessageType.GetProviders
                    ? (span.Strings(NativeAttributes.ProviderPeers) ?? [])
                        .Where(static id => id.Length > 0)
                        .Distinct(StringComparer.Ordinal)
                        .Count()
                    : null;
            request.Records =
                message == MessageType.GetValue
                    ? span.Boolean(NativeAttributes.Record) == true
                        ? 1
                        : 0
                    : null;
        }

        lookup.Add(request);
    }

    private static int Heard(Span span)
    {
        var count = 0;
        foreach (var happened in span.Events)
        {
            count += happened.Is(NativeEvents.Heard) ? 1 : 0;
        }

        return count;
    }

    private long Start(Span span) => SpanReading.Nanoseconds(start, span.StartUnixNano);

    private static long? Duration(Span span) =>
        span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano);
}
