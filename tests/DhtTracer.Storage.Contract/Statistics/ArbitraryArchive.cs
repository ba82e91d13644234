using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Statistics;

/// <summary>
/// An archive of lookups in which every figure may be unknown, with both sides of dual lookups, skipped ones, background, several nodes and
/// services, and starts in no order. Its blocks of columns are short, because the numbers of operations jump to the next block.
/// </summary>
public sealed class ArbitraryArchive(TestArchive archive, TraceStore store, int seed)
{
    private static readonly SimulatedNetwork Network = new(3, 60, new NetworkFaults(Dead: 0.1, Refusing: 0.1, BlackHoles: 0.05));
    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];

    private readonly Random _random = new(seed);
    private int _next = 1;

    /// <summary>Traces that were written.</summary>
    public int Traces => _next - 1;

    /// <summary>Adds operations, and begins a new block.</summary>
    public async Task AddAsync(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            await WriteAsync(_next++);
        }

        await archive.BeginBlockAsync(store);
    }

    /// <summary>A late span of a trace arrives, and its analysis finds something else.</summary>
    public async Task AnalyseAgainAsync(int number)
    {
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(number), 100_000 + _random.Next(100_000)))]);
        await WriteAsync(number);
    }

    private Task WriteAsync(int number)
    {
        var first = Lookup(number, side: 1);
        return _random.Next(3) == 0
            ? Make.SaveAsync(store, Make.Trace(number), first, Lookup(number, side: 2) with { Background = first.Background })
            : Make.SaveAsync(store, Make.Trace(number), first);
    }

    private Query Lookup(int number, int side)
    {
        var query = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, Types[_random.Next(3)], _random.Next(40)));
        var start = Make.Start + ((ulong)_random.NextInt64(40) * 3_600_000_000_000) + (ulong)_random.Next();
        return query with
        {
            Id = new QueryId(Make.Trace(number), new SpanId((ulong)side)),
            OperationId = new QueryId(Make.Trace(number), new SpanId(1)),
            StartUnixNano = start,
            DurationNs = Sometimes(query.DurationNs),
            DiscoveryNs = Sometimes(query.DiscoveryNs),
            Hops = (int?)Sometimes(query.Hops),
            Outcome = _random.Next(4) == 0 ? (QueryOutcome)(1 + _random.Next(7)) : query.Outcome,
            Error = _random.Next(3) == 0 ? new TraceError(ErrorClass.All[_random.Next(ErrorClass.All.Count)], "x") : query.Error,
            Background = _random.Next(4) == 0,
            Skipped = _random.Next(8) == 0,
            LintMask = _random.Next(5) == 0 ? null : _random.Next(1 << 15) << 1,
            Service = new[] { "kubo", "gateway", null }[_random.Next(3)],
            Node = new[] { "node of no base58", Network.Node.Id, null }[_random.Next(3)],
            Parameters = query.Parameters with { Alpha = _random.Next(3) == 0 ? 3 : null },
            Counts = query.Counts with
            {
                Queried = (int?)Sometimes(query.Counts.Queried),
                Dialed = (int?)Sometimes(query.Counts.Dialed),
                DialFailed = (int?)Sometimes(query.Counts.DialFailed),
                Duplicates = (int?)Sometimes(_random.Next(3)),
            },
            Peers =
            [
                .. query.Peers.Select(peer =>
                    peer with
                    {
                        Agent = _random.Next(3) == 0 ? $"kubo/0.{_random.Next(4)}" : peer.Agent,
                        Addresses =
                        [
                            .. Enumerable.Range(0, _random.Next(3)).Select(_ => $"/ip4/10.0.0.{_random.Next(9)}/tcp/1").Distinct(),
                        ],
                    }
                ),
            ],
        };
    }

    private long? Sometimes(long? value) => _random.Next(6) == 0 ? null : value;
}
