using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>Reads the <c>dht.peer</c>, <c>dht.dial</c> and <c>dht.request</c> spans of one query.</summary>
/// <param name="lookup">Receives them.</param>
/// <param name="start">Start of the query, in nanoseconds since 1970.</param>
/// <param name="root">The query's span; null when it never arrived.</param>
internal sealed class NativePeers(LookupBuilder lookup, ulong start, Span? root)
{
    private readonly Dictionary<RequestDraft, int?> _fresh = [];

    /// <summary>The error of a span: its class is from the fixed list, its text as the failing layer left it.</summary>
    public static TraceError? Error(Span span)
    {
        var text = span.Text("dht.error.text") ?? span.StatusMessage();
        if (span.Text("dht.error.class") is { } errorClass)
        {
            return new TraceError(ErrorClass.All.Contains(errorClass) ? errorClass : ErrorClass.Other, text);
        }

        return span.IsError() ? ErrorText.Classify(text) : null;
    }

    /// <summary>Reads one span; others than the three are passed over.</summary>
    public void Read(Span span)
    {
        if (span.Name == NativeDialect.QueryName || lookup.Peer(span.Text("dht.peer.id")) is not { } peer)
        {
            return;
        }

        switch (span.Name)
        {
            case NativeDialect.PeerName:
                ReadPeer(span, peer);
                break;
            case NativeDialect.DialName:
                peer.Add(new PeerDial(Start(span), Duration(span), span.Boolean("dht.dial.reused") ?? false, Error(span)));
                break;
            case NativeDialect.RequestName when MessageTypes.Parse(span.Text("dht.message.type")) is { } message:
                ReadRequest(span, peer, message);
                break;
            default:
                break;
        }
    }

    /// <summary>Puts seeds in their order, and hears of peers whose own span is missing from the answers that name them.</summary>
    public void Finish()
    {
        var position = 0;
        foreach (var happened in root?.Events ?? [])
        {
            if (happened.Is("dht.seed") && lookup.Peer(happened.Attributes.GetString("dht.peer.id")) is { } seed)
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
            // The node counted itself; only when its events were cut is our own count better.
            request.New = request.Returned is null ? null : count ?? request.New;
            Place(request);
        }
    }

    /// <summary>Peers heard of in one answer stand in its order.</summary>
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
        peer.Hops = span.Count("dht.peer.hops") ?? peer.Hops;
        peer.Referrer = span.Text("dht.peer.referrer") is { } referrer ? PeerText.Canonical(referrer) : peer.Referrer;
        peer.GivenXor = span.Count("dht.peer.xor") ?? peer.GivenXor;
        peer.GivenOrder = span.Count("dht.peer.order") ?? peer.GivenOrder;
        peer.GivenState =
            span.EndUnixNano != 0 && Words.TryParse<PeerState>(span.Text("dht.peer.state"), out var state) ? state : peer.GivenState;
        peer.Agent = span.Text("dht.peer.agent") ?? peer.Agent;
        peer.Protocols = span.Strings("dht.peer.protocols") ?? peer.Protocols;
        peer.GivenAddresses = span.Strings("dht.peer.addresses") ?? peer.GivenAddresses;
        peer.Duplicate |= span.Boolean("dht.peer.duplicate") ?? false;
        foreach (var happened in span.Events)
        {
            if (happened.Is(NativeDialect.DialName))
            {
                // Only a connection that was there already is an event and no span.
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
            Outcome = Words.TryParse<RequestOutcome>(span.Text("dht.request.outcome"), out var outcome) ? outcome : RequestOutcome.NoAnswer,
        };
        if (message == MessageType.AddProvider && request.Outcome == RequestOutcome.Answered)
        {
            // The protocol does not answer it: earlier versions called "answered" what was written.
            request.Outcome = RequestOutcome.Sent;
        }

        if (request.Outcome == RequestOutcome.Answered)
        {
            if (message is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue)
            {
                // An empty list gets lost on some ways here; the node always knows what an answer held.
                request.Closer = lookup.Answer(span.Strings("dht.closer_peers") ?? []);
                _fresh.Add(request, span.DroppedEventsCount > 0 ? null : Heard(span));
            }

            request.Providers =
                message == MessageType.GetProviders
                    ? (span.Strings("dht.provider_peers") ?? []).Where(static id => id.Length > 0).Distinct(StringComparer.Ordinal).Count()
                    : null;
            request.Records =
                message == MessageType.GetValue
                    ? span.Boolean("dht.record") == true
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
            count += happened.Is("dht.heard") ? 1 : 0;
        }

        return count;
    }

    private long Start(Span span) => SpanReading.Nanoseconds(start, span.StartUnixNano);

    private static long? Duration(Span span) =>
        span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano);
}
