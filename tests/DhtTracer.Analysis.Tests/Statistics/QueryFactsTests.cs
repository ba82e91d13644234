using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics;

public class QueryFactsTests
{
    private static readonly SimulatedNetwork Network = new(seed: 14, size: 120, new NetworkFaults(Dead: 0.15, Refusing: 0.1, BlackHoles: 0.05));

    [Fact]
    public void Facts_are_what_the_simulated_lookup_did()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var query = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, QueryType.GetProviders, seed));
            var facts = QueryFacts.From(query);

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
        var facts = QueryFacts.From(query with { Counts = query.Counts with { Dialed = null }, DurationNs = null, DiscoveryNs = null });
        Assert.Null(facts.Reused);
        Assert.Null(facts.DurationNs);
        Assert.Null(facts.FirstResultNs);
    }
}
