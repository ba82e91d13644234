// Over 300 lines, because every way to narrow figures stands beside the checks that all of them must pass.
using System.Text.Json;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Statistics;

namespace DhtTracer.Storage.Contract.Statistics;

/// <summary>
/// Figures over blocks of columns equal those worked out from the operations themselves: unpacked, packed, and after everything that
/// changes an archive.
/// </summary>
public abstract class ColumnFiguresContract : StoreContract
{
    private const ulong Hour = 3_600_000_000_000;

    public static TheoryData<int> Seeds() => [1, 2, 3];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Figures_stay_exact_while_operations_arrive_change_and_go(int seed)
    {
        var clock = new Clock();
        await using var store = await OpenAsync(clock);
        var archive = new ArbitraryArchive(Archive, store, seed);
        for (var block = 0; block < 3; block++)
        {
            await archive.AddAsync(40);
            clock.Now += TimeSpan.FromHours(1);
        }

        await CheckAsync(store);
        Assert.Equal(Archive.PacksFigures ? 3 : 0, await PackAllAsync(store));
        await CheckAsync(store);

        for (var i = 0; i < 20; i++)
        {
            await archive.AnalyseAgainAsync(1 + ((i * 7) % archive.Traces));
        }

        await CheckAsync(store);
        Assert.InRange(await PackAllAsync(store), Archive.PacksFigures ? 1 : 0, 3);
        await CheckAsync(store);

        // The traces of the first block are old, except those that were analysed again.
        Assert.InRange(await store.Upkeep.DeleteOlderThanAsync(clock.Now.AddHours(-2.5)), 20, 40);
        await CheckAsync(store);
        await PackAllAsync(store);
        await CheckAsync(store);

        await archive.AddAsync(10);
        await CheckAsync(store);
    }

    private static async Task<int> PackAllAsync(TraceStore store)
    {
        var packed = 0;
        while (await store.PackAsync(onlySettled: false))
        {
            packed++;
        }

        return packed;
    }

    private static async Task CheckAsync(TraceStore store)
    {
        foreach (var filter in Filters())
        {
            var expected = await store.ListOperationFactsAsync(filter);
            var columns = await store.ReadOperationsAsync(filter);
            Assert.Equal(Json(PlainFigures.Overview(expected)), Json(OverviewFacts.Of(columns)));
            Assert.Equal(expected.Count, await store.CountOperationsAsync(filter with { Skipped = filter.Skipped ?? false }));
            Assert.Equal(
                Math.Min(3, expected.Count),
                await store.CountOperationsAsync(filter with { Skipped = filter.Skipped ?? false }, 3)
            );

            var hours = PeriodFacts.ByHour(columns);
            var expectedHours = expected.GroupBy(static fact => fact.StartUnixNano / Hour).OrderBy(static hour => hour.Key).ToList();
            Assert.Equal(expectedHours.Select(static hour => hour.Count()), hours.Select(static hour => hour.Operations));
            Assert.Equal(
                expectedHours.Select(static hour => Json(PlainFigures.Of(hour, static fact => fact.DurationNs))),
                hours.Select(static hour => Json(hour.Duration))
            );

            var slowest = await store.ListOperationFactsAsync(NotableOperations.Slowest(columns, 5));
            Assert.Equal(
                expected.Select(static fact => fact.DurationNs).OfType<long>().OrderDescending().Take(5),
                slowest.Select(static fact => fact.DurationNs!.Value)
            );
            var failing = await store.ListOperationFactsAsync(NotableOperations.Failing(columns, 5));
            Assert.Equal(
                expected
                    .Where(static fact => fact.Outcome is QueryOutcome.Failed or QueryOutcome.TimedOut)
                    .Select(static fact => fact.StartUnixNano)
                    .OrderDescending()
                    .Take(5),
                failing.Select(static fact => fact.StartUnixNano)
            );

            var facets = await store.ListFacetsAsync(filter);
            Assert.Equal(expected.Count, facets.Operations);
            Assert.Equal(expected.Count == 0 ? null : expected.Max(static fact => fact.StartUnixNano), facets.LastUnixNano);
            Assert.Equal(
                PlainFigures.Named(expected.Select(static fact => new NamedCount(Words.Of(fact.Type), 1))),
                facets.Types.AsEnumerable()
            );
            Assert.Equal(
                PlainFigures.Named(expected.SelectMany(static fact => fact.Agents).Select(static agent => agent with { Count = 1 })),
                facets.Agents.AsEnumerable()
            );

            var (phases, expectedPhases) = (columns.Phases, OperationColumns.Of(expected).Phases);
            Assert.Equal(expectedPhases.Operations, phases.Operations);
            Assert.All(
                phases.Operations == 0 ? [] : PhaseSums.Names,
                name =>
                {
                    Assert.Equal(expectedPhases.Mean(name).Mean, phases.Mean(name).Mean, 1e-9 * Math.Abs(expectedPhases.Mean(name).Mean));
                    Assert.Equal(expectedPhases.Mean(name).Error, phases.Mean(name).Error, 1e-6 * (1 + expectedPhases.Mean(name).Error));
                }
            );
        }

        foreach (var filter in PeerFilters())
        {
            await CheckPeersAsync(store, filter);
        }

        var (a, b) = (new QueryFilter { Type = QueryType.FindPeer }, new QueryFilter { ToUnixNano = Make.Start + (20 * Hour) });
        var compared = Comparison.Of(await store.ReadOperationsAsync(a), await store.ReadOperationsAsync(b));
        var plain = Comparison.Of(await store.ListOperationFactsAsync(a), await store.ListOperationFactsAsync(b));
        Assert.Equal(Json(plain), Json(compared));
        Assert.Equal(
            (await store.ListOperationFactsAsync(a))
                .Select(static fact => fact.Id)
                .Intersect((await store.ListOperationFactsAsync(b)).Select(static fact => fact.Id))
                .Count(),
            OperationColumns.Shared(await store.ReadOperationsAsync(a), await store.ReadOperationsAsync(b))
        );
    }

    private static async Task CheckPeersAsync(TraceStore store, QueryFilter filter)
    {
        var facts = await store.ListPeerFactsAsync(filter);
        var expected = PeerSummary.Of(facts.Facts);
        foreach (var (rank, value) in Ranks)
        {
            var sorted = expected
                .OrderByDescending(peer => value(peer) ?? -1)
                .ThenByDescending(static peer => peer.Queried)
                .ThenBy(static peer => peer.PeerId, StringComparer.Ordinal)
                .ToList();
            var page = await store.ListPeersAsync(filter, new PeerListing(rank, null, 5, 12));
            Assert.Equal(sorted.Skip(5).Take(12).Select(Json), page.Peers.Select(Json));
            Assert.Equal((expected.Length, facts.Operations), (page.Count, page.Operations));
        }

        var found = await store.ListPeersAsync(filter, new PeerListing(PeerRank.Seen, "KUBO/0.2", 0, 1000));
        Assert.Equal(
            expected
                .Where(static peer => peer.Agents.Any(static agent => agent.Text.Contains("kubo/0.2", StringComparison.Ordinal)))
                .Select(Json)
                .Order(StringComparer.Ordinal),
            found.Peers.Select(Json).Order(StringComparer.Ordinal)
        );
        var one = await store.ReadPeerAsync(filter, SomePeer);
        Assert.Equal(expected.Where(static peer => peer.PeerId == SomePeer).Select(Json), one.Peers.Select(Json));
        Assert.Equal(facts.Operations, one.Operations);
        Assert.Empty((await store.ReadPeerAsync(filter, "nobody")).Peers);

        var counted = filter with { Skipped = filter.Skipped ?? false };
        var countedFacts = (await store.ListPeerFactsAsync(counted)).Facts;
        var met = await store.ReadPeersMetAsync(filter);
        Assert.Equal(
            countedFacts
                .Where(static fact => fact.Requests > 0 || fact.State is not (PeerState.Heard or PeerState.Queued))
                .DistinctBy(static fact => (fact.OperationId, fact.PeerId))
                .CountBy(static fact => fact.PeerId)
                .OrderBy(static peer => peer.Key, StringComparer.Ordinal),
            met.Met.OrderBy(static peer => peer.Key, StringComparer.Ordinal)
        );
        var losses = PeerLosses.Of(await store.ListOperationFactsAsync(filter), countedFacts);
        Equal(losses.Peers, met.Losses.Peers);
        Equal(losses.Agents, met.Losses.Agents);
        Equal(losses.ErrorClasses, met.Losses.ErrorClasses);
    }

    private static void Equal(NamedSums expected, NamedSums actual)
    {
        Assert.Equal(expected.Operations, actual.Operations);
        Assert.Equal(expected.Names.Order(StringComparer.Ordinal), actual.Names.Order(StringComparer.Ordinal));
        foreach (var name in expected.Names)
        {
            var ((mean, error), (actualMean, actualError)) = (expected.Mean(name), actual.Mean(name));
            Assert.Equal(mean, actualMean, 1e-9 * mean);
            Assert.Equal(error, actualError, 1e-6 * (1 + error));
        }
    }

    private static readonly (PeerRank Rank, Func<PeerSummary, long?> Value)[] Ranks =
    [
        (PeerRank.TimeLost, static peer => peer.TimeLostNs),
        (PeerRank.Failures, static peer => peer.Failures.Sum(static failure => failure.Count)),
        (PeerRank.Seen, static peer => peer.Seen),
        (PeerRank.Queried, static peer => peer.Queried),
        (PeerRank.Answered, static peer => peer.Answered),
        (PeerRank.Cancelled, static peer => peer.Cancelled),
        (PeerRank.RequestP50, static peer => peer.RequestLatency.P50?.Value),
        (PeerRank.RequestP95, static peer => peer.RequestLatency.P95?.Value),
        (PeerRank.DialP50, static peer => peer.DialLatency.P50?.Value),
        (PeerRank.Named, static peer => peer.NamedByOthers),
    ];

    private static IEnumerable<QueryFilter> Filters() =>
        [
            new(),
            new() { Background = null },
            new() { Background = true },
            new() { Skipped = true, Background = null },
            new() { Type = QueryType.GetProviders },
            new() { Outcome = QueryOutcome.Failed, Background = null },
            new() { Source = TraceSource.Native },
            new() { Service = "kubo" },
            new() { Service = "nobody" },
            new() { Node = "node of no base58", Background = null },
            new() { ErrorClass = ErrorClass.NotFound, Background = null },
            new() { PeerErrorClass = ErrorClass.DialRefused },
            new() { Agent = "kubo/0.2" },
            new() { Alpha = 3 },
            new() { MinDurationNs = 300_000_000, MaxDurationNs = 6_000_000_000 },
            new()
            {
                MinHops = 2,
                MaxHops = 3,
                Background = null,
            },
            new() { FromUnixNano = Make.Start + (5 * Hour), ToUnixNano = Make.Start + (9 * Hour) },
            new() { HourOfDay = (int)((Make.Start / Hour) + 6) % 24, Background = null },
            new() { Peer = SomePeer, Background = null },
            new()
            {
                Peer = SomePeer,
                Type = QueryType.FindPeer,
                FromUnixNano = Make.Start + (9 * Hour),
            },
            new() { Key = KeyFilter.Parse(SomePeer), Background = null },
            new() { LintMask = 1 << 3 | 1 << 5 },
            new()
            {
                Peer = SomePeer,
                Except = [new() { Type = QueryType.FindPeer, Background = null }, new() { LintMask = 2, Background = null }],
            },
        ];

    // One of each kind of condition: on a column, on a range of it, on names, on a key and on a peer.
    private static IEnumerable<QueryFilter> Exceptions(string peer, string key) =>
        [
            new() { Type = QueryType.FindPeer },
            new() { Service = "kubo" },
            new() { MinDurationNs = 1_000_000_000 },
            new() { MaxHops = 2 },
            new() { PeerErrorClass = ErrorClass.DialRefused },
            new() { Agent = "kubo/0.2" },
            new() { LintMask = 1 << 4 },
            new() { Peer = peer },
            new() { Key = KeyFilter.Parse(key) },
        ];

    [Fact]
    public async Task What_is_left_out_and_what_is_kept_are_all_operations()
    {
        await using var store = await OpenAsync(new Clock());
        await new ArbitraryArchive(Archive, store, 4).AddAsync(80);
        var everything = new QueryFilter { Background = null };
        var all = await store.CountOperationsAsync(everything);
        var peer = (await store.ListPeersAsync(everything, new PeerListing(PeerRank.Queried, null, 8, 1))).Peers[0].PeerId;
        var key = (await store.ListOperationsAsync(everything, limit: 1)).Rows[0].Operation.Key!.Text;
        foreach (var except in Exceptions(peer, key).Select(static except => except with { Background = null }))
        {
            var without = new QueryFilter { Background = null, Except = [except] };
            var kept = await store.CountOperationsAsync(except);
            Assert.True(kept > 0 && kept < all, $"{kept} of {all} pass {except}");
            Assert.Equal(all - kept, await store.CountOperationsAsync(without));
            Assert.Equal(all - kept, (await store.ListOperationsAsync(without, limit: 500)).Rows.Count);
            Assert.NotEmpty((await store.ListQueriesAsync(without, limit: 500)).Rows);
        }
    }

    private static IEnumerable<QueryFilter> PeerFilters() =>
        [
            new(),
            new() { Background = null },
            new() { Service = "gateway", Background = null },
            new() { FromUnixNano = Make.Start + (12 * Hour) },
            new()
            {
                Type = QueryType.GetProviders,
                Service = "kubo",
                FromUnixNano = Make.Start + (5 * Hour),
                Background = null,
            },
            new() { Outcome = QueryOutcome.Failed, Background = null },
            new() { Peer = SomePeer, Background = true },
            new() { Service = "nobody" },
        ];

    private static string SomePeer { get; } =
        new TestSupport.ArchiveSimulator.SimulatedNetwork(3, 60, new(Dead: 0.1, Refusing: 0.1, BlackHoles: 0.05))
            .Peers.First(static peer => peer.Fault == TestSupport.ArchiveSimulator.SimulatedFault.None)
            .Id;

    private static string Json<T>(T value) => JsonSerializer.Serialize(value);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
