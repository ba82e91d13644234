using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Lint;

/// <summary>Peers that were asked again although they had answered, or were about to.</summary>
internal static class RepeatedAsks
{
    public static LintRule Rule { get; } =
        new(10, LintSeverity.Note, "Asked the same peer twice without need", Check)
        {
            What =
                "A request was sent to a peer that had answered one of the same type in this query, or that had one of the same type in "
                + "flight which was answered. A second try after a failure does not count.",
            Why =
                "The second answer is the first one again. It costs a slot of the lookup and work of the peer. Two usual causes: disjoint "
                + "paths that do not know of each other, and the follow-up of go-libp2p-kad-dht, which asks again the peers whose "
                + "answers were on their way when the lookup stopped.",
            Speaks = "Sources that show single requests: all except human logs of rust-libp2p.",
            Cases =
            [
                new("go-libp2p-kad-dht asks a peer at most once in a lookup", "https://github.com/libp2p/go-libp2p-kad-dht/issues/523"),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var found = new List<LintEvidence>();
        foreach (var peer in subject.Query.Peers.Where(static peer => peer.Requests.Length > 1))
        {
            foreach (var type in peer.Requests.GroupBy(static request => request.Type))
            {
                var answered = type.FirstOrDefault(static request => request.Outcome == RequestOutcome.Answered);
                if (answered is null || type.Key == MessageType.Unknown)
                {
                    continue;
                }

                found.AddRange(
                    type.Where(request =>
                            !ReferenceEquals(request, answered)
                            && request.StartNs >= answered.StartNs
                            && request.Outcome != RequestOutcome.Unknown
                        )
                        .Select(request => new LintEvidence(peer.Id, request.StartNs, request.EndNs))
                );
            }
        }

        if (found.Count == 0)
        {
            return LintVerdict.Clean;
        }

        var time = found.TrueForAll(static peer => peer.ToNs is not null)
            ? $", {DurationText.Of(found.Sum(static peer => peer.ToNs - peer.FromNs))} in all"
            : "";
        return LintVerdict.Found(
            $"{LintSubject.Count(found.Count, "request")} went to peers that had answered the same one, or were about to{time}.",
            found
        );
    }
}
