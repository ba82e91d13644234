using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// The K closest peers at the end of a lookup, which no span lists: the nearest peers that were known at its termination and had not failed
/// by then.
/// </summary>
internal static class GoClosest
{
    /// <summary>
    /// Width of the result: the length of the longest answer, without the target, which answers name in addition. Null when no answer lists
    /// its peers.
    /// </summary>
    public static int? Width(LookupBuilder lookup, string? target)
    {
        var longest = 0;
        foreach (var request in lookup.Requests)
        {
            if (request.Closer is { } closer)
            {
                longest = Math.Max(longest, closer.Count - (closer.Any(peer => peer.Id == target) ? 1 : 0));
            }
        }

        return longest == 0 ? null : longest;
    }

    /// <summary>The K closest, nearest first; null when they cannot be known.</summary>
    public static List<GoPeer>? Find(GoLookup lookup, int? width)
    {
        if (
            lookup.Target is not { } target
            || width is not { } most
            || lookup.TerminatedNs is not { } over
            || lookup.Termination == QueryTermination.Cancelled
        )
        {
            return null;
        }

        var known = lookup
            .Peers.Where(peer => peer is { HasFailed: false, Id: not null } && (peer.SpawnNs is not null || peer.NamedNs <= over))
            .ToList();
        known.Sort((left, right) => target.CompareDistance(left.Id!.Value, right.Id!.Value));
        return known.Count > most ? known[..most] : known;
    }
}
