using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics;

public class OperationFactsTests
{
    private static readonly SimulatedNetwork Network = new(
        seed: 14,
        size: 120,
        new NetworkFaults(Dead: 0.15, Refusing: 0.1, BlackHoles: 0.05)
    );

    [Fact]
    public void Facts_are_what_the_simulated_lookup_did()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var query = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, QueryType.GetProviders, seed));
            var facts = Of(query);

            // Faults are known from the network, not from the query's own errors.
            var byId = Network.Peers.ToDictionary(p => p.Id);
            var settled = query.Peers.Where(p => p.State != PeerState.Cancelled && p.Order is not null).ToList();
            Assert.Equal(settled.Count(p => byId[p.Id].Fault == SimulatedFault.Dead), Errors(ErrorClass.DialTimeout));
            Assert.Equal(settled.Count(p => byId[p.Id].Fault == SimulatedFault.Refuses), Errors(ErrorClass.DialRefused));
            Assert.Equal(settled.Count(p => byId[p.Id].Fault == SimulatedFault.BlackHole), Errors(ErrorClass.RequestTimeout));
            Assert.Equal(query.Peers.Count(p => p.Dial is { Reused: true }), facts.Reused);
            Assert.Equal(settled.Count(p => byId[p.Id].Fault == SimulatedFault.None), facts.Agents.Sum(a => a.Count));
            var first = query.Peers.SelectMany(p => p.Requests).Where(r => r.Providers > 0).Select(r => r.StartNs + r.DurationNs).Min();
            Assert.Equal(first, facts.FirstResultNs);

            long Errors(string name) => facts.PeerErrors.Where(e => e.Name == name).Sum(e => e.Count);
        }
    }

    [Fact]
    public void What_the_trace_does_not_tell_stays_unknown()
    {
        var query = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, 1));
        var facts = Of(query with { Counts = query.Counts with { Dialed = null }, DurationNs = null, DiscoveryNs = null });
        Assert.Null(facts.Reused);
        Assert.Null(facts.DurationNs);
        Assert.Null(facts.FirstResultNs);
    }

    [Fact]
    public void Times_are_after_the_start_of_the_operation_and_counts_are_those_of_the_decisive_query()
    {
        var query = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, QueryType.GetProviders, 3));
        var operation = Assert.Single(ReconstructedTrace.Of([query]).Operations) with
        {
            StartUnixNano = query.StartUnixNano - 1_000,
            DurationNs = 77,
            DiscoveryNs = 55,
            Outcome = QueryOutcome.Cancelled,
            Error = new TraceError(ErrorClass.Cancelled, null),
        };
        var (own, facts) = (Of(query), OperationFacts.From(operation, query));
        Assert.Equal(
            (77, 55, QueryOutcome.Cancelled, ErrorClass.Cancelled),
            (facts.DurationNs!.Value, facts.DiscoveryNs!.Value, facts.Outcome, facts.ErrorClass)
        );
        Assert.Equal(own.FirstResultNs + 1_000, facts.FirstResultNs);
        Assert.Equal((query.Hops, query.Counts.Queried, query.Counts.Dialed), (facts.Hops, facts.Queried, facts.Dialed));
        var none = OperationFacts.From(operation, null);
        Assert.Equal((null, null, null), (none.Hops, none.Queried, none.FirstResultNs));
    }

    private static OperationFacts Of(Query query) => OperationFacts.From(Assert.Single(ReconstructedTrace.Of([query]).Operations), query);
}
