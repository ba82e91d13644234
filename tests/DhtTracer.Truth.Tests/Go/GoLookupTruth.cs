namespace DhtTracer.Truth.Tests.Go;

/// <summary>
/// What the library's own events tell of one lookup: they hold every peer that it heard of, the seeds of the routing table too, in the
/// order in which it took the answers in. After the caller's cancellation some may be lost; then only what stands in a request's own event
/// is used.
/// </summary>
internal sealed class GoLookupTruth
{
    private readonly Dictionary<string, (string? Referrer, long At)> _heard = [];

    public GoLookupTruth(string self, IEnumerable<GoLookupEvent> events)
    {
        foreach (var happened in events)
        {
            switch (happened.Type)
            {
                case "response" when happened.Cause == self:
                    Seeds.AddRange(happened.Heard.Where(peer => _heard.TryAdd(peer, (null, happened.T))));
                    break;
                case "response" when happened.Unreachable.Count > 0:
                    Unreachable.UnionWith(happened.Unreachable);
                    break;
                case "response":
                    Answered.Add(happened.Cause);
                    New[happened.Cause] = happened
                        .Heard.Distinct()
                        .Count(peer => peer != self && _heard.TryAdd(peer, (happened.Cause, happened.T)));
                    break;
                case "request":
                    Spawned.TryAdd(
                        happened.Waiting[0],
                        (happened.Cause == self ? null : happened.Cause, happened.Source == self ? null : happened.Source)
                    );
                    break;
                case "terminate":
                    Reason ??= happened.Reason;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Peers of the routing table that the lookup began with.</summary>
    public List<string> Seeds { get; } = [];

    /// <summary>The peers that were chosen, with the peer whose answer triggered it and the one that named it first; null for the node
    /// itself.</summary>
    public Dictionary<string, (string? Cause, string? Referrer)> Spawned { get; } = [];

    public HashSet<string> Unreachable { get; } = [];

    /// <summary>Peers whose answer was taken into the lookup.</summary>
    public HashSet<string> Answered { get; } = [];

    /// <summary>By answering peer: how many it was the first to name.</summary>
    public Dictionary<string, int> New { get; } = [];

    public string? Reason { get; private set; }

    /// <summary>No event can have been lost.</summary>
    public bool IsComplete => Reason is "completed" or "stopped" or "starvation";

    public IReadOnlyDictionary<string, (string? Referrer, long At)> Heard => _heard;

    /// <summary>Who named a peer first; false when that is not known.</summary>
    public bool TryReferrer(string peer, out string? referrer)
    {
        if (Spawned.TryGetValue(peer, out var spawned))
        {
            referrer = spawned.Referrer;
            return true;
        }

        referrer = null;
        if (!IsComplete || !_heard.TryGetValue(peer, out var heard))
        {
            return false;
        }

        referrer = heard.Referrer;
        return true;
    }

    /// <summary>Hops of a peer; null when they are not known.</summary>
    public int? Hops(string peer)
    {
        for (var hops = 0; hops <= _heard.Count + Spawned.Count; hops++)
        {
            if (!TryReferrer(peer, out var referrer))
            {
                return null;
            }

            if (referrer is null)
            {
                return hops;
            }

            peer = referrer;
        }

        return null;
    }
}
