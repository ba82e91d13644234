using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain;

public class ConcurrencySeriesTests
{
    [Fact]
    public void A_peer_takes_one_place_from_dial_to_answer()
    {
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Parameters = new QueryParameters(2, 2, 20) } }
            .Answered("A", 250, heard: 0, dial: (0, 10), request: (15, 40))
            .Answered("B", 249, heard: 0, dial: (20, 30), request: (30, 60))
            .End(100, null);

        var series = ConcurrencySeries.Of(query);

        Assert.Equal(
            [(0L, 1, 1, 0), (10, 1, 0, 0), (15, 1, 0, 1), (20, 2, 1, 1), (30, 2, 0, 2), (40, 1, 0, 1), (60, 0, 0, 0)],
            series.Steps.Select(s => (s.TimeNs / 1_000_000, s.Peers, s.Dials, s.Requests))
        );
        Assert.Equal(2, series.Most);

        // Two places were taken only from 20 to 40.
        Assert.Equal(0.8, series.BelowAlphaShare!.Value, 12);
    }

    [Fact]
    public void The_simulator_never_has_more_than_alpha_in_flight_and_the_series_says_the_same()
    {
        var network = new SimulatedNetwork(seed: 3, size: 120, new NetworkFaults(Dead: 0.2));
        foreach (var alpha in (int[])[1, 3, 10])
        {
            var query = new LookupSimulator(network).Run(
                LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 5) with
                {
                    Alpha = alpha,
                }
            );
            var series = ConcurrencySeries.Of(query);
            Assert.Equal(alpha, series.Most);
            Assert.All(series.Steps, step => Assert.InRange(step.Dials + step.Requests, 0, step.Peers));
            Assert.Equal(0, series.Steps[^1].Peers);
        }
    }

    [Fact]
    public void Without_alpha_the_share_below_it_is_unknown() =>
        Assert.Null(
            ConcurrencySeries.Of(CriticalPathTests.TwoDeadPeers with { Parameters = new QueryParameters(null, null, null) }).BelowAlphaShare
        );
}
