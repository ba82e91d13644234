using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>How the asking of a peer ended.</summary>
internal enum AskEnd
{
    Answered = 1,

    Failed = 2,

    /// <summary>The caller or the end of the lookup cancelled it, or it never ended.</summary>
    CutOff = 3,

    /// <summary>It ended, and the trace does not show whether an answer came.</summary>
    Unknown = 4,
}

/// <summary>One time that a lookup asked a peer: a request with the dial before it, or a dial alone. Stores are left out.</summary>
/// <param name="Peer">Index into <see cref="Query.Peers"/>.</param>
/// <param name="StartNs">Start of the dial or request.</param>
/// <param name="EndNs">End of the request, or of the dial without one; null when it never ended.</param>
/// <param name="TakenNs">When the lookup could act on the answer or failure: the end, or later; null when it never ended.</param>
/// <param name="End">How it ended.</param>
/// <param name="IsFollowUp">Whether it began after the lookup had stopped choosing peers.</param>
internal readonly record struct PeerAsk(int Peer, long StartNs, long? EndNs, long? TakenNs, AskEnd End, bool IsFollowUp)
{
    /// <summary>A peer that was silent for so long when it was cut off was not going to answer: it counts as failed.</summary>
    private const long GivenUpNs = 9_500_000_000;

    /// <summary>A request that begins so long after the dial is another try, with the connection that came of the first one.</summary>
    private const long AnotherTryNs = 1_000_000_000;

    /// <summary>The asks of a query, by start; a peer that was asked again has several.</summary>
    public static ImmutableArray<PeerAsk> Of(Query query, ImmutableArray<PeerActivity> activities)
    {
        var phases = new PathPhases(query, 0);
        var asks = ImmutableArray.CreateBuilder<PeerAsk>();
        foreach (var group in activities.GroupBy(static activity => activity.Peer))
        {
            var taken = query.Peers[group.Key].TakenNs;
            var requests = group.Where(static a => a is { Kind: not PeerActivityKind.Dial, IsStore: false }).ToList();
            foreach (var dial in group.Where(static a => a.Kind == PeerActivityKind.Dial))
            {
                if (requests.Count > 0 && !(requests[0].StartNs - dial.EndNs > AnotherTryNs))
                {
                    asks.Add(Of(requests[0], Math.Min(dial.StartNs, requests[0].StartNs), taken, phases));
                    requests.RemoveAt(0);
                }
                else if (requests.Count > 0)
                {
                    // The dial was for a request that the lookup no longer sent.
                    asks.Add(new PeerAsk(group.Key, dial.StartNs, dial.EndNs, dial.EndNs, AskEnd.CutOff, phases.IsFollowUp(dial)));
                }
                else if (query.Peers[group.Key].Requests.IsEmpty)
                {
                    asks.Add(Of(dial, dial.StartNs, taken, phases));
                }
            }

            foreach (var request in requests)
            {
                asks.Add(Of(request, request.StartNs, asks.Count > 0 && asks[^1].Peer == group.Key ? null : taken, phases));
            }
        }

        asks.Sort(static (x, y) => x.StartNs != y.StartNs ? x.StartNs.CompareTo(y.StartNs) : x.Peer.CompareTo(y.Peer));
        return asks.ToImmutable();
    }

    private static PeerAsk Of(PeerActivity last, long start, long? taken, PathPhases phases)
    {
        var end = last.Result switch
        {
            ActivityResult.TakenBack when last.EndNs - last.StartNs >= GivenUpNs => AskEnd.Failed,
            ActivityResult.TakenBack => AskEnd.CutOff,
            _ when last.EndNs is null => AskEnd.CutOff,
            ActivityResult.Failed => AskEnd.Failed,
            ActivityResult.Done when last.Kind != PeerActivityKind.Dial => AskEnd.Answered,
            _ => AskEnd.Unknown,
        };
        var known = end != AskEnd.CutOff && taken >= last.EndNs ? taken : last.EndNs;
        return new PeerAsk(last.Peer, start, last.EndNs, known, end, phases.IsFollowUp(last));
    }
}
