using System.Runtime.InteropServices;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>Makes the facts of a block from its queries.</summary>
internal sealed class FactBlockBuilder
{
    private readonly SortedDictionary<long, Peer> _peers = [];
    private readonly List<long> _operations = [];
    private readonly List<long> _starts = [];
    private readonly List<long> _roles = [];

    /// <summary>Adds a query.</summary>
    /// <param name="operation">Place of its operation in the block, ascending. Its queries come one after another.</param>
    /// <param name="start">Its start.</param>
    /// <param name="isDecisive">Whether it is the decisive query of its operation.</param>
    /// <param name="facts">The peers that it heard of.</param>
    public void Add(int operation, long start, bool isDecisive, List<PackedPeer> facts)
    {
        var (query, hasPath) = (_operations.Count, false);
        foreach (ref readonly var fact in CollectionsMarshal.AsSpan(facts))
        {
            if (!_peers.TryGetValue(fact.Peer, out var peer))
            {
                peer = new Peer();
                _peers.Add(fact.Peer, peer);
            }

            hasPath |= fact.TimeLostNs is not null;
            (fact.Contacted ? peer.Contacted : peer.Heard).Add(query, fact, peer.PairOf(fact.Agent, fact.Addresses));
        }

        _operations.Add(operation);
        _starts.Add(start);
        _roles.Add(
            (long)(
                !isDecisive ? QueryRole.Other
                : hasPath ? QueryRole.DecisiveWithPath
                : QueryRole.Decisive
            )
        );
    }

    /// <summary>The facts of all queries that were added.</summary>
    public FactBlock Build()
    {
        var columns = new byte[64][];
        void Put(FactColumn column, IEnumerable<long> values) => columns[(int)column] = ColumnView.Encode([.. values]);

        Put(FactColumn.Peer, _peers.Keys);
        Put(FactColumn.PairCount, _peers.Values.Select(static peer => (long)peer.Pairs.Count));
        Put(FactColumn.Agent, _peers.Values.SelectMany(static peer => peer.Pairs).Select(static pair => pair.Agent));
        Put(FactColumn.Addresses, _peers.Values.SelectMany(static peer => peer.Pairs).Select(static pair => pair.Addresses));
        Put(FactColumn.QueryOperation, _operations);
        Put(FactColumn.QueryStart, _starts);
        Put(FactColumn.QueryRole, _roles);
        PutGroup(FactColumn.Contacted, static peer => peer.Contacted);
        PutGroup(FactColumn.Heard, static peer => peer.Heard);
        return new FactBlock(columns);

        void PutGroup(FactColumn first, Func<Peer, Group> groupOf)
        {
            void PutValues(FactPart part, Func<Group, List<long>?> valuesOf) =>
                Put(first + (int)part, _peers.Values.SelectMany(peer => valuesOf(groupOf(peer)) ?? []));

            void PutList(FactPart counts, Func<Group, List<long>?> valuesOf)
            {
                Put(first + (int)counts, _peers.Values.Select(peer => (long)(valuesOf(groupOf(peer))?.Count ?? 0)));
                PutValues(counts + 1, valuesOf);
            }

            PutList(FactPart.FactCount, static group => group.Queries);
            PutValues(FactPart.Flags, static group => group.Flags);
            PutValues(FactPart.Named, static group => group.Named);
            PutValues(FactPart.Pair, static group => group.Pairs);
            PutList(FactPart.LostCount, static group => group.Lost);
            PutList(FactPart.RequestCount, static group => group.Requests);
            PutList(FactPart.DialCount, static group => group.Dials);
            PutList(FactPart.FailedCount, static group => group.Failed);
            PutList(FactPart.ErrorCount, static group => group.Errors);
        }
    }

    private sealed class Peer
    {
        public Group Contacted { get; } = new();

        public Group Heard { get; } = new();

        public List<(long Agent, long Addresses)> Pairs { get; } = [];

        public int PairOf(long? agent, long? addresses)
        {
            var pair = (agent ?? ColumnCodec.Unknown, addresses ?? ColumnCodec.Unknown);
            var place = Pairs.IndexOf(pair);
            if (place < 0)
            {
                place = Pairs.Count;
                Pairs.Add(pair);
            }

            return place;
        }
    }

    // Lists that few peers need are made when they are needed.
    private sealed class Group
    {
        public List<long> Queries { get; } = [];

        public List<long> Flags { get; } = [];

        public List<long> Named { get; } = [];

        public List<long> Pairs { get; } = [];

        public List<long>? Lost { get; private set; }

        public List<long>? Requests { get; private set; }

        public List<long>? Dials { get; private set; }

        public List<long>? Failed { get; private set; }

        public List<long>? Errors { get; private set; }

        public void Add(int query, in PackedPeer fact, int pair)
        {
            var flags =
                (fact.Requests > 0 ? FactFlags.Queried : FactFlags.None)
                | (fact.State == PeerState.Answered ? FactFlags.Answered : FactFlags.None)
                | (fact.TimeLostNs is null ? FactFlags.None : FactFlags.LostKnown)
                | (fact.TimeLostNs is null or 0 ? FactFlags.None : FactFlags.HasLost)
                | (fact.RequestNs is null ? FactFlags.None : FactFlags.HasRequest)
                | (fact.DialNs is null ? FactFlags.None : FactFlags.HasDial)
                | (fact.FailedNs is null ? FactFlags.None : FactFlags.HasFailed);
            Queries.Add(query);
            Flags.Add((long)flags + (256L * fact.Errors.Length));
            Named.Add(fact.NamedBy ?? ColumnCodec.Unknown);
            Pairs.Add(pair);
            if (fact.TimeLostNs is { } lost and not 0)
            {
                (Lost ??= []).Add(lost);
            }

            if (fact.RequestNs is { } request)
            {
                (Requests ??= []).Add(request);
            }

            if (fact.DialNs is { } dial)
            {
                (Dials ??= []).Add(dial);
            }

            if (fact.FailedNs is { } failed)
            {
                (Failed ??= []).Add(failed);
            }

            foreach (var error in fact.Errors)
            {
                (Errors ??= []).Add(error);
            }
        }
    }
}
