using System.Collections.Immutable;
using DhtTracer.Analysis.Explain.Replay;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>Why a query took as long as it did. The same query always gives the same explanation. Unknown values are null.</summary>
public sealed record Explanation
{
    /// <summary>
    /// One plain sentence, such as <c>K closest known after 0.8 s; finished after 14.2 s: 94 % was waiting for 2 dials that timed out
    /// (…Qz3kPb 6.7 s, …hT9wXy 6.7 s)</c>. It names the peers that the query waited for by the last six characters of their ids.
    /// </summary>
    public required string Sentence { get; init; }

    /// <summary>
    /// What another timeout would have changed, such as <c>With a dial timeout of 1 s: about 3.9 s</c>. Null unless the replay with the
    /// query's own parameters is right, nothing had to be guessed, and the gain is real.
    /// </summary>
    public required string? Hint { get; init; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when unknown.</summary>
    public required long? DiscoveryNs { get; init; }

    /// <summary>Duration minus discovery, in nanoseconds; null when either is unknown.</summary>
    public required long? TailNs { get; init; }

    /// <summary>The chain of waits that determined when the query ended; null when the end is unknown.</summary>
    public required CriticalPath? Path { get; init; }

    /// <summary>What the duration was spent on, longest first; adds up to the duration. Empty without a path.</summary>
    public required ImmutableArray<Blame> Blames { get; init; }

    /// <summary>The peers that the query waited for most, longest wait first; without peers that were only cancelled by the end.</summary>
    public required ImmutableArray<Culprit> Culprits { get; init; }

    /// <summary>The peers that delayed the termination; null when the lookup did not run to completion.</summary>
    public required TerminationHold? Hold { get; init; }

    /// <summary>Dials and requests in flight.</summary>
    public required ConcurrencySeries Concurrency { get; init; }

    /// <summary>Failed dials and the time lost to them, by error class.</summary>
    public required ImmutableArray<LostToDials> LostToDials { get; init; }

    /// <summary>Duplicate and useless requests.</summary>
    public required RequestUse Requests { get; init; }

    /// <summary>Explains a query.</summary>
    public static Explanation Of(Query query)
    {
        var activities = PeerActivity.Of(query);
        var distances = KeyDistances.Of(query);
        var concurrency = new Lazy<ConcurrencySeries>(() => ConcurrencySeries.Of(query, activities));
        var path = CriticalPathFinder.Find(query, activities, concurrency);
        var blames = path is null || query.DurationNs == 0 ? [] : Blame.Of(path, query, activities);
        var culprits = path is null || query.DurationNs == 0 ? [] : Culprit.Of(path, query, activities);
        return new Explanation
        {
            Sentence = ExplanationSentence.Of(query, blames, culprits, path, activities),
            Hint = WhatIfHint.Of(query, blames),
            DiscoveryNs = query.DiscoveryNs,
            TailNs = query.DurationNs - query.DiscoveryNs,
            Path = path,
            Blames = blames,
            Culprits = culprits,
            Hold = TerminationHold.Of(query, distances),
            Concurrency = concurrency.Value,
            LostToDials = Explain.LostToDials.Of(activities, path),
            Requests = RequestUse.Of(query, distances),
        };
    }
}
