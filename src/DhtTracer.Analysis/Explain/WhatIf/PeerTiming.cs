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
