using DhtTracer.Analysis.Keys;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Finds when the final answer of a lookup was first known, from which peer named which.</summary>
internal static class LookupDiscovery
{
    /// <summary>When the first answer named the wanted peer; null when none did, or when the peer is unknown.</summary>
    public static long? FirstNaming(LookupBuilder lookup, string? peerId)
    {
        if (peerId is null)
        {
            return null;
        }

        long? first = null;
        foreach (var request in lookup.Requests)
        {
            if (request.AnswerNs is { } at && (first is null || at < first) && request.Closer?.Any(peer => peer.Id == peerId) == true)
            {
                first = at;
            }
        }

        return first;
    }

    /// <summary>When the last of the peers that were sent this message was heard of: the K closest that then stored a record.</summary>
    public static long? LastHeard(LookupBuilder lookup, MessageType message)
    {
        long? last = null;
        foreach (var request in lookup.Requests.Where(request => request.Type == message))
        {
            if (request.Peer.HeardNs is not { } heard)
            {
                return null;
            }

            last = last is { } later && later >= heard ? later : heard;
        }

        return last;
    }

    /// <summary>When the last of these peers was heard of; null when one of them was not.</summary>
    public static long? AllHeard(LookupBuilder lookup, IEnumerable<string> peerIds)
    {
        var heard = lookup
            .Peers.Where(static peer => peer.HeardNs is not null)
            .ToDictionary(static peer => peer.Id, static peer => peer.HeardNs!.Value);
        long last = 0;
        foreach (var id in peerIds)
        {
            if (!heard.TryGetValue(PeerText.Canonical(id), out var at))
            {
                return null;
            }

            last = Math.Max(last, at);
        }

        return last;
    }
}
