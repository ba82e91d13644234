using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.ArchiveSimulator;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(DhtTracer.Web.Tests.Fixture.KnownArchive))]

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>
/// A site over an archive whose truth is known: lookups of two nodes in two simulated networks, one healthy and one with faults, with every
/// outcome, two alphas, keys that are looked up again, and background lookups. Tests read it and change nothing.
/// </summary>
public sealed class KnownArchive : IAsyncLifetime
{
    /// <summary>Lookups that are not background.</summary>
    public const int Count = 360;

    /// <summary>Nanoseconds between two starts.</summary>
    public const ulong IntervalNs = 300_000_000_000;

    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];

    private Site? _site;

    /// <summary>The foreground queries, oldest first.</summary>
    public IReadOnlyList<Query> Queries { get; private set; } = [];

    /// <summary>All queries, background lookups included.</summary>
    public IReadOnlyList<Query> All { get; private set; } = [];

    /// <summary>The moment that the site takes for the present: ten minutes after the last start.</summary>
    public static DateTimeOffset Now { get; } =
        DateTimeOffset.UnixEpoch.AddTicks((long)((SimulatedQueries.Epoch + (Count * IntervalNs) + 300_000_000_000) / 100));

    /// <summary>The site.</summary>
    internal Site Site => _site ?? throw new InvalidOperationException("The archive is not loaded.");

    public async ValueTask InitializeAsync()
    {
        SimulatedNetwork[] networks =
        [
            new SimulatedNetwork(seed: 71, size: 45),
            new SimulatedNetwork(seed: 72, size: 45, new NetworkFaults(Dead: 0.12, Refusing: 0.08, BlackHoles: 0.04)),
        ];
        All = [.. Enumerable.Range(0, Count + 12).Select(i => Make(networks, i))];
        Queries = [.. All.Where(query => !query.Background)];
        _site = await Site.StartAsync(static services => services.AddSingleton<TimeProvider>(new FixedClock(Now)), All);
    }

    public async ValueTask DisposeAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    private static Query Make(SimulatedNetwork[] networks, int i)
    {
        // The faulty network is met more often in the later half, so that the halves differ.
        var which = i < Count / 2 ? (i % 4 == 3 ? 1 : 0) : (i % 4 == 3 ? 0 : 1);
        var network = networks[which];
        var type = Types[i % 3];

        // Every tenth lookup is for the key of the first of its type, with latencies of its own.
        var lookup = LookupSimulator.NewLookup(network, type, i % 10 == 0 ? (which * 1_000_000) + (i % 3) + 1 : i + 1_000);
        var query = new LookupSimulator(network).Run(
            lookup with
            {
                Seed = i + 1,
                Alpha = i % 2 == 0 ? 3 : 10,
                DialTimeoutNs = 1_500_000_000,
                RequestTimeoutNs = 2_500_000_000,
                StartUnixNano = SimulatedQueries.Epoch + ((ulong)(i < Count ? i : (i - Count) * 20) * IntervalNs),
            }
        );
        query = query with { Service = which == 0 ? "steady" : "shaky", Background = i >= Count };
        return i >= Count
            ? query
            : (i % 30) switch
            {
                7 => query with
                {
                    Outcome = QueryOutcome.Failed,
                    Error = new TraceError(ErrorClass.NoPeers, "no peers"),
                    DiscoveryNs = null,
                },
                11 => query with
                {
                    Outcome = QueryOutcome.TimedOut,
                    Error = new TraceError(ErrorClass.RequestTimeout, "deadline"),
                    DiscoveryNs = null,
                    Termination = null,
                },
                19 => query with
                {
                    Outcome = QueryOutcome.Cancelled,
                    Error = new TraceError(ErrorClass.Cancelled, "by the caller"),
                    Termination = QueryTermination.Cancelled,
                },
                26 => Incomplete(query),
                _ => query,
            };
    }

    /// <summary>What is left to know when the root never arrived; the spans of its peers begin with the first peer heard of.</summary>
    private static Query Incomplete(Query query) =>
        query with
        {
            Outcome = QueryOutcome.Incomplete,
            Error = null,
            Key = null,
            DurationNs = null,
            DiscoveryNs = null,
            Termination = null,
            Parameters = new QueryParameters(null, null, null),
            Counts = query.Counts with { Results = null },
            StartUnixNano = query.StartUnixNano + (ulong)query.Peers.Min(peer => peer.HeardNs!.Value),
        };
}

/// <summary>A clock that stands still.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
