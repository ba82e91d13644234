using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>Reads a <c>KademliaDHT.ProtocolMessenger.*</c> span.</summary>
internal static class GoRequests
{
    /// <summary>Builds the request, and adds the peers of its answer with their addresses to the lookup.</summary>
    public static RequestDraft Read(LookupBuilder lookup, Span span, PeerDraft peer, MessageType message, long start, long? duration)
    {
        var request = new RequestDraft(peer, message, start, span.SpanId) { DurationNs = duration, NamesPeersWithoutRow = true };
        if (span.IsError())
        {
            (request.Outcome, request.Error) = Failure(span.StatusMessage());
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
                request.Records = HasRecord(span) ? 1 : 0;
                request.Ipns = GoIpns.Read(span.Text("record"));
                break;
            case MessageType.GetProviders:
                // An error in the emitter: closestPeers holds the providers here. Only Kubo's events hold the closer peers.
                request.Closer = KuboEventsJoin.IsRestored(span) ? Answer(lookup, span, "closestPeers") : null;
                request.Providers = CountProviders(span);
                break;
            case MessageType.AddProvider:
                // Without an error the message was written to the stream. There is no answer, so nobody knows whether it was read.
                request.Outcome = RequestOutcome.Sent;
                break;
            default:
                break;
        }

        return request;
    }

    /// <summary>Whether the answer of a GetValue held a record.</summary>
    public static bool HasRecord(Span span) => span.Text("record") is not (null or "<nil>");

    /// <summary>
    /// Classifies the error of a request. If the caller's context ended, the request was cancelled and the peer is not to blame: most such
    /// peers had read the request and were about to answer.
    /// </summary>
    public static (RequestOutcome Outcome, TraceError Error) Failure(string? text) =>
        ErrorText.IsOfContext(text, out _)
            ? (RequestOutcome.Cancelled, new TraceError(ErrorClass.Cancelled, text))
            : (RequestOutcome.Failed, ErrorText.Classify(text));

    private static int CountProviders(Span span)
    {
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in span.Strings("provs") ?? [])
        {
            if (GoAddrInfo.TryRead(text, out var id, out _))
            {
                _ = distinct.Add(PeerText.Canonical(id));
            }
        }

        return distinct.Count;
    }

    private static List<PeerDraft>? Answer(LookupBuilder lookup, Span span, string attribute)
    {
        if (span.Strings(attribute) is not { } texts)
        {
            // Some exporters lose an empty list. A dropped attribute is counted, so it can be told from an empty one.
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
