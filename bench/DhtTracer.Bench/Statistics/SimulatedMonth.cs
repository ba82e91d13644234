using System.Buffers.Binary;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Storage;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Traces;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Statistics;

/// <summary>
/// Simulated lookups of 30 days, evenly spread until now, the second half over a network that lost many of its peers. Some hundred lookups
/// are simulated and come again under other ids, keys, times and services. Their rows are written as an analysis writes them; of their
/// spans only the root is stored, because a million whole traces take 15 GB and no statistic reads them.
/// </summary>
internal static class SimulatedMonth
{
    /// <summary>Days that it covers.</summary>
    public const int Days = 30;

    /// <summary>Every key is looked up so many times.</summary>
    public const int QueriesOfKey = 5;

    private const int Seed = 20261122;
    private const int Different = 400;
    private const int NetworkSize = 4000;
    private const int Batch = 1000;

    /// <summary>One query in so many is one that the node made for itself.</summary>
    private const int BackgroundEach = 10;

    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];
    private static readonly string[] Services = ["kubo-a", "kubo-b", "gateway"];

    /// <summary>The bytes of the key of a query.</summary>
    public static byte[] KeyOf(int number)
    {
        var multihash = new byte[34];
        (multihash[0], multihash[1]) = (0x12, 32);
        new Random(Seed + (number / QueriesOfKey)).NextBytes(multihash.AsSpan(2));
        return multihash;
    }

    public static async Task WriteAsync(TraceStore store, int queries, TextWriter progress)
    {
        var healthy = Lookups(new SimulatedNetwork(Seed, NetworkSize, medianRoundTripNs: 40e6));
        var faulty = Lookups(
            new SimulatedNetwork(Seed, NetworkSize, new NetworkFaults(Dead: 0.15, Refusing: 0.1, BlackHoles: 0.03), medianRoundTripNs: 70e6)
        );
        var end = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var apart = (ulong)TimeSpan.FromDays(Days).Ticks * 100 / (ulong)queries;
        foreach (var numbers in Enumerable.Range(0, queries).Chunk(Batch))
        {
            var batch = numbers
                .Select(i => Copy((i < queries / 2 ? healthy : faulty)[i % Different], i, end - ((ulong)(queries - i) * apart)))
                .ToList();
            await WriteAsync(store, batch);
            if ((numbers[^1] + 1) % 50_000 == 0)
            {
                await progress.WriteLineAsync($"{numbers[^1] + 1:N0} queries");
            }
        }
    }

    private static List<ReconstructedTrace> Lookups(SimulatedNetwork network) =>
        [
            .. Enumerable
                .Range(0, Different)
                .Select(i => new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, Types[i % Types.Length], Seed + i)))
                .Select(static query => ReconstructedTrace.Of([WithPlaces(query)])),
        ];

    // Each peer has an address and one of some dozen agent versions, the same in all lookups.
    private static Query WithPlaces(Query query) =>
        query with
        {
            Peers =
            [
                .. query.Peers.Select(static peer =>
                {
                    var hash = BinaryPrimitives.ReadUInt32LittleEndian(PeerId.Parse(peer.Id).Bytes[4..]);
                    return peer with
                    {
                        Agent = peer.Agent is null ? null : $"kubo/0.{20 + (hash % 24)}.{hash / 24 % 3}",
                        Addresses = [$"/ip4/10.{hash >> 8 & 255}.{hash >> 16 & 255}.{hash >> 24}/udp/4001/quic-v1"],
                    };
                }),
            ],
        };

    private static ReconstructedTrace Copy(ReconstructedTrace lookup, int number, ulong start)
    {
        var (operation, query) = (lookup.Operations[0], lookup.Queries[0]);
        var id = new QueryId(new TraceId(0x5EED, (ulong)number + 1), new SpanId((ulong)number + 1));
        var bytes = KeyOf(number);
        var key =
            query.Type == QueryType.FindPeer
                ? query.Key
                : new QueryKey(Base58.Encode(bytes), Convert.ToHexStringLower(bytes), KadId.Of(bytes).ToString());

        // A little longer than the lookup that it repeats, so that few durations are equal.
        var duration = query.DurationNs + new Random(number).NextInt64(1_000_000);
        var phases = query.Phases is { } known
            ? known with
            {
                OwnNs = known.OwnNs + (duration - query.DurationNs).GetValueOrDefault(),
            }
            : null;
        var service = Services[number % Services.Length];
        var background = number % BackgroundEach == 0;
        return lookup with
        {
            Operations =
            [
                operation with
                {
                    Id = id,
                    Decisive = id,
                    Key = key,
                    Service = service,
                    Background = background,
                    StartUnixNano = start,
                    DurationNs = duration,
                    Queries = [operation.Queries[0] with { Id = id, DurationNs = duration }],
                },
            ],
            Queries =
            [
                query with
                {
                    Id = id,
                    OperationId = id,
                    Key = key,
                    Service = service,
                    Background = background,
                    StartUnixNano = start,
                    DurationNs = duration,
                    Phases = phases,
                },
            ],
        };
    }

    private static async Task WriteAsync(TraceStore store, List<ReconstructedTrace> batch)
    {
        var roots = batch.ConvertAll(static found => Root(found.Queries[0]));
        await store.AppendAsync([.. roots.Select(static span => new TraceChunk(span.TraceId, OtlpProtobuf.Encode([span]), 1))]);
        var parts = (await store.ReadInboxAsync(0, long.MaxValue))
            .SelectMany(static row =>
                row.Waiting.Select(chunk => (chunk.TraceId, Part: new AssembledPart(row.Row, row.ReceivedUnixNano, chunk.Otlp)))
            )
            .ToDictionary(static waiting => waiting.TraceId, static waiting => waiting.Part);
        var contents = await store.LoadAsync([.. roots.Select(root => new AssembledTrace(root.TraceId, [parts[root.TraceId]]))]);
        var analyses = new List<TraceAnalysis>();
        foreach (var (span, found, loaded) in roots.Zip(batch, contents))
        {
            var content = loaded ?? throw new InvalidOperationException("the trace that was just stored is gone");
            analyses.Add(
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = [span],
                    Found = found,
                    Version = AnalysisVersion.Current,
                }
            );
        }

        await store.SaveAnalysesAsync(analyses);
    }

    private static Span Root(Query query) =>
        new()
        {
            TraceId = query.Id.TraceId,
            SpanId = query.Id.SpanId,
            Name = "dht.query",
            Kind = SpanKind.Internal,
            StartUnixNano = query.StartUnixNano,
            EndUnixNano = query.StartUnixNano + (ulong)query.DurationNs.GetValueOrDefault(),
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", query.Service!)) },
            Scope = new InstrumentationScope { Name = "DhtTracer.Kademlia" },
        };
}
