namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>
/// Replays a lookup of go-libp2p-kad-dht in virtual time, with given timings and by the rules of its <c>query.go</c> and <c>lookup.go</c>.
/// Whenever a peer has answered or failed, the lookup checks whether it ends: when it has its result, when no peer is left, or when the
/// beta closest peers that are not unreachable have answered. Otherwise it asks the nearest peers until alpha are in flight. At the end it
/// aborts its dials, and waits for requests in flight without reading their answers. Then the follow-up asks all of the K closest that have
/// not answered, at once.
/// </summary>
internal sealed class GoLookupReplay
{
    private readonly GoLookupRecord _lookup;
    private readonly WhatIfParameters _parameters;
    private readonly Func<int, bool, PeerTiming> _timingOf;
    private readonly State[] _states;
    private readonly long[] _dialEnds;
    private readonly long[] _ends;
    private readonly bool[] _fails;
    private readonly PriorityQueue<int, (long EndNs, int Order)> _inFlight = new();
    private readonly SortedSet<int> _heard = [];
    private readonly List<long> _resultTimes = [];
    private int _begun;
    private long _now;

    private GoLookupReplay(GoLookupRecord lookup, WhatIfParameters parameters, Func<int, bool, PeerTiming> timingOf)
    {
        _lookup = lookup;
        _parameters = parameters;
        _timingOf = timingOf;
        _states = new State[lookup.Peers.Length];
        _dialEnds = new long[lookup.Peers.Length];
        _ends = new long[lookup.Peers.Length];
        _fails = new bool[lookup.Peers.Length];
        _now = lookup.SetupNs;
        for (var rank = 0; rank < lookup.Peers.Length; rank++)
        {
            if (lookup.Peers[rank].Seed)
            {
                Hear(rank);
            }
        }
    }

    private enum State
    {
        Unheard = 0,
        Heard = 1,
        Waiting = 2,
        Answered = 3,
        Unreachable = 4,
    }

    /// <summary>Runs the replay and returns the query's duration in nanoseconds.</summary>
    /// <param name="lookup">The lookup.</param>
    /// <param name="parameters">The parameters to replay with.</param>
    /// <param name="timingOf">
    /// The timing of the peer with this rank, in the follow-up (true) or in the lookup (false). Called once for each time that the peer is
    /// asked.
    /// </param>
    public static long Run(GoLookupRecord lookup, WhatIfParameters parameters, Func<int, bool, PeerTiming> timingOf)
    {
        var replay = new GoLookupReplay(lookup, parameters, timingOf);
        var stopped = replay.Converge();
        replay.WaitForRequests();
        if (!stopped && !lookup.SkipsFollowUp)
        {
            replay.FollowUp();
        }

        if (lookup.ReturnsAfterResults > 0 && replay._resultTimes.Count >= lookup.ReturnsAfterResults)
        {
            replay._resultTimes.Sort();
            return replay._resultTimes[lookup.ReturnsAfterResults - 1] + lookup.FinishNs;
        }

        return replay._now + lookup.StoresNs + lookup.FinishNs;
    }

    // True when the lookup stopped because it has its result.
    private bool Converge()
    {
        while (true)
        {
            while (_inFlight.Count < _parameters.Alpha && _heard.Count > 0)
            {
                Begin(_heard.Min);
            }

            if (!_inFlight.TryDequeue(out var rank, out _))
            {
                return false;
            }

            _now = Math.Max(_now, _ends[rank]);
            Settle(rank);
            if (IsStopped())
            {
                return true;
            }

            if ((_heard.Count == 0 && _inFlight.Count == 0) || HasConverged())
            {
                return false;
            }
        }
    }

    private bool IsStopped() =>
        (_lookup.StopsAfterResults > 0 && _resultTimes.Count >= _lookup.StopsAfterResults)
        || _now >= _lookup.StopsAtNs
        || (_lookup.Target is { } target && _states[target] >= State.Waiting && _dialEnds[target] <= _now);

    private bool HasConverged()
    {
        var answered = 0;
        foreach (var state in _states)
        {
            if (state is State.Heard or State.Waiting)
            {
                return false;
            }

            if (state == State.Answered && ++answered == _parameters.Beta)
            {
                return true;
            }
        }

        return answered > 0;
    }

    private void Begin(int rank)
    {
        var timing = _timingOf(rank, false);
        var start = _now + timing.ReactionNs;
        _states[rank] = State.Waiting;
        _heard.Remove(rank);
        _dialEnds[rank] = timing.DialFailed ? long.MaxValue : start + timing.DialNs;
        _ends[rank] = start + timing.TotalNs;
        _fails[rank] = timing.Failed;
        _inFlight.Enqueue(rank, (_ends[rank], _begun++));
    }

    private void Settle(int rank)
    {
        _states[rank] = _fails[rank] ? State.Unreachable : State.Answered;
        if (_fails[rank])
        {
            return;
        }

        Result(rank);
        foreach (var name in _lookup.Peers[rank].Names)
        {
            Hear(name);
        }
    }

    private void WaitForRequests()
    {
        var terminated = _now;
        while (_inFlight.TryDequeue(out var rank, out _))
        {
            if (_dialEnds[rank] > terminated)
            {
                _now = Math.Max(_now, terminated + _lookup.AbortNs);
                continue;
            }

            _now = Math.Max(_now, _ends[rank]);
            if (!_fails[rank])
            {
                Result(rank);
            }
        }
    }

    // Providers and records of an answer count even when the lookup no longer reads which peers it named.
    private void Result(int rank)
    {
        if (_lookup.Peers[rank].BringsResult)
        {
            _resultTimes.Add(_ends[rank]);
        }
    }

    private void FollowUp()
    {
        var start = _now + _lookup.FollowUpGapNs;
        var closest = 0;
        for (var rank = 0; rank < _states.Length && closest < _parameters.K; rank++)
        {
            closest += _states[rank] is State.Heard or State.Waiting or State.Answered ? 1 : 0;
            if (_states[rank] is State.Heard or State.Waiting)
            {
                _now = Math.Max(_now, start + _timingOf(rank, true).TotalNs);
            }
        }
    }

    private void Hear(int rank)
    {
        if (_states[rank] == State.Unheard)
        {
            _states[rank] = State.Heard;
            _heard.Add(rank);
        }
    }
}
