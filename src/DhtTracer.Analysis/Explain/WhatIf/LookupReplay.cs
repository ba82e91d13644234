namespace DhtTracer.Analysis.Explain;

/// <summary>
/// Runs a lookup of the native node again in virtual time, with given timings. It ends when the beta closest peers that are not unreachable
/// have answered, asks the nearest peers first, and then follows up: those of the K closest that have not answered are asked. What is
/// under way outside the K closest is taken back; the follow-up keeps to alpha. Lookups of go-libp2p: <see cref="GoLookupReplay"/>.
/// </summary>
internal sealed class LookupReplay
{
    private readonly LookupRecord record;
    private readonly WhatIfParameters parameters;
    private readonly Func<LookupPeerRecord, PeerTiming> timingOf;
    private readonly State[] states;
    private readonly PriorityQueue<(int Rank, Attempt Attempt), (long EndNs, int Order)> inFlight = new();
    private readonly SortedSet<int> heard = [];
    private readonly Attempt?[] attempts;
    private int begun;
    private int running;
    private int results;
    private long now;

    private LookupReplay(LookupRecord record, WhatIfParameters parameters, Func<LookupPeerRecord, PeerTiming> timingOf)
    {
        this.record = record;
        this.parameters = parameters;
        this.timingOf = timingOf;
        states = new State[record.Peers.Length];
        attempts = new Attempt?[record.Peers.Length];
        now = record.SetupNs;
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

        // Counts no longer among the closest, and is not asked again.
        Withdrawn = 5,
    }

    private sealed class Attempt
    {
        public long EndNs { get; init; }

        public bool Failed { get; init; }

        public bool Withdrawn { get; init; }

        public bool UnderWay { get; set; }
    }

    private bool GoalReached => record.StopsAfterResults > 0 && results >= record.StopsAfterResults;

    /// <summary>The duration of the replayed query in nanoseconds.</summary>
    /// <param name="record">The lookup.</param>
    /// <param name="parameters">Its parameters in the replay.</param>
    /// <param name="timingOf">What it takes to ask a peer; called once for each peer asked.</param>
    public static long Run(LookupRecord record, WhatIfParameters parameters, Func<LookupPeerRecord, PeerTiming> timingOf)
    {
        var replay = new LookupReplay(record, parameters, timingOf);
        var completed = replay.Converge();
        if (completed)
        {
            replay.FollowUp();
        }

        return replay.now + replay.Stores() + record.FinishNs;
    }

    private bool Converge()
    {
        while (!GoalReached && (running > 0 || heard.Count > 0))
        {
            if (HasConverged())
            {
                return true;
            }

            while (running < parameters.Alpha && heard.Count > 0)
            {
                Begin(heard.Min);
            }

            Next();
        }

        return false;
    }

    private void FollowUp()
    {
        var closest = Closest();
        foreach (var rank in states.Index().Where(peer => peer.Item == State.UnderWay).Select(static peer => peer.Index).Except(closest).ToList())
        {
            Withdraw(rank);
        }

        while (!GoalReached)
        {
            foreach (var rank in Closest().Where(rank => states[rank] == State.Heard))
            {
                if (running < parameters.Alpha)
                {
                    Begin(rank);
                }
            }

            if (running == 0)
            {
                return;
            }

            Next();
        }
    }

    private void Withdraw(int rank)
    {
        // It keeps its place until it has noticed.
        var noticed = new Attempt { EndNs = now + record.WithdrawNs, UnderWay = true, Withdrawn = true };
        attempts[rank]!.UnderWay = false;
        attempts[rank] = noticed;
        states[rank] = State.Withdrawn;
        inFlight.Enqueue((rank, noticed), (noticed.EndNs, begun++));
    }

    private List<int> Closest()
    {
        var closest = new List<int>(parameters.K);
        for (var rank = 0; rank < states.Length && closest.Count < parameters.K; rank++)
        {
            if (states[rank] is State.Heard or State.UnderWay or State.Answered)
            {
                closest.Add(rank);
            }
        }

        return closest;
    }

    private bool HasConverged()
    {
        var answered = 0;
        foreach (var state in states)
        {
            if (state is State.Heard or State.UnderWay)
            {
                return false;
            }

            if (state == State.Answered && ++answered == parameters.Beta)
            {
                return true;
            }
        }

        return answered > 0;
    }

    private void Begin(int rank)
    {
        var timing = timingOf(record.Peers[rank]);
        var start = now + timing.ReactionNs;
        var attempt = new Attempt
        {
            EndNs = start + timing.TotalNs,
            Failed = timing.Failed,
            UnderWay = true,
        };
        states[rank] = State.UnderWay;
        attempts[rank] = attempt;
        heard.Remove(rank);
        running++;
        inFlight.Enqueue((rank, attempt), (attempt.EndNs, begun++));
    }

    private void Next()
    {
        while (inFlight.TryDequeue(out var item, out _))
        {
            var (rank, attempt) = item;
            if (!attempt.UnderWay)
            {
                continue;
            }

            attempt.UnderWay = false;
            now = Math.Max(now, attempt.EndNs);
            running--;
            if (attempt.Withdrawn)
            {
                return;
            }

            states[rank] = attempt.Failed ? State.Unreachable : State.Answered;
            if (!attempt.Failed)
            {
                results += record.Peers[rank].BringsResult ? 1 : 0;
                foreach (var name in record.Peers[rank].Names)
                {
                    Hear(name);
                }
            }

            return;
        }
    }

    private void Hear(int rank)
    {
        if (states[rank] == State.Unheard)
        {
            states[rank] = State.Heard;
            heard.Add(rank);
        }
    }

    // The same stores as in the trace: alpha at a time.
    private long Stores()
    {
        if (record.StoresNs.IsEmpty)
        {
            return 0;
        }

        var places = new PriorityQueue<int, long>();
        var last = 0L;
        foreach (var store in record.StoresNs)
        {
            var start = 0L;
            if (places.Count == parameters.Alpha)
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
