using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>
/// One lookup as go-libp2p-kad-dht runs it: alpha peers at once, nearest first; over when the beta nearest that are not unreachable have
/// answered; then a follow-up to those of the K nearest that have not. Writes the spans and notes what they can show.
/// </summary>
internal sealed class KuboLookup(
    KuboSpans spans,
    Random random,
    KuboScenario scenario,
    KuboNetwork network,
    KuboTruth truth,
    KuboMessages messages
)
{
    private const int Alpha = 10;
    private const int Beta = 3;
    private const int K = 20;
    private const ulong Us = 1_000;
    private const ulong Ms = 1_000_000;

    private readonly Dictionary<KuboPeer, PeerState> _states = [];
    private readonly Dictionary<KuboPeer, (ulong QueryStart, SpanId Query, SpanId Dial, ulong DialStart, bool Requesting)> _waiting = [];
    private readonly Dictionary<KuboPeer, SpanId> _spawned = [];
    private readonly PriorityQueue<Action, (ulong At, int Order)> _happenings = new();
    private int _order;
    private ulong _now;
    private ulong _lastEnd;
    private bool _found;
    private string? _reason;
    private SpanId _runQuery;
    private SpanId _queryRun;

    private enum PeerState
    {
        Heard,
        Waiting,
        Queried,
        Unreachable,
    }

    /// <summary>The K closest that are not unreachable, nearest first, when the lookup is over.</summary>
    public List<KuboPeer> Closest =>
        [
            .. _states
                .Where(static item => item.Value != PeerState.Unreachable)
                .Select(static item => item.Key)
                .OrderBy(static peer => peer.Rank)
                .Take(K),
        ];

    /// <summary>Runs it.</summary>
    /// <returns>When it ended.</returns>
    public ulong Run(SpanId parent, ulong start)
    {
        var lookup = spans.NewId();
        _runQuery = spans.NewId();
        _queryRun = spans.NewId();
        _now = start + (40 * Us);
        _lastEnd = _now;
        foreach (var seed in network.Seeds(scenario.Seeds))
        {
            _states[seed] = PeerState.Heard;
            truth.Peers[seed.Id] = new KuboPeerTruth { Hops = 0 };
        }

        if (scenario.CancelAfter is { } after)
        {
            At(truth.StartUnixNano + (ulong)(after.TotalNanoseconds), () => Terminate("cancelled"));
        }

        Spawn(truth.Node);
        CheckTermination();
        while (_happenings.TryDequeue(out var happening, out var at))
        {
            // Nothing more can happen to a lookup that is over and has no request in flight, as a later cancellation.
            if (_reason is not null && !_waiting.Values.Any(static item => item.Requesting))
            {
                break;
            }

            _now = Math.Max(_now, at.At);
            happening();
        }

        _lastEnd = Math.Max(_lastEnd, _now);
        spans.Add(_queryRun, _runQuery, "KademliaDHT.IpfsDHT.Query.Run", start + (35 * Us), _lastEnd + (5 * Us));
        spans.Add(_runQuery, lookup, "KademliaDHT.IpfsDHT.RunQuery", start + (20 * Us), _lastEnd + (12 * Us));
        _now = _lastEnd + (30 * Us);
        if (_reason is "completed" or "starvation")
        {
            FollowUp(lookup);
        }

        truth.Closest = [.. Closest.Select(static peer => peer.Id)];
        spans.Add(lookup, parent, "KademliaDHT.IpfsDHT.RunLookupWithFollowup", start, _now, [("Target", KuboSpans.Key(truth.Key))]);
        truth.Termination = _reason;
        return _now + (15 * Us);
    }

    private void At(ulong at, Action happening) => _happenings.Enqueue(happening, (at, _order++));

    private void Spawn(string cause)
    {
        while (
            _reason is null
            && _waiting.Count < Alpha
            && _states
                .Where(static item => item.Value == PeerState.Heard)
                .OrderBy(static item => item.Key.Rank)
                .Select(static item => item.Key)
                .FirstOrDefault()
                is { } peer
        )
        {
            _states[peer] = PeerState.Waiting;
            var (spawn, query, dial) = (spans.NewId(), spans.NewId(), spans.NewId());
            spans.Add(
                spawn,
                _queryRun,
                "KademliaDHT.IpfsDHT.SpawnQuery",
                _now,
                _now + (6 * Us),
                [("Cause", cause), ("QueryPeer", peer.Id)]
            );
            _waiting[peer] = (_now + (4 * Us), query, dial, _now + (9 * Us), false);
            var dialStart = _now + (9 * Us);
            Truth(peer).Spawned = true;
            Truth(peer).AskedAfter = cause == truth.Node ? null : cause;
            var took =
                peer.Connected ? (ulong)random.Next(3, 40) * Us
                : peer.Behaviour == KuboBehaviour.Dead ? (random.Next(3) == 0 ? 5000 * Ms : (ulong)random.Next(2, 900) * Ms)
                : (ulong)random.Next(40_000, 600_000) * Us;
            At(dialStart + took, () => Dialed(peer, spawn));
            _spawned[peer] = spawn;
        }
    }

    private void Dialed(KuboPeer peer, SpanId spawn)
    {
        if (!_waiting.TryGetValue(peer, out var span) || _reason is not null)
        {
            return;
        }

        var known = Truth(peer);
        known.Dialed = !peer.Connected;
        known.Reused = peer.Connected;
        spans.Add(span.Dial, span.Query, "KademliaDHT.IpfsDHT.DialPeer", span.DialStart, _now, [("PeerID", peer.Id)]);
        if (peer.Behaviour == KuboBehaviour.Dead)
        {
            known.DialFailed = true;
            _states[peer] = PeerState.Unreachable;
            Done(peer, spawn);
            return;
        }

        _waiting[peer] = span with { Requesting = true };
        var start = _now + (7 * Us);
        var took =
            peer.Behaviour == KuboBehaviour.Mute ? (ulong)random.Next(19_500, 20_500) * Ms : (ulong)random.Next(20_000, 400_000) * Us;
        At(start + took, () => Requested(peer, spawn, start));
    }

    private void Requested(KuboPeer peer, SpanId spawn, ulong start)
    {
        var over = _reason is not null;
        Message(peer, _runQuery, start);
        if (!over)
        {
            _states[peer] = peer.Behaviour == KuboBehaviour.Mute ? PeerState.Unreachable : PeerState.Queried;
        }

        Done(peer, spawn);
    }

    /// <summary>Writes a request that ended now, and hears of the peers in its answer.</summary>
    private void Message(KuboPeer peer, SpanId parent, ulong start, string? error = null)
    {
        var request = new KuboRequestTruth
        {
            Message = messages.Name,
            StartNs = (long)(start - truth.StartUnixNano),
            DurationNs = (long)(_now - start),
        };
        Truth(peer).Requests.Add(request);
        request.Sent = error is null;
        error ??= peer.Behaviour == KuboBehaviour.Mute ? "timed out reading response" : null;
        if (error is not null)
        {
            request.Outcome = "failed";
            messages.Failed(peer, parent, start, _now, error);
            return;
        }

        var named = network.Answer(peer);
        var visible = messages.Answered(peer, parent, start, _now, named, request);
        var fresh = _reason is null ? Hear(peer, named) : 0;
        if (visible)
        {
            request.Returned = named.Count;
            request.New = fresh;
        }

        _found |= _reason is null && messages.IsFound(named);
    }

    /// <summary>Takes an answer into the lookup, which ends the QueryPeer of the peer that gave it.</summary>
    /// <returns>How many peers are new.</returns>
    private int Hear(KuboPeer by, List<KuboPeer> named)
    {
        var fresh = 0;
        foreach (var peer in named.Where(peer => _states.TryAdd(peer, PeerState.Heard)))
        {
            fresh++;
            truth.Peers[peer.Id] = new KuboPeerTruth
            {
                Hops = truth.Peers[by.Id].Hops + 1,
                Referrer = by.Id,
                HeardNs = (long)(_now + (2 * Us) - truth.StartUnixNano),
            };
        }

        return fresh;
    }

    private KuboPeerTruth Truth(KuboPeer peer) => truth.Peers[peer.Id];

    private void Done(KuboPeer peer, SpanId spawn)
    {
        spans.Add(_waiting[peer].Query, spawn, "KademliaDHT.IpfsDHT.QueryPeer", _waiting[peer].QueryStart, _now + (2 * Us));
        _lastEnd = Math.Max(_lastEnd, _now + (2 * Us));
        _waiting.Remove(peer);
        _now += 2 * Us;
        if (_reason is null)
        {
            CheckTermination();
            _now += Us;
            Spawn(peer.Id);
        }
    }

    private void CheckTermination()
    {
        if (_found)
        {
            Terminate("stopped");
        }
        else if (
            _states.Count > 0
            && _states
                .Where(static item => item.Value != PeerState.Unreachable)
                .OrderBy(static item => item.Key.Rank)
                .Take(Beta)
                .Select(static item => item.Value)
                .ToList()
                is { Count: Beta } nearest
            && nearest.TrueForAll(static state => state == PeerState.Queried)
        )
        {
            Terminate("completed");
        }
        else if (_waiting.Count == 0 && !_states.ContainsValue(PeerState.Heard))
        {
            Terminate("starvation");
        }
    }

    /// <summary>Aborts the dials; requests in flight are waited for.</summary>
    private void Terminate(string why)
    {
        if (_reason is not null)
        {
            return;
        }

        _reason = why;
        spans.Add(spans.NewId(), _queryRun, "KademliaDHT.IpfsDHT.Query.Terminate", _now, _now + (4 * Us), [("Reason", why)]);
        if (why == "cancelled")
        {
            // Seen in real traces: the cancelled lookup reports a second reason on its way out.
            spans.Add(
                spans.NewId(),
                _queryRun,
                "KademliaDHT.IpfsDHT.Query.Terminate",
                _now + (30 * Us),
                _now + (33 * Us),
                [("Reason", "starvation")]
            );
        }

        var at = _now + (8 * Us);
        foreach (var (peer, span) in _waiting.Where(static item => !item.Value.Requesting).ToList())
        {
            var known = Truth(peer);
            known.Dialed = true;
            known.DialAborted = true;
            at = Math.Max(at, span.DialStart + Us);
            spans.Add(span.Dial, span.Query, "KademliaDHT.IpfsDHT.DialPeer", span.DialStart, at, [("PeerID", peer.Id)]);
            spans.Add(span.Query, _spawned[peer], "KademliaDHT.IpfsDHT.QueryPeer", span.QueryStart, at + (2 * Us));
            _lastEnd = Math.Max(_lastEnd, at + (2 * Us));
            _waiting.Remove(peer);
        }
    }

    private void FollowUp(SpanId lookup)
    {
        var begin = _now;
        var end = _now;
        var asked = Closest
            .Where(peer => _states[peer] is PeerState.Heard or PeerState.Waiting)
            .Select(peer => (Peer: peer, Took: (ulong)random.Next(60_000, 700_000) * Us))
            .OrderBy(static item => item.Took)
            .ToList();
        foreach (var peer in asked)
        {
            // The dial is inside the request here.
            _now = begin + peer.Took;
            Message(
                peer.Peer,
                lookup,
                begin,
                peer.Peer.Behaviour == KuboBehaviour.Dead
                    ? $"failed to dial: failed to dial {peer.Peer.Id}: all dials failed\n  * [/ip4/192.0.2.1/tcp/4001] connect: "
                        + "connection refused"
                    : null
            );
            end = Math.Max(end, _now);
        }

        _now = end + (20 * Us);
    }
}
