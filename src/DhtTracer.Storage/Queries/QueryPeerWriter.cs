using DhtTracer.Analysis;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Storage;

/// <summary>Bits of <c>query_peer.flags</c>.</summary>
[Flags]
internal enum PeerFlags
{
    None = 0,

    /// <summary>Asked again, or added twice.</summary>
    Duplicate = 1,

    /// <summary>An answer named it.</summary>
    Named = 2,

    /// <summary>The trace shows a dial.</summary>
    Dial = 4,

    /// <summary>An existing connection was used.</summary>
    Reused = 8,

    /// <summary>A new connection was attempted.</summary>
    NewConnection = 16,
}

/// <summary>Puts a peer that a query dialed or asked into its row.</summary>
internal static class QueryPeerWriter
{
    private const long Hour = 3600L * 1_000_000_000;
    private const int MaxCachedAddresses = 200_000;

    public static void Insert(WriteSession session, long query, long start, QueryPeer peer)
    {
        var number = session.Peers.Intern(peer.Id);
        var request = Measured(peer);
        session["""
            INSERT INTO query_peer (query, peer, start_ns, state, flags, rank, xor, hops, dial_ns, dial_error, requests, request_ns,
              request_error, returned, fresh, agent)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            """]
            .Bind(1, query).Bind(2, number).Bind(3, start).Bind(4, (long)peer.State).Bind(5, (long)Flags(peer)).Bind(6, peer.Order)
            .Bind(7, peer.Xor).Bind(8, peer.Hops).Bind(9, peer.Dial?.DurationNs)
            .Bind(10, session.Texts.InternOrNull(peer.Dial?.Error?.Class)).Bind(11, peer.Requests.Length).Bind(12, request?.DurationNs)
            .Bind(13, session.Texts.InternOrNull(RequestError(peer))).Bind(14, Sum(peer, static item => item.Returned))
            .Bind(15, Sum(peer, static item => item.New)).Bind(16, session.Texts.InternOrNull(peer.Agent))
            .Run();
        foreach (var address in peer.Addresses)
        {
            Address(session, number, session.Texts.Intern(address), start);
        }
    }

    private static PeerFlags Flags(QueryPeer peer) =>
        (peer.Duplicate ? PeerFlags.Duplicate : PeerFlags.None)
        | (peer.Referrer is not null && !peer.ReferrerInferred ? PeerFlags.Named : PeerFlags.None)
        | (peer.Dial is not null ? PeerFlags.Dial : PeerFlags.None)
        | (peer.Dial?.Reused == true ? PeerFlags.Reused : PeerFlags.None)
        | (peer.Dial?.Reused == false ? PeerFlags.NewConnection : PeerFlags.None);

    /// <summary>The request whose latency is the peer's in this query: the first that was answered, else the first that ended.</summary>
    private static PeerRequest? Measured(QueryPeer peer)
    {
        PeerRequest? ended = null;
        foreach (var request in peer.Requests)
        {
            if (request.DurationNs is null)
            {
                continue;
            }

            if (request.Outcome == RequestOutcome.Answered)
            {
                return request;
            }

            ended ??= request;
        }

        return ended;
    }

    private static string? RequestError(QueryPeer peer)
    {
        foreach (var request in peer.Requests)
        {
            if (request.Error is { } error)
            {
                return error.Class;
            }
        }

        return null;
    }

    /// <summary>The sum of what is known; null when nothing is.</summary>
    private static long? Sum(QueryPeer peer, Func<PeerRequest, int?> value)
    {
        long? sum = null;
        foreach (var request in peer.Requests)
        {
            if (value(request) is { } known)
            {
                sum = (sum ?? 0) + known;
            }
        }

        return sum;
    }

    /// <summary>Widens the time in which the peer had the address; to the hour, so that most queries need not write.</summary>
    private static void Address(WriteSession session, long peer, long address, long start)
    {
        var hour = start / Hour * Hour;
        if (session.Addresses.TryGetValue((peer, address), out var last) && last == hour)
        {
            return;
        }

        if (session.Addresses.Count >= MaxCachedAddresses)
        {
            session.Addresses.Clear();
        }

        session.Addresses[(peer, address)] = hour;
        session["""
            INSERT INTO peer_address (peer, address, first_ns, last_ns) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT DO UPDATE SET first_ns = min(first_ns, excluded.first_ns), last_ns = max(last_ns, excluded.last_ns)
            WHERE excluded.first_ns < first_ns OR excluded.last_ns > last_ns
            """].Bind(1, peer).Bind(2, address).Bind(3, hour).Run();
    }
}
