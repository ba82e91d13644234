namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>
/// Replays a lookup of the native node in virtual time, with given timings. The lookup asks the nearest peers first, and ends when the beta
/// closest peers that are not unreachable have answered. Then the follow-up asks those of the K closest that have not answered, at most
/// alpha at a time. Requests in flight outside the K closest are cancelled. For lookups of go-libp2p see <see cref="GoLookupReplay"/>.
/// </summary>
internal sealed class LookupReplay
{
    private readonly LookupRecord _record;
    private readonly WhatIfParameters _parameters;
    private readonly Func<LookupPeerRecord, PeerTiming> _timingOf;
    private readonly State[] _states;
    private readonly PriorityQueue<(int Rank, Attempt Attempt), (long EndNs, int Order)> _inFlight = new();
    private readonly SortedSet<int> _heard = [];
    private readonly Attempt?[] _attempts;
    private int _begun;
    private int _running;
    private int _results;
    private long _now;

    private LookupReplay(LookupRecord record, WhatIfParameters parameters, Func<LookupPeerRecord, PeerTiming> timingOf)
    {
        _record = record;
        _parameters = parameters;
        _timingOf = timingOf;
        _states = new State[record.Peers.Length];
        _attempts = new Attempt?[record.Peers.Length];
        _now = record.SetupNs;
        foreach (var peer in record.Peers.Where(static peer => peer.Seed))
        {
            Hear(peer.Rank);
        }
    }

    private enum State
    {
        Unheard = 0,
        Heard = 1,
        UnderWay = 2,
        Answered = 3,
        Unreachable = 4,

        // No longer counts among the closest, and is not asked again.
        Withdrawn = 5,
    }

    private sealed class Attempt
    {
        public long EndNs { get; init; }

        public bool Failed { get; init; }

        public bool Withdrawn { get; init; }

        public bool UnderWay { get; set; }
    }

    private bool GoalReached => _record.StopsAfterResults > 0 && _results >= _record.StopsAfterResults;

    /// <summary>Runs the replay and returns the query's duration in nanoseconds.</summary>
    /// <param name="record">The lookup.</param>
    /// <param name="parameters">The parameters to replay with.</param>
    /// <param name="timingOf">The timing of a peer; called once for each peer asked.</param>
    public static long Run(LookupRecord record, WhatIfParameters parameters, Func<LookupPeerRecord, PeerTiming> timingOf)
    {
        var replay = new LookupReplay(record, parameters, timingOf);
        var completed = replay.Converge();
        if (completed)
        {
            replay.FollowUp();
        }

        return replay._now + replay.Stores() + record.FinishNs;
    }

    private bool Converge()
    {
        while (!GoalReached && (_running > 0 || _heard.Count > 0))
        {
            if (HasConverged())
            {
                return true;
            }

            while (_running < _parameters.Alpha && _heard.Count > 0)
            {
                Begin(_heard.Min);
            }

            Next();
        }

        return false;
    }

    private void FollowUp()
    {
        var closest = Closest();
        foreach (
            var rank in _states
                .Index()
                .Where(peer => peer.Item == State.UnderWay)
                .Select(static peer => peer.Index)
                .Except(closest)
                .ToList()
        )
        {
            Withdraw(rank);
        }

        while (!GoalReached)
        {
            foreach (var rank in Closest().Where(rank => _states[rank] == State.Heard))
            {
                if (_running < _parameters.Alpha)
                {
                    Begin(rank);
                }
            }

            if (_running == 0)
            {
                return;
            }

            Next();
        }
    }

    private void Withdraw(int rank)
    {
        // The cancelled attempt holds its slot until it has noticed the cancellation.
        var noticed = new Attempt
        {
            EndNs = _now + _record.WithdrawNs,
            UnderWay = true,
            Withdrawn = true,
        };
        _attempts[rank]!.UnderWay = false;
        _attempts[rank] = noticed;
        _states[rank] = State.Withdrawn;
        _inFlight.Enqueue((rank, noticed), (noticed.EndNs, _begun++));
    }

    private List<int> Closest()
    {
        var closest = new List<int>(_parameters.K);
        for (var rank = 0; rank < _states.Length && closest.Count < _parameters.K; rank++)
        {
            if (_states[rank] is State.Heard or State.UnderWay or State.Answered)
            {
                closest.Add(rank);
            }
        }

        return closest;
    }

    private bool HasConverged()
    {
        var answered = 0;
        foreach (var state in _states)
        {
            if (state is State.Heard or State.UnderWay)
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
        var timing = _timingOf(_record.Peers[rank]);
        var start = _now + timing.ReactionNs;
        var attempt = new Attempt
        {
            EndNs = start + timing.TotalNs,
            Failed = timing.Failed,
            UnderWay = true,
        };
        _states[rank] = State.UnderWay;
        _attempts[rank] = attempt;
        _heard.Remove(rank);
        _running++;
        _inFlight.Enqueue((rank, attempt), (attempt.EndNs, _begun++));
    }

    private void Next()
    {
        while (_inFlight.TryDequeue(out var item, out _))
        {
            var (rank, attempt) = item;
            if (!attempt.UnderWay)
            {
                continue;
            }

            attempt.UnderWay = false;
            _now = Math.Max(_now, attempt.EndNs);
            _running--;
            if (attempt.Withdrawn)
            {
                return;
            }

            _states[rank] = attempt.Failed ? State.Unreachable : State.Answered;
            if (!attempt.Failed)
            {
                _results += _record.Peers[rank].BringsResult ? 1 : 0;
                foreach (var name in _record.Peers[rank].Names)
                {
                    Hear(name);
                }
            }

            return;
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

    // The same stores as in the trace, at most alpha at a time.
    private long Stores()
    {
        if (_record.StoresNs.IsEmpty)
        {
            return 0;
        }

        var places = new PriorityQueue<int, long>();
        var last = 0L;
        foreach (var store in _record.StoresNs)
        {
            var start = 0L;
            if (places.Count == _parameters.Alpha)
            {
                _ = places.TryDequeue(out _, out start);
            }

            var end = start + store;
            places.Enqueue(0, end);
            last = Math.Max(last, end);
        }

        return last;
    }
}
