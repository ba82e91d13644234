using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>
/// Queries of two days from seeds: the day before the present one over a healthy network, the last 24 hours over the same network after
/// many of its peers died, so that lookups wait for dials that time out. The last full hour and the hour that runs now have many queries,
/// and so have the same hours of the day before: a test may compare either pair, whenever it runs.
/// </summary>
public sealed class SimulatedDays
{
    /// <summary>Queries of an hour with many, enough for an interval of its 90th percentile.</summary>
    public const int Many = 60;

    private const int Few = 4;
    private const int Hours = 48;
    private const int Seed = 20261122;
    private const int NetworkSize = 250;

    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];

    private static QueryKey Name
    {
        get
        {
            byte[] bytes = [.. "/ipns/"u8, .. NamedPeer];
            return new QueryKey("/ipns/" + KeyTexts.Base36Cid(NamedPeer), Convert.ToHexStringLower(bytes), KadId.Of(bytes).ToString());
        }
    }

    /// <summary>Simulates the two days that end with the hour of a moment.</summary>
    public SimulatedDays(DateTimeOffset now)
    {
        ThisHour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var before = new SimulatedNetwork(Seed, NetworkSize, medianRoundTripNs: 40e6);
        var after = new SimulatedNetwork(
            Seed,
            NetworkSize,
            new NetworkFaults(Dead: 0.15, Refusing: 0.1, BlackHoles: 0.03),
            medianRoundTripNs: 70e6
        );
        for (var hour = 0; hour <= Hours; hour++)
        {
            var count = hour is Hours - 25 or Hours - 24 or Hours - 1 or Hours ? Many : Few;
            var network = hour <= Hours - 24 ? before : after;
            for (var i = 0; i < count; i++)
            {
                var start = ThisHour.AddHours(hour - Hours).AddSeconds(3600.0 * i / count);
                var lookup = LookupSimulator.NewLookup(network, Types[i % Types.Length], Seed + (hour * 1000) + i) with
                {
                    StartUnixNano = (ulong)(start - DateTimeOffset.UnixEpoch).Ticks * 100,
                };
                Queries.Add(new LookupSimulator(network).Run(lookup));
            }
        }

        // The lookup before a put-value is one for the closest peers.
        var record = new SimulatedLookup
        {
            Type = QueryType.GetClosestPeers,
            Key = Name,
            Target = KadId.Of(Convert.FromHexString(Name.Bytes)),
            Seed = Seed - 1, // ids are made of it: that of no other query
            StartUnixNano = Queries[0].StartUnixNano,
        };
        Published = new LookupSimulator(before).Run(record) with { Type = QueryType.PutValue };
        Queries.Insert(1, Published);
    }

    /// <summary>The key of an IPNS record: <c>/ipns/</c> and the bytes of a peer id (https://specs.ipfs.tech/ipns/ipns-record/).</summary>
    public static byte[] NamedPeer { get; } =
    [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, .. Enumerable.Range(1, 32).Select(static i => (byte)(i * 7))];

    /// <summary>The query that publishes a record under the name of <see cref="NamedPeer"/>.</summary>
    public Query Published { get; }

    /// <summary>Begin of the hour that runs.</summary>
    public DateTimeOffset ThisHour { get; }

    /// <summary>All queries, oldest first.</summary>
    public List<Query> Queries { get; } = [];

    /// <summary>The queries that began in an hour.</summary>
    public IReadOnlyList<Query> In(DateTimeOffset hour)
    {
        var from = (ulong)(hour - DateTimeOffset.UnixEpoch).Ticks * 100;
        return [.. Queries.Where(query => query.StartUnixNano >= from && query.StartUnixNano < from + 3_600_000_000_000)];
    }
}
