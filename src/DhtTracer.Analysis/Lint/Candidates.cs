using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>
/// The peers that a lookup could choose from, nearest first, and how each of them stood at a point in time. Needs exact distances.
/// </summary>
internal sealed class Candidates
{
    private readonly Query _query;
    private readonly List<(int Peer, long HeardNs, PeerAsk? Ask)> _nearest = [];

    public Candidates(LintSubject subject)
    {
        _query = subject.Query;
        var asks = new Dictionary<int, PeerAsk>();
        foreach (var ask in subject.Asks.Where(static ask => !ask.IsFollowUp))
        {
            // The first one, unless a later one has the answer.
            if (!asks.TryGetValue(ask.Peer, out var first) || (first.End != AskEnd.Answered && ask.End == AskEnd.Answered))
            {
                asks[ask.Peer] = ask;
            }
        }

        // A lookup asks the nearest peers first. A peer that it passed over for a farther one was not in its list: the WAN side of Kubo,
        // for example, drops peers without a public address. From the farthest to the nearest, with the latest start of all farther ones.
        var lastAsked = long.MinValue;
        for (var place = subject.Distances.Nearest.Length - 1; place >= 0; place--)
        {
            var index = subject.Distances.Nearest[place];
            var peer = _query.Peers[index];
            if (asks.TryGetValue(index, out var known))
            {
                lastAsked = Math.Max(lastAsked, known.StartNs);
                _nearest.Add((index, Math.Min(peer.HeardNs ?? known.StartNs, known.StartNs), known));
            }
            else if (peer.HeardNs is { } heard && heard >= lastAsked)
            {
                _nearest.Add((index, heard, null));
            }
        }

        _nearest.Reverse();
    }

    /// <summary>
    /// How many of the closest peers known at a time had answered by then, counted from the nearest one up to the first that had neither
    /// answered nor failed.
    /// </summary>
    /// <param name="atNs">The time, in nanoseconds after the start.</param>
    /// <param name="most">Counting stops at this number.</param>
    public (int Answered, int? Unsettled) ClosestAnswered(long atNs, int most)
    {
        var answered = 0;
        foreach (var (peer, heard, ask) in _nearest)
        {
            if (heard > atNs)
            {
                continue;
            }

            if (ask is not { } known || known.End == AskEnd.CutOff || !(known.TakenNs <= atNs))
            {
                return (answered, peer);
            }

            answered += known.End == AskEnd.Answered ? 1 : 0;
            if (answered == most)
            {
                return (answered, null);
            }
        }

        return (answered, null);
    }

    /// <summary>The nearest peers known at a time that had neither answered nor failed, among the closest so many that had not
    /// failed.</summary>
    public IEnumerable<PeerAskOrNone> Unsettled(long atNs, int closest)
    {
        foreach (var (peer, heard, ask) in _nearest.Where(candidate => candidate.HeardNs <= atNs))
        {
            var isSettled = ask is { End: not AskEnd.CutOff } known && known.TakenNs <= atNs;
            if (isSettled && ask!.Value.End != AskEnd.Answered)
            {
                continue;
            }

            if (closest-- <= 0)
            {
                yield break;
            }

            if (!isSettled)
            {
                yield return new PeerAskOrNone(peer, heard, ask);
            }
        }
    }
}

/// <summary>A peer that a lookup knew.</summary>
/// <param name="Peer">Index into <see cref="Query.Peers"/>.</param>
/// <param name="HeardNs">When it was known.</param>
/// <param name="Ask">How it was asked; null when it was not.</param>
internal readonly record struct PeerAskOrNone(int Peer, long HeardNs, PeerAsk? Ask);
