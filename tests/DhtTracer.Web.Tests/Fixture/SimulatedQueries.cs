using System.Collections.Immutable;
using System.Security.Cryptography;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>
/// Queries of known truth from a seed. Not a model of the DHT: what matters is that every state, phase and unknown occurs, and that
/// the numbers are those that a test reads from here.
/// </summary>
internal static class SimulatedQueries
{
    private const long Millisecond = 1_000_000;

    /// <summary>22 November 2026, 08:00 UTC.</summary>
    public const ulong Epoch = 1_795_334_400_000_000_000;

    /// <summary>A valid peer id that is always the same for a number.</summary>
    public static string PeerIdOf(int number)
    {
        Span<byte> bytes = stackalloc byte[38];
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]) = (0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
        SHA256.HashData(BitConverter.GetBytes(number), bytes[6..]);
        return Base58.Encode(bytes);
    }

    /// <summary>A query that heard of <paramref name="peers"/> peers.</summary>
    public static Query Make(int seed, int peers, Func<Query, Query>? change = null)
    {
        var random = new Random(seed);
        var target = SHA256.HashData(BitConverter.GetBytes(-seed));
        byte[] multihash = [0x12, 0x20, .. target];
        var kadId = SHA256.HashData(multihash);
        var duration = random.Next(800, 9000) * Millisecond;
        var rows = new List<QueryPeer>(peers);
        for (var i = 0; i < peers; i++)
        {
            rows.Add(Peer(random, i, peers, seed, duration, rows, kadId));
        }

        var order = 0;
        rows = [.. rows.Select(row => row.Requests.IsEmpty && row.Dial is null ? row : row with { Order = ++order })];
        var traceId = new TraceId((ulong)seed * 0x9E37_79B9_7F4A_7C15, (ulong)seed);
        var id = new QueryId(traceId, new SpanId((ulong)seed + 1));
        var query = new Query
        {
            Id = id,
            OperationId = id,
            Type = QueryType.GetProviders,
            Key = new QueryKey(CidOf(multihash), Convert.ToHexStringLower(multihash), Convert.ToHexStringLower(kadId)),
            Source = TraceSource.Native,
            Service = "simulated",
            Node = PeerIdOf(-1),
            StartUnixNano = Epoch + ((ulong)seed * 60_000_000_000),
            DurationNs = duration,
            Outcome = QueryOutcome.Success,
            Termination = QueryTermination.Completed,
            DiscoveryNs = duration / 2,
            Parameters = new QueryParameters(10, 3, 20),
            Counts = new QueryCounts { Results = 3 },
            Peers = [.. rows],
        };
        return change is null ? query : change(query);
    }

    /// <summary>CIDv1 of the raw codec (0x55) in base32: the form that a page shows of a bare multihash.</summary>
    private static string CidOf(byte[] multihash) =>
        Multihash.TryParse(multihash, out var parsed)
            ? Cid.CreateV1(0x55, parsed).ToString()
            : throw new InvalidOperationException("no multihash");

    private static QueryPeer Peer(Random random, int i, int peers, int seed, long duration, List<QueryPeer> before, byte[] target)
    {
        var heard = i < 3 ? 0 : (long)(duration * 0.8 * i / peers);
        var referrer = i < 3 ? null : before[random.Next(Math.Max(0, i - 8), i)];
        var id = PeerIdOf((seed * 100_000) + i);
        var start = heard + (random.Next(0, 40) * Millisecond);
        var dialTime = random.Next(5, 120) * Millisecond;
        var requestTime = random.Next(20, 400) * Millisecond;
        var state =
            i > peers * 0.8
                ? PeerState.Heard
                : (i % 11) switch
                {
                    4 => PeerState.DialFailed,
                    7 => PeerState.RequestFailed,
                    9 => PeerState.NoAnswer,
                    _ => PeerState.Answered,
                };
        var row = new QueryPeer
        {
            Id = id,
            Xor = Xor(id, target),
            Hops = referrer is null ? 0 : referrer.Hops + 1,
            Referrer = referrer?.Id,
            HeardNs = heard,
            State = state,
            Agent = (i % 4) switch
            {
                0 => "kubo/0.39.0",
                1 => "js-libp2p/3.3.11",
                2 => "rust-libp2p/0.56",
                _ => null,
            },
        };
        return state switch
        {
            PeerState.Heard => row,
            PeerState.DialFailed => row with
            {
                Dial = new PeerDial(start, dialTime * 10, false, new TraceError(ErrorClass.DialTimeout, "context deadline exceeded")),
            },
            _ => row with
            {
                Dial = new PeerDial(start, dialTime, false, null),
                Requests =
                [
                    new PeerRequest
                    {
                        Type = MessageType.GetProviders,
                        StartNs = start + dialTime,
                        DurationNs = requestTime,
                        Outcome = state switch
                        {
                            PeerState.Answered => RequestOutcome.Answered,
                            PeerState.RequestFailed => RequestOutcome.Failed,
                            _ => RequestOutcome.NoAnswer,
                        },
                        Error = state == PeerState.RequestFailed ? new TraceError(ErrorClass.Reset, "stream reset") : null,
                        Named =
                            state == PeerState.Answered
                                ? ImmutableArray.Create(PeerIdOf((seed * 100_000) + i + 1), PeerIdOf((seed * 100_000) + i + 2))
                                : default,
                    },
                ],
            },
        };
    }

    /// <summary>256 minus the length of the common prefix of the two Kademlia ids.</summary>
    private static int Xor(string peerId, byte[] target)
    {
        _ = Base58.Decode(peerId, out var bytes);
        var kadId = SHA256.HashData(bytes);
        for (var bit = 0; bit < 256; bit++)
        {
            if (((kadId[bit / 8] ^ target[bit / 8]) >> (7 - (bit % 8)) & 1) == 1)
            {
                return 256 - bit;
            }
        }

        return 0;
    }
}
