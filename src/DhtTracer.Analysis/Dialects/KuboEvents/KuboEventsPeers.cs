using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>Reads the peers of a stream of query events: which were dialed, asked, answered or failed.</summary>
internal sealed class KuboEventsPeers(KuboEventStream stream, LookupBuilder lookup, MessageType message)
{
    private readonly Dictionary<PeerDraft, long> _dialing = [];
    private readonly Dictionary<PeerDraft, Queue<RequestDraft>> _asking = [];

    /// <summary>Adds all peers and requests to the lookup.</summary>
    public void Read()
    {
        foreach (var happened in stream.Events)
        {
            if (lookup.Peer(happened.Text(KuboEventNames.Peer)) is { } peer)
            {
                Read(happened, peer, stream.At(happened));
            }
        }

        foreach (var (peer, began) in _dialing)
        {
            peer.Add(new PeerDial(began, null, false, null));
        }
    }

    /// <summary>The peer ids of an event's responses.</summary>
    public static IReadOnlyList<string> Responses(Span happened) => happened.Strings(KuboEventNames.Responses) ?? [];

    private void Read(Span happened, PeerDraft peer, long at)
    {
        switch (happened.Name)
        {
            case nameof(KuboEventType.DialingPeer):
                _dialing.TryAdd(peer, at);
                break;
            case nameof(KuboEventType.SendingQuery):
                // The request is sent as soon as the connection exists.
                EndDial(peer, at, null);
                var request = new RequestDraft(peer, message, at, happened.SpanId);
                lookup.Add(request);
                Asking(peer).Enqueue(request);
                break;
            case nameof(KuboEventType.PeerResponse):
                Answered(happened, peer, at);
                break;
            case nameof(KuboEventType.QueryError):
                Failed(happened, peer, at);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// Both sides may ask the same peer at once. Nothing shows which of them got the answer, so it goes to the older request.
    /// </summary>
    private void Answered(Span happened, PeerDraft peer, long at)
    {
        var request = Next(peer, at, happened.SpanId);
        request.Outcome = RequestOutcome.Answered;
        var closer = Responses(happened);
        request.Closer = lookup.Answer(closer);
        var addresses = happened.Strings(KuboEventNames.Addresses) ?? [];
        for (var i = 0; i < Math.Min(closer.Count, addresses.Count); i++)
        {
            lookup.Peer(closer[i])?.AddAddresses(addresses[i]);
        }
    }

    private void Failed(Span happened, PeerDraft peer, long at)
    {
        var error = KuboErrors.OfPeer(happened.Text(KuboEventNames.Extra));
        if (_asking.TryGetValue(peer, out var waiting) && waiting.Count > 0)
        {
            End(Next(peer, at, happened.SpanId), error);
        }
        else if (!EndDial(peer, at, error))
        {
            End(Next(peer, at, happened.SpanId), error);
        }
    }

    private static void End(RequestDraft request, TraceError error)
    {
        request.Outcome = error.Class == ErrorClass.Cancelled ? RequestOutcome.Cancelled : RequestOutcome.Failed;
        request.Error = error;
    }

    private bool EndDial(PeerDraft peer, long at, TraceError? error)
    {
        if (!_dialing.Remove(peer, out var began))
        {
            return false;
        }

        peer.Add(new PeerDial(began, at - began, false, error));
        return true;
    }

    /// <summary>The oldest open request to the peer; a new one with unknown start when the stream shows none.</summary>
    private RequestDraft Next(PeerDraft peer, long at, SpanId spanId)
    {
        if (Asking(peer).TryDequeue(out var request))
        {
            request.DurationNs = at - request.StartNs;
            return request;
        }

        request = new RequestDraft(peer, message, null, spanId) { GivenEndNs = at };
        lookup.Add(request);
        return request;
    }

    private Queue<RequestDraft> Asking(PeerDraft peer)
    {
        if (!_asking.TryGetValue(peer, out var waiting))
        {
            _asking.Add(peer, waiting = []);
        }

        return waiting;
    }
}
