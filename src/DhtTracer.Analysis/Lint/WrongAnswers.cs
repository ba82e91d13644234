using System.Globalization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>Answers that name too many peers, or peers of another part of the key space.</summary>
internal static class WrongAnswers
{
    /// <summary>An answer with fewer peers says too little of what the peer knows.</summary>
    private const int FewestNamed = 10;

    public static LintRule Rule { get; } =
        new(6, LintSeverity.Error, "Answers over 20 peers, or about another key", Check)
        {
            What =
                "An answer named more than 20 peers, or k where the trace holds a greater one (one more when it is the peer looked for). "
                + "Or a peer that is itself among the 20 closest that the lookup heard of named 10 peers or more, and none of them is "
                + "among these 20 (lookups that heard of 40 peers or more).",
            Why =
                "The specification limits an answer to k peers, the closest that the node knows. Longer answers can be used to flood a "
                + "lookup. Answers with other peers lead it away: the node looks up another key, or means to mislead.",
            Speaks =
                "The number of peers: every source whose answers are visible, except rust-libp2p, which lists providers among them. The "
                + "second part needs the key and whom the answers named.",
            Cases =
            [
                new(
                    "rust-libp2p: the number of peers in an answer is a limit of the protocol",
                    "https://github.com/libp2p/rust-libp2p/pull/6255"
                ),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        var answers = subject.Answers.Where(static answer => answer.Request.Returned is not null).ToList();
        if (query.Source == TraceSource.RustLibp2p || (answers.Count == 0 && subject.Answers.Any()))
        {
            return LintVerdict.Silent("the trace does not hold whom its answers named");
        }

        var limit = Math.Max(LintSubject.K, query.Source == TraceSource.Native ? query.Parameters.K ?? 0 : 0);
        var many = answers.Where(answer => answer.Request.Returned > limit + (NamesTarget(query, answer.Request) ? 1 : 0)).ToList();
        var astray = Astray(subject, answers);
        if (many.Count == 0 && astray.Count == 0)
        {
            return LintVerdict.Clean;
        }

        var parts = new List<string>();
        if (many.Count > 0)
        {
            parts.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{LintSubject.Count(many.Count, "answer")} named more than {limit} peers (up to "
                        + $"{many.Max(static answer => answer.Request.Returned)})"
                )
            );
        }

        if (astray.Count > 0)
        {
            parts.Add($"{LintSubject.Count(astray.Count, "answer")} of the closest peers named none of the {LintSubject.K} closest known");
        }

        return LintVerdict.Found(
            string.Join(", and ", parts) + ".",
            many.Concat(astray)
                .Select(static answer => new LintEvidence(answer.Peer.Id, answer.Request.StartNs, answer.Request.EndNs))
                .Distinct()
        );
    }

    // An answer may hold the peer that was looked for beside the k closest. Without the key nobody can tell.
    private static bool NamesTarget(Query query, PeerRequest request) =>
        query.Key is not { } key || request.Named.IsDefault || request.Named.Contains(key.Text, StringComparer.Ordinal);

    private static List<(QueryPeer Peer, PeerRequest Request)> Astray(
        LintSubject subject,
        List<(QueryPeer Peer, PeerRequest Request)> answers
    )
    {
        var query = subject.Query;
        if (query.Key is null || !subject.Distances.Exact || answers.Exists(static answer => answer.Request.Named.IsDefault))
        {
            return [];
        }

        var nearest = subject.Distances.Nearest.Select(index => query.Peers[index]).ToList();
        var known = nearest.Take(LintSubject.K).Select(static peer => peer.Id).ToHashSet(StringComparer.Ordinal);
        return nearest.Count < 2 * LintSubject.K
            ? []
            :
            [
                .. answers.Where(answer =>
                    known.Contains(answer.Peer.Id)
                    && answer.Request.Named.Length >= FewestNamed
                    && !answer.Request.Named.Any(known.Contains)
                    && !OwnNeighbours.IsOnlyOfOwn(subject, answer.Peer, answer.Request)
                ),
            ];
    }
}
