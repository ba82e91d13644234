namespace DhtTracer.Analysis;

/// <summary>When the final answer of a lookup was first known, from who named whom.</summary>
internal static class LookupDiscovery
{
    /// <summary>The first answer that names the peer looked for; null when none does, or the peer is unknown.</summary>
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

    /// <summary>When the last of the peers that were sent a message was heard of: the K closest that a record was then stored at.</summary>
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

    /// <summary>When the last of these peers was heard of; null when one of them never was.</summary>
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
