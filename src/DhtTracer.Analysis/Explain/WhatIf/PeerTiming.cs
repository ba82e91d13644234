namespace DhtTracer.Analysis.Explain;

/// <summary>What it took to dial and ask a peer once, as the trace shows it.</summary>
/// <param name="ReactionNs">From the answer or failure that made room for it until it was begun: the node's own work.</param>
/// <param name="DialNs">The dial; 0 for a connection that was there already.</param>
/// <param name="DialFailed">The dial failed, so nothing was asked.</param>
/// <param name="DialTimedOut">It failed because its time was over.</param>
/// <param name="GapNs">Between the end of the dial and the request.</param>
/// <param name="RequestNs">The request; 0 when the dial failed.</param>
/// <param name="RequestFailed">The request failed.</param>
/// <param name="RequestTimedOut">It failed because its time was over.</param>
internal sealed record PeerTiming(
    long ReactionNs,
    long DialNs,
    bool DialFailed,
    bool DialTimedOut,
    long GapNs,
    long RequestNs,
    bool RequestFailed,
    bool RequestTimedOut
)
{
    /// <summary>From the start of the dial until it was settled.</summary>
    public long TotalNs => DialNs + GapNs + RequestNs;

    /// <summary>It did not answer.</summary>
    public bool Failed => DialFailed || RequestFailed;

    /// <summary>
    /// The timing under other timeouts. What ran into its old timeout is taken to run into the new one too, as nobody knows whether it
    /// would have come later.
    /// </summary>
    /// <param name="parameters">The timeouts.</param>
    /// <param name="stretched">A longer timeout than the one seen was applied to something that timed out.</param>
    public PeerTiming Under(WhatIfParameters parameters, out bool stretched)
    {
        stretched = false;
        var timing = this;
        if (parameters.DialTimeoutNs is { } dial && (timing.DialTimedOut || timing.DialNs > dial))
        {
            stretched = timing.DialTimedOut && dial > timing.DialNs;
            timing = new PeerTiming(timing.ReactionNs, dial, true, true, 0, 0, false, false);
        }

        if (!timing.DialFailed && parameters.RequestTimeoutNs is { } request && (timing.RequestTimedOut || timing.RequestNs > request))
        {
            stretched = timing.RequestTimedOut && request > timing.RequestNs;
            timing = timing with { RequestNs = request, RequestFailed = true, RequestTimedOut = true };
        }

        return timing;
    }
}

/// <summary>
/// A peer whose dial or request was cut off, so that the trace shows only part of its time. What was cut off takes longer than
/// <paramref name="SpentNs"/>.
/// </summary>
/// <param name="ReactionNs">As in <see cref="PeerTiming"/>.</param>
/// <param name="DialNs">Its dial, in nanoseconds; null when the dial is what was cut off.</param>
/// <param name="GapNs">Between the end of the dial and the request.</param>
/// <param name="SpentNs">How long the dial or the request had lasted when it was cut off, in nanoseconds.</param>
internal sealed record CutOff(long ReactionNs, long? DialNs, long GapNs, long SpentNs)
{
    /// <summary>
    /// Completes the timing with that of another peer, drawn from those that took longer. When none did, the drawn time is added to
    /// what had passed.
    /// </summary>
    /// <param name="pool">Timings of the same lookup.</param>
    /// <param name="next">Draws an index below its argument.</param>
    public PeerTiming Complete(IReadOnlyList<PeerTiming> pool, Func<int, int> next)
    {
        if (DialNs is not { } dial)
        {
            List<PeerTiming> longerDials = [.. pool.Where(timing => timing.DialNs > SpentNs)];
            var like = longerDials.Count > 0 ? longerDials[next(longerDials.Count)] : pool[next(pool.Count)];
            return like with { ReactionNs = ReactionNs, DialNs = longerDials.Count > 0 ? like.DialNs : like.DialNs + SpentNs };
        }

        List<PeerTiming> longer = [.. pool.Where(timing => timing.RequestNs > SpentNs)];
        var drawn = longer.Count > 0 ? longer[next(longer.Count)] : pool[next(pool.Count)];
        return drawn with
        {
            ReactionNs = ReactionNs,
            DialNs = dial,
            DialFailed = false,
            DialTimedOut = false,
            GapNs = GapNs,
            RequestNs = longer.Count > 0 ? drawn.RequestNs : drawn.RequestNs + SpentNs,
        };
    }
}
