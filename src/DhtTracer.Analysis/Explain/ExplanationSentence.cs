using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Explain;

/// <summary>Writes the sentence at the top of an explanation. What the trace does not show is left out or called unknown.</summary>
internal static class ExplanationSentence
{
    private const long Millisecond = 1_000_000;

    /// <summary>A cause with at least this share of the duration explains the query alone.</summary>
    private const double Explained = 0.9;

    /// <summary>A cause with a smaller share is not mentioned.</summary>
    private const double WorthNaming = 0.1;

    private const int MostParts = 3;

    /// <summary>Most peers named for one cause.</summary>
    private const int MostNames = 3;

    /// <summary>Most characters shown of an agent version.</summary>
    private const int LongestAgent = 40;

    /// <summary>Characters shown from the end of a peer id.</summary>
    private const int TailLength = 6;

    /// <summary>Writes the sentence.</summary>
    /// <param name="query">The query.</param>
    /// <param name="blames">The causes of its duration, longest first.</param>
    /// <param name="culprits">The peers to name.</param>
    /// <param name="path">Its critical path; null without one.</param>
    /// <param name="activities">Its dials and requests.</param>
    public static string Of(
        Query query,
        ImmutableArray<Blame> blames,
        ImmutableArray<Culprit> culprits,
        CriticalPath? path,
        ImmutableArray<PeerActivity> activities
    )
    {
        if (query.Skipped && activities.IsEmpty)
        {
            return query.Outcome == QueryOutcome.Success
                ? "Answered by the node itself; no peer was asked"
                : "No peer was asked: the routing table of this side held nobody";
        }

        if (query.DurationNs is not { } duration)
        {
            var known = query.DiscoveryNs is { } at ? $"{Discovered(query)} after {DurationText.Of(at)}; " : "";
            return Sentence(known + "the end of the query is not in the trace, so its duration is unknown");
        }

        if (query is { Outcome: QueryOutcome.Failed, Error.Class: ErrorClass.NoPeers, Peers.IsEmpty: true })
        {
            return Sentence($"failed after {DurationText.Of(duration)}: the node knew no peer to ask");
        }

        var when =
            Discovery(query, duration)
            ?? query.Outcome switch
            {
                QueryOutcome.NotFound => $"nothing found; finished after {DurationText.Of(duration)}",
                QueryOutcome.Cancelled or QueryOutcome.TimedOut when CutAt(activities, duration) is { } at =>
                    $"{End(query)} after {DurationText.Of(at)}; finished after {DurationText.Of(duration)}",
                _ => $"{End(query)} after {DurationText.Of(duration)}",
            };
        return Sentence(
            (blames.IsEmpty ? when : $"{when}: {Spent(blames, culprits)}{Queue(query, blames, path)}") + LateStores(activities, duration)
        );
    }

    // The greatest cause, and the next ones unless the first explains nearly everything.
    private static string Spent(ImmutableArray<Blame> blames, ImmutableArray<Culprit> culprits)
    {
        var first = $"{Percent(blames[0].Share)} was {Part(blames[0])}";
        return Math.Round(blames[0].Share, 2) >= Explained
            ? first
            : string.Join(
                ", ",
                blames
                    .Skip(1)
                    .Take(MostParts - 1)
                    .Where(static blame => blame.Share >= WorthNaming)
                    .Select(blame => $"{Percent(blame.Share)} {Part(blame)}")
                    .Prepend(first)
            );

        string Part(Blame blame) => blame.Text + (blame.InFollowUp ? " in the follow-up" : "") + Names(blame, culprits);
    }

    // The peers that are worth naming, and how long the query waited for each.
    private static string Names(Blame blame, ImmutableArray<Culprit> culprits)
    {
        var named = culprits
            .Where(culprit => culprit.Kind == blame.Kind && culprit.ErrorClass == blame.ErrorClass)
            .Take(MostNames)
            .Select(culprit => $"{Name(culprit)} {DurationText.Of(culprit.DurationNs)}")
            .ToList();
        return named.Count == 0 ? "" : $" ({string.Join(", ", named)})";
    }

    private static string Name(Culprit culprit)
    {
        var tail = culprit.PeerId.Length <= TailLength ? culprit.PeerId : "…" + culprit.PeerId[^TailLength..];
        if (culprit.Agent is not { } agent)
        {
            return tail;
        }

        // An agent version is text from the other side, so control characters are removed.
        var clean = new string([.. agent.Where(static character => !char.IsControl(character) && !char.IsSurrogate(character))]);
        return $"{tail} {(clean.Length > LongestAgent ? clean[..LongestAgent] + "…" : clean)}";
    }

    // Stores of an optimistic provide continue after it has returned.
    private static string LateStores(ImmutableArray<PeerActivity> activities, long duration)
    {
        var late = activities.Where(a => a.IsStore && a.EndNs > duration).ToList();
        return late.Count == 0
            ? ""
            : $"; {Count(late.Count, "store")} went on until {DurationText.Of(late.Max(static a => a.EndNs.GetValueOrDefault()))}";
    }

    // The time in which a known peer waited for others: the share that a greater alpha could change.
    private static string Queue(Query query, ImmutableArray<Blame> blames, CriticalPath? path)
    {
        var queued =
            path?.Segments.Where(static segment => segment is { QueuedPeerId: not null, IsLostToPeer: true })
                .Sum(static segment => segment.DurationNs)
            ?? 0;
        var share = (double)queued / query.DurationNs.GetValueOrDefault();
        return Math.Round(blames[0].Share, 2) >= Explained || share < WorthNaming
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"; for {Percent(share)} of the time the next peer stood in the queue"
                    + $"{(query.Parameters.Alpha is { } alpha ? $" (alpha {alpha})" : "")}"
            );
    }

    private static string? Discovery(Query query, long duration)
    {
        if (query.DiscoveryNs is not { } found)
        {
            return null;
        }

        // A difference below one hundredth of the duration counts as none.
        if (query.Outcome == QueryOutcome.Success && duration - found <= duration / 100)
        {
            return $"{Discovered(query)} after {DurationText.Of(duration)}, which ended the query";
        }

        var from = AtOnce(found, duration) && (KClosest(query) || query.Type == QueryType.FindPeer);
        var known = from && query.Type == QueryType.FindPeer ? "peer known" : Discovered(query);
        return $"{known} {(from ? "from the start" : $"after {DurationText.Of(found)}")}; {End(query)} after {DurationText.Of(duration)}";
    }

    // When the caller gave up, if that is long before the end: everything under way was cancelled at once, except something that ignored
    // the cancellation.
    private static long? CutAt(ImmutableArray<PeerActivity> activities, long duration)
    {
        var ends = activities.Where(static a => a.Result == ActivityResult.TakenBack).Select(static a => a.EndNs).OfType<long>().ToList();
        return ends.Count > 0 && ends.Max() - ends.Min() <= duration / 100 && ends.Max() < duration - (duration / 100) ? ends.Max() : null;
    }

    private static string Discovered(Query query) =>
        query.Type switch
        {
            QueryType.FindPeer => "peer found",
            QueryType.GetProviders => query.Counts.Results is { } providers ? $"{Count(providers, "provider")} found" : "providers found",
            QueryType.GetValue => "record found",
            QueryType.Ping => "answered",
            QueryType.Unknown => "answer known",
            _ => "K closest known",
        };

    private static bool KClosest(Query query) =>
        query.Type is not (QueryType.FindPeer or QueryType.GetProviders or QueryType.GetValue or QueryType.Ping or QueryType.Unknown);

    // The answer was in the routing table already: the time is negligible beside the query's duration.
    private static bool AtOnce(long found, long duration) => found < Millisecond / 2 && found <= duration / 1000;

    private static string End(Query query) =>
        query.Outcome switch
        {
            QueryOutcome.Cancelled => "the caller gave up",
            QueryOutcome.TimedOut => "the caller's time was up",
            QueryOutcome.Failed => query.Error is { } error ? $"failed ({error.Class.Replace('-', ' ')})" : "failed",
            _ => query switch
            {
                { Type: QueryType.AddProvider, Counts.Sent: > 0 and { } sent } => $"sent to {Count(sent, "peer")}, finished",
                { Type: QueryType.PutValue, Counts.Results: > 0 and { } stored } => $"stored at {Count(stored, "peer")}, finished",
                _ => "finished",
            },
        };

    // A share below 1 never reads as 100 %, and a share above 0 never as 0 %.
    private static string Percent(double share) =>
        share switch
        {
            >= 1 => "all",
            > 0.99 => "over 99 %",
            < 0.01 => "under 1 %",
            _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(share * 100, MidpointRounding.AwayFromZero):0} %"),
        };

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static string Sentence(string text) =>
        string.Create(
            text.Length,
            text,
            static (span, source) =>
            {
                source.CopyTo(span);
                span[0] = char.ToUpperInvariant(span[0]);
            }
        );
}
