using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>Reads a <c>KademliaDHT.ProtocolMessenger.*</c> span.</summary>
internal static class GoRequests
{
    /// <summary>Makes the request; the peers of its answer are added to the lookup with their addresses.</summary>
    public static RequestDraft Read(LookupBuilder lookup, Span span, PeerDraft peer, MessageType message, long start, long? duration)
    {
        var request = new RequestDraft(peer, message, start, span.SpanId) { DurationNs = duration };
        if (span.IsError())
        {
            request.Error = ErrorText.Classify(span.StatusMessage());
            request.Outcome = request.Error.Class == ErrorClass.Cancelled ? RequestOutcome.Cancelled : RequestOutcome.Failed;
            return request;
        }

        if (duration is null)
        {
            return request;
        }

        request.Outcome = RequestOutcome.Answered;
        switch (message)
        {
            case MessageType.FindNode:
                request.Closer = Answer(lookup, span, "peers");
                break;
            case MessageType.GetValue:
                request.Closer = Answer(lookup, span, "closestPeers");
                request.Records = span.Text("record") is null or "<nil>" ? 0 : 1;
                break;
            case MessageType.GetProviders:
                // closestPeers is filled from the providers here, a slip of the emitter: the closer peers cannot be known.
                request.Providers = Providers(span).Count;
                break;
            default:
                break;
        }

        return request;
    }

    /// <summary>The distinct providers of an answer, in its order.</summary>
    public static List<string> Providers(Span span)
    {
        var ids = new List<string>();
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in span.Strings("provs") ?? [])
        {
            if (GoAddrInfo.TryRead(text, out var id, out _) && PeerText.Canonical(id) is var provider && distinct.Add(provider))
            {
                ids.Add(provider);
            }
        }

        return ids;
    }

    private static List<PeerDraft>? Answer(LookupBuilder lookup, Span span, string attribute)
    {
        if (span.Strings(attribute) is not { } texts)
        {
            // An empty list is lost on some ways here, a dropped attribute is counted.
            return span.DroppedAttributesCount == 0 ? [] : null;
        }

        var peers = lookup.BeginAnswer(texts.Count);
        foreach (var text in texts)
        {
            if (GoAddrInfo.TryRead(text, out var id, out var addresses))
            {
                lookup.AddAnswered(peers, id)?.AddAddresses(addresses);
            }
        }

        return peers;
    }
}
