using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Statistics;

public class PeerSummaryTests
{
    [Fact]
    public void Every_peer_has_the_numbers_of_its_rows_counted_by_hand()
    {
        var network = new SimulatedNetwork(seed: 15, size: 60, new NetworkFaults(Dead: 0.2, BlackHoles: 0.1));
        var queries = Enumerable
            .Range(0, 30)
            .Select(seed =>
                new LookupSimulator(network).Run(
                    LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed) with
                    {
                        StartUnixNano = 1_000_000_000UL + ((ulong)seed * 3_600_000_000_000),
                    }
                )
            )
            .ToList();

        var summaries = PeerSummary.Of(queries.SelectMany(query => PeerFacts.From(query)));

        Assert.Equal(queries.SelectMany(q => q.Peers).Select(p => p.Id).Distinct().Count(), summaries.Length);
        foreach (var summary in summaries)
        {
            var (seen, queried, answered, timeouts, named) = (0, 0, 0, 0, 0L);
            var latencies = new List<long>();
            foreach (var query in queries)
            {
                foreach (var other in query.Peers)
                {
                    named +=
                        other.Id != summary.PeerId && other.State == PeerState.Answered && other.Requests[0].Named.Contains(summary.PeerId)
                            ? 1
                            : 0;
                    if (other.Id == summary.PeerId)
                    {
                        seen++;
                        queried += other.Requests.Length > 0 ? 1 : 0;
                        timeouts += other.Dial?.Error?.Class == ErrorClass.DialTimeout ? 1 : 0;
                        if (other.State == PeerState.Answered)
                        {
                            answered++;
                            latencies.Add(other.Requests[0].DurationNs!.Value);
                        }
                    }
                }
            }

            Assert.Equal((seen, queried, answered), (summary.Seen, summary.Queried, summary.Answered));
            Assert.Equal(timeouts, summary.Failures.Where(f => f.Name == ErrorClass.DialTimeout).Sum(f => f.Count));
            Assert.Equal(named, summary.NamedByOthers);
            Assert.Equal(latencies.Count, summary.RequestLatency.Count);
            if (latencies.Count > 0)
            {
                latencies.Sort();
                Assert.Equal(latencies[(latencies.Count - 1) / 2], summary.RequestLatency.P50!.Value);
                Assert.Equal(answered, Assert.Single(summary.Agents).Operations);
            }
        }
    }

    [Fact]
    public void Texts_over_time_keep_their_first_and_last_query_in_the_order_first_seen()
    {
        var query = new LookupSimulator(new SimulatedNetwork(1, 30)).Run(
            LookupSimulator.NewLookup(new SimulatedNetwork(1, 30), QueryType.GetClosestPeers, 1)
        );
        var fact = PeerFacts.From(query)[0];
        var summary = Assert.Single(
            PeerSummary.Of([
                fact with
                {
                    QueryStartUnixNano = 30,
                    Agent = "new",
                    Addresses = ["/ip4/1.1.1.1/tcp/1"],
                },
                fact with
                {
                    OperationId = Other(0xA1),
                    QueryStartUnixNano = 10,
                    Agent = "old",
                    NamedBy = null,
                },
                fact with
                {
                    OperationId = Other(0xA2),
                    QueryStartUnixNano = 20,
                    Agent = "new",
                    NamedBy = null,
                },
            ])
        );
        Assert.Equal([new SeenText("old", 1, 10, 10), new SeenText("new", 2, 20, 30)], summary.Agents);
        Assert.Equal([new SeenText("/ip4/1.1.1.1/tcp/1", 1, 30, 30)], summary.Addresses);
        Assert.Equal((10UL, 30UL), (summary.FirstSeenUnixNano, summary.LastSeenUnixNano));
        Assert.Null(PeerSummary.Of([fact with { NamedBy = null }])[0].NamedByOthers);

        QueryId Other(ulong span) => new(fact.OperationId.TraceId, new SpanId(span));
    }
}
