using System.Buffers.Binary;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Sweeps;
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
            await WriteAsync(store, batch, batch.ConvertAll(static found => Root(found.Queries[0])));
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

    /// <summary>What became of five providers: one in three was dead, and one in ten of the others had no block.</summary>
    private static ProviderFates FatesOf(int number)
    {
        var random = new Random(number);
        ProviderFate Provider(int place)
        {
            var step =
                random.Next(3) == 0 ? ProviderStep.Failed
                : random.Next(10) == 0 ? ProviderStep.WithoutBlock
                : ProviderStep.Connected;
            var end = 5_000_000L + random.NextInt64(5_000_000_000);
            return new ProviderFate
            {
                Peer = $"provider {place}",
                Step = step,
                Failure = step == ProviderStep.Failed ? (ProviderFailure)random.Next(8) : null,
                FoundNs = 1_000_000,
                ConnectedNs = step == ProviderStep.Failed ? null : end,
                FailedNs = step == ProviderStep.Failed ? end : null,
                Transport = random.Next(4) == 0 ? "tcp" : "quic",
                Agent = $"kubo/0.{20 + random.Next(24)}.0",
            };
        }

        return new ProviderFates
        {
            Cid = "bafkqaaa",
            Block = random.Next(5) == 0 ? BlockArrival.None : BlockArrival.Came,
            BlockNs = 1_000_000_000,
            Providers = [.. Enumerable.Range(0, 5).Select(Provider)],
        };
    }

    /// <summary>
    /// A provide sweep of the last 22 hours: as many turns of keys as a page reads at most, and the lookups that explored 512 regions.
    /// </summary>
    public static async Task WriteSweepAsync(TraceStore store)
    {
        const int Keys = 140_000;
        const int Explorations = 5_000;
        var id = new TraceId(0x5EEDED, 1);
        var random = new Random(Seed);
        var end = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var length = (ulong)TimeSpan.FromHours(22).Ticks * 100;
        var keys = new byte[Keys][];
        for (var i = 0; i < Keys; i++)
        {
            keys[i] = KeyOf(i * QueriesOfKey);
        }

        // In the order of the key space, as a sweep goes through it.
        Array.Sort(keys, static (left, right) => KeyPrefix.PositionOf(left).CompareTo(KeyPrefix.PositionOf(right)));
        var facts = new List<SweepFact>(Keys + Explorations);
        for (var i = 0; i < Keys; i++)
        {
            // Two hundred and seventy-three keys of a region together, then nothing until the next region.
            var region = (ulong)(i / 273);
            facts.Add(
                new SweepMark
                {
                    Id = new QueryId(id, new SpanId((ulong)i + 10)),
                    StartUnixNano = end - length + (region * (length / 513)) + ((ulong)(i % 273) * 1_000_000),
                    DurationNs = 500_000,
                    Service = "Kubo",
                    Key = [.. keys[i]],
                }
            );
        }

        for (var i = 0; i < Explorations; i++)
        {
            var answered = new ulong[20];
            for (var peer = 0; peer < answered.Length; peer++)
            {
                answered[peer] = (ulong)random.NextInt64();
            }

            facts.Add(
                new SweepExploration
                {
                    Id = new QueryId(id, new SpanId((ulong)(Keys + i) + 10)),
                    StartUnixNano = end - length + ((ulong)i * (length / Explorations)),
                    DurationNs = 80_000_000,
                    Service = "Kubo",
                    Key = [.. keys[i * (Keys / Explorations)]],
                    Answered = [.. answered],
                }
            );
        }

        var root = new Span
        {
            TraceId = id,
            SpanId = new SpanId(1),
            Name = "IpfsDHT.Provide",
            Kind = SpanKind.Internal,
            StartUnixNano = end - length,
            EndUnixNano = end,
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", "Kubo")) },
            Scope = new InstrumentationScope(),
        };
        await WriteAsync(store, [ReconstructedTrace.Empty with { Sweep = [.. facts] }], [root]);
    }

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
                    Fates = query.Type == QueryType.GetProviders && !background ? FatesOf(number) : null,
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

    private static async Task WriteAsync(TraceStore store, List<ReconstructedTrace> batch, List<Span> roots)
    {
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
