namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>The timing of one dial and request of a peer, from the trace. Times are in nanoseconds.</summary>
/// <param name="ReactionNs">
/// The node's own work: from the answer or failure that freed the slot to the start of this dial or request.
/// </param>
/// <param name="DialNs">Duration of the dial; 0 when the connection already existed.</param>
/// <param name="DialFailed">The dial failed, so nothing was asked.</param>
/// <param name="DialTimedOut">The dial failed by its timeout.</param>
/// <param name="GapNs">From the end of the dial to the start of the request.</param>
/// <param name="RequestNs">Duration of the request; 0 when the dial failed.</param>
/// <param name="RequestFailed">The request failed.</param>
/// <param name="RequestTimedOut">The request failed by its timeout.</param>
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
    /// <summary>From the start of the dial to the answer or failure.</summary>
    public long TotalNs => DialNs + GapNs + RequestNs;

    /// <summary>The peer did not answer.</summary>
    public bool Failed => DialFailed || RequestFailed;

    /// <summary>
    /// The timing under other timeouts. A dial or request that timed out also times out under the new timeout, because nobody knows whether
    /// it would have succeeded later.
    /// </summary>
    /// <param name="parameters">The new timeouts.</param>
    /// <param name="stretched">True when a timeout was made longer for a dial or request that had timed out.</param>
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
/// The timing of a peer whose dial or request was cancelled. The trace shows only part of it: the whole takes longer than
/// <paramref name="SpentNs"/>.
/// </summary>
/// <param name="ReactionNs">As in <see cref="PeerTiming"/>.</param>
/// <param name="DialNs">Duration of its dial in nanoseconds; null when the dial itself was cancelled.</param>
/// <param name="GapNs">From the end of the dial to the start of the request.</param>
/// <param name="SpentNs">Nanoseconds that the dial or request had taken when it was cancelled.</param>
internal sealed record CutOff(long ReactionNs, long? DialNs, long GapNs, long SpentNs)
{
    /// <summary>
    /// Completes the timing with the timing of another peer, drawn from those that took longer. If none took longer, the drawn time is
    /// added to the time already spent.
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
