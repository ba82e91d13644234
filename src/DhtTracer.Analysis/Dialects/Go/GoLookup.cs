using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>The part of an operation that sent a request.</summary>
internal enum GoPhase
{
    /// <summary>The lookup: a child of <c>RunQuery</c>.</summary>
    Lookup,

    /// <summary>The follow-up to the closest peers that had not answered yet: a child of <c>RunLookupWithFollowup</c>.</summary>
    FollowUp,

    /// <summary>Neither: a store after the lookup, a ping, or a request of the accelerated client, which runs no lookups.</summary>
    Direct,
}

/// <summary>The lookup inside a query of go-libp2p-kad-dht, from its spans: which peers it chose when and why, dialed and asked.</summary>
internal sealed class GoLookup
{
    private readonly List<GoPeer> _peers = [];

    /// <summary>The peers by <see cref="PeerDraft.Number"/>; null for a row that the lookup neither chose nor heard of.</summary>
    private readonly List<GoPeer?> _byNumber = [];
    private readonly TraceSpans _trace;
    private readonly GoSpanKind[] _kinds;
    private readonly GoQueryParts _parts;
    private readonly LookupBuilder _lookup;

    /// <summary>Reads the spans of a query, and adds the requests to the builder.</summary>
    public GoLookup(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts, LookupBuilder lookup, KadId? target, bool neverEnded)
    {
        _trace = trace;
        _kinds = kinds;
        _parts = parts;
        _lookup = lookup;
        Target = target;
        NeverEnded = neverEnded;
        foreach (var member in parts.Members)
        {
            Read(member);
        }

        MarkFirstSpawns();
        Alpha = GreatestNumberOut();
        IsFew = Spawned.Count(static peer => peer.IsFirstSpawn) < Alpha;
        AnswersHidden = AreAnswersHidden();
    }

    /// <summary>The target; null when the trace does not hold it.</summary>
    public KadId? Target { get; }

    /// <summary>The lookup waits forever for a caller who no longer listens; see <see cref="GoWholeness.NeverEnded"/>.</summary>
    public bool NeverEnded { get; }

    /// <summary>Every peer that was spawned or named, unordered.</summary>
    public IReadOnlyCollection<GoPeer> Peers => _peers;

    /// <summary>The peers that the lookup chose, sorted by time.</summary>
    public List<GoPeer> Spawned { get; } = [];

    /// <summary>The part that sent each request.</summary>
    public Dictionary<RequestDraft, GoPhase> Phases { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Start of the first <c>Terminate</c>; null when there is none.</summary>
    public long? TerminatedNs { get; private set; }

    /// <summary>Reason of the first <c>Terminate</c>; null when there is none or its reason is not known here.</summary>
    public QueryTermination? Termination { get; private set; }

    /// <summary>The most peers in flight at once; null when nobody was asked.</summary>
    public int? Alpha { get; }

    /// <summary>
    /// The routing table held fewer peers than the lookup asks at once, so every one of them was spawned at the beginning.
    /// </summary>
    public bool IsFew { get; }

    /// <summary>
    /// The spans of provider lookups hold the providers in place of the closer peers. The answers are hidden unless Kubo's events of the
    /// same lookup hold the closer peers.
    /// </summary>
    public bool AnswersHidden { get; }

    /// <summary>What is known of a peer; added when it is new.</summary>
    public GoPeer this[PeerDraft draft]
    {
        get
        {
            while (_byNumber.Count <= draft.Number)
            {
                _byNumber.Add(null);
            }

            if (_byNumber[draft.Number] is not { } peer)
            {
                peer = new GoPeer(draft);
                _byNumber[draft.Number] = peer;
                _peers.Add(peer);
            }

            return peer;
        }
    }

    /// <summary>The peer of a row; null when the lookup neither chose it nor heard of it.</summary>
    public GoPeer? Find(PeerDraft draft) => draft.Number < _byNumber.Count ? _byNumber[draft.Number] : null;

    private void Read(int member)
    {
        switch (_kinds[member])
        {
            case GoSpanKind.SpawnQuery:
                ReadSpawn(_trace[member]);
                break;
            case GoSpanKind.QueryPeer
                when _trace.Parent(member) is var spawn and not TraceSpans.None && _kinds[spawn] == GoSpanKind.SpawnQuery:
                if (_lookup.Peer(_trace[spawn].Text("QueryPeer")) is { } queried)
                {
                    this[queried].QueryEndNs ??= End(_trace[member]);
                }

                break;
            case GoSpanKind.DialPeer:
                ReadDial(member);
                break;
            case GoSpanKind.Terminate when TerminatedNs is null:
                // The first reason counts: a cancelled lookup can report a second one afterwards.
                TerminatedNs = Start(_trace[member]);
                Termination = Words.TryParse<QueryTermination>(_trace[member].Text("Reason") ?? "", out var reason) ? reason : null;
                break;
            case GoSpanKind.Message
                when GoSpans.Message(_trace[member]) is { } message && _lookup.Peer(_trace[member].Text("to")) is { } peer:
                var span = _trace[member];
                long? duration = span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano);
                var request = GoRequests.Read(_lookup, span, peer, message, Start(span), duration);
                var phase = Phase(member, message);
                Phases.Add(request, phase);
                _lookup.Add(request);
                var asked = this[peer];
                asked.AskedNs ??= request.StartNs;
                if (phase == GoPhase.Lookup)
                {
                    asked.Request ??= request;
                }

                break;
            default:
                break;
        }
    }

    private void ReadSpawn(Span span)
    {
        if (_lookup.Peer(span.Text("QueryPeer")) is not { } draft)
        {
            return;
        }

        var peer = this[draft];
        if (peer.SpawnNs is not null)
        {
            return;
        }

        peer.AskedNs = peer.SpawnNs = Start(span);
        peer.Cause = _lookup.Peer(span.Text("Cause")) is { } cause ? this[cause] : null;
        Spawned.Add(peer);
    }

    private void ReadDial(int member)
    {
        var parent = _trace.Parent(member);
        var spawn = parent == TraceSpans.None ? TraceSpans.None : _trace.Parent(parent);
        var id =
            _trace[member].Text("PeerID")
            ?? (spawn != TraceSpans.None && _kinds[spawn] == GoSpanKind.SpawnQuery ? _trace[spawn].Text("QueryPeer") : null);
        if (_lookup.Peer(id) is not { } draft)
        {
            return;
        }

        var peer = this[draft];
        if (peer.DialStartNs is not null)
        {
            return;
        }

        peer.DialStartNs = Start(_trace[member]);
        peer.DialEndNs = End(_trace[member]);
        if (parent != TraceSpans.None && _kinds[parent] == GoSpanKind.QueryPeer)
        {
            peer.QueryEndNs ??= End(_trace[parent]);
        }
    }

    private GoPhase Phase(int member, MessageType message)
    {
        if (message is MessageType.PutValue or MessageType.AddProvider or MessageType.Ping)
        {
            return GoPhase.Direct;
        }

        var parent = _trace.Parent(member);
        return parent == TraceSpans.None
            ? GoPhase.Lookup
            : _kinds[parent] switch
            {
                GoSpanKind.RunQuery => GoPhase.Lookup,
                GoSpanKind.RunLookup => GoPhase.FollowUp,
                _ => GoPhase.Direct,
            };
    }

    /// <summary>
    /// True when answers do not list their closer peers. Answers after the end of the lookup name nobody, so they do not count here.
    /// </summary>
    private bool AreAnswersHidden()
    {
        var asked = _lookup.Requests.Where(static request => request.Type == MessageType.GetProviders).ToList();
        return asked.Count > 0
            && (
                asked.TrueForAll(static request => request.Closer is null)
                || asked.Exists(request =>
                    request is { Outcome: RequestOutcome.Answered, Closer: null } && !(TerminatedNs <= request.EndNs)
                )
            );
    }

    /// <summary>The node itself causes the first spawn, and every spawn with the same cause.</summary>
    private void MarkFirstSpawns()
    {
        if (Spawned.Count == 0 || Spawned[0].Cause is { } cause && (cause.SpawnNs is not null || cause.Request is not null))
        {
            return;
        }

        var node = Spawned[0].Cause;
        foreach (var peer in Spawned)
        {
            if (ReferenceEquals(peer.Cause, node))
            {
                peer.IsFirstSpawn = true;
                peer.Cause = null;
            }
        }

        if (node is not null)
        {
            _ = _peers.Remove(node);
            _byNumber[node.Draft.Number] = null;
        }
    }

    /// <summary>
    /// The most peers in flight at once. A peer is in flight from its spawn to the end of its request, or of its dial if it has no request.
    /// </summary>
    private int? GreatestNumberOut()
    {
        var ends = Spawned
            .Select(static peer => (peer.Request is { } request ? request.EndNs : peer.DialEndNs) ?? long.MaxValue)
            .Order()
            .ToArray();
        var ended = 0;
        var most = 0;
        for (var i = 0; i < Spawned.Count; i++)
        {
            while (ended < ends.Length && ends[ended] <= Spawned[i].SpawnNs)
            {
                ended++;
            }

            most = Math.Max(most, i + 1 - ended);
        }

        return most == 0 ? null : most;
    }

    private long Start(Span span) => SpanReading.Nanoseconds(_parts.Start, span.StartUnixNano);

    private long? End(Span span) => span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(_parts.Start, span.EndUnixNano);
}
