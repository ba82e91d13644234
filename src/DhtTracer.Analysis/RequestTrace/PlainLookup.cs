using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.RequestTrace;

/// <summary>
/// Completes a lookup whose writer left the counting to the reader. What the writer gave stays; what is left out follows from the peers'
/// dials, messages and answers by the rules that all dialects share.
/// </summary>
internal static class PlainLookup
{
    /// <param name="query">The lookup, without peers.</param>
    /// <param name="given">Its peers in the order of the file, and whether the file gives their state.</param>
    /// <param name="request">Its request.</param>
    public static Query Complete(Query query, IReadOnlyList<(QueryPeer Peer, bool HasState)> given, Operation request)
    {
        query = query with
        {
            Type = query.Type == QueryType.Unknown ? request.Type : query.Type,
            Key = query.Key ?? request.Key,
            Service = query.Service ?? request.Service,
            Node = query.Node ?? request.Node,
            Outcome = query.Outcome == QueryOutcome.Unknown ? request.Outcome : query.Outcome,
            Counts = new QueryCounts { Results = request.Results },
        };
        var target = query.Key is { } key ? KadId.FromBytes(Convert.FromHexString(key.KadId)) : (KadId?)null;
        var builder = new LookupBuilder(target, query.Node, dialsKnown: given.Any(static item => item.Peer.Dial is not null));
        for (var position = 0; position < given.Count; position++)
        {
            Describe(builder, given[position].Peer, given[position].HasState, position);
        }

        ulong number = 0;
        foreach (var (peer, _) in given)
        {
            var draft = builder.Peer(peer.Id)!;
            foreach (var message in peer.Requests)
            {
                builder.Add(Draft(builder, draft, message, new SpanId(++number)));
            }
        }

        builder.HearFromAnswers(startToleranceNs: 0);
        Restore(builder, given);
        var built = builder.Build(query);
        return built with
        {
            Xor = query.Xor ?? built.Xor,
            Hops = query.Hops ?? built.Hops,
            HopsAtLeast = query.HopsAtLeast ?? built.HopsAtLeast,
            FirstAnswerNs = query.FirstAnswerNs ?? built.FirstAnswerNs,
            Peers = [.. built.Peers.Select(row => row with { LatencyNs = Find(given, row.Id)?.LatencyNs })],
            Counts = built.Counts with
            {
                Sent =
                    query.Type == QueryType.AddProvider
                        ? built.Peers.Sum(static peer => peer.Requests.Count(static message => message.Outcome == RequestOutcome.Sent))
                        : null,
            },
        };
    }

    private static void Describe(LookupBuilder builder, QueryPeer peer, bool hasState, int position)
    {
        if (builder.Peer(peer.Id) is not { } draft)
        {
            return;
        }

        draft.HeardPosition = position;
        draft.HeardNs = peer.HeardNs;
        draft.TakenNs = peer.TakenNs;
        draft.Hops = peer.Hops;
        draft.HopsAtLeast = peer.HopsAtLeast;
        draft.Referrer = peer.Referrer;
        draft.ReferrerInferred = peer.ReferrerInferred;
        draft.AskedAfter = peer.AskedAfter;

        // A file that says one of these says how the peer was heard of. Otherwise the answers tell it.
        draft.IsHeard = peer.HeardNs is not null || peer.Hops is not null || peer.Referrer is not null;
        draft.GivenXor = peer.Xor;
        draft.GivenOrder = peer.Order;
        draft.GivenState = hasState ? peer.State : null;
        draft.Duplicate = peer.Duplicate;
        draft.Agent = peer.Agent;
        draft.GivenAddresses = peer.Addresses;
        draft.Protocols = peer.Protocols.IsEmpty ? null : peer.Protocols;
        if (peer.Dial is { } dial)
        {
            draft.Add(dial);
        }
    }

    private static RequestDraft Draft(LookupBuilder builder, PeerDraft peer, PeerRequest message, SpanId number) =>
        new(peer, message.Type, message.StartNs, number)
        {
            DurationNs = message.DurationNs,
            GivenEndNs = message.EndNs == message.StartNs + message.DurationNs ? null : message.EndNs,
            Outcome = message.Outcome,
            Error = message.Error,
            Returned = message.Returned,
            New = message.New,
            Providers = message.Providers,
            Records = message.Records,
            Ipns = message.Ipns,
            Closer = message.Named.IsDefault ? null : builder.Answer(message.Named),
            NamesPeersWithoutRow = true,
        };

    /// <summary>
    /// Every listed peer has a row, also one that nothing tells more of. One that was dialed and that no answer names was the node's own;
    /// a referrer that is given tells the hops.
    /// </summary>
    private static void Restore(LookupBuilder builder, IReadOnlyList<(QueryPeer Peer, bool HasState)> given)
    {
        foreach (var (peer, _) in given)
        {
            if (builder.Peer(peer.Id) is not { } draft)
            {
                continue;
            }

            if (!draft.IsHeard && peer.Dial is not null)
            {
                draft.Hops = 0;
                draft.HeardNs = 0;
            }

            draft.IsHeard = true;
            if (draft.Hops is null && draft.Referrer is { } referrer)
            {
                draft.Hops = builder.Peer(referrer)?.Hops + 1;
            }
        }
    }

    private static QueryPeer? Find(IReadOnlyList<(QueryPeer Peer, bool HasState)> given, string id)
    {
        foreach (var (peer, _) in given)
        {
            if (peer.Id == id)
            {
                return peer;
            }
        }

        return null;
    }
}
