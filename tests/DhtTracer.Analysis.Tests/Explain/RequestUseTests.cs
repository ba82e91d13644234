using DhtTracer.Analysis.Explain;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain;

public class RequestUseTests
{
    [Fact]
    public void An_answer_is_useless_when_it_names_nobody_nearer_than_the_nearest_known()
    {
        var network = new SimulatedNetwork(seed: 8, size: 100);
        for (var seed = 0; seed < 20; seed++)
        {
            var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed);
            var query = new LookupSimulator(network).Run(lookup);

            // Replays the answers in time order with exact distances.
            var best = query.Peers.Where(p => p.Hops == 0).Select(p => Distance(p.Id)).Min();
            var (useless, nothingNew) = (0, 0);
            foreach (
                var request in query
                    .Peers.SelectMany(p => p.Requests)
                    .Where(r => r.Outcome == RequestOutcome.Answered)
                    .OrderBy(r => r.StartNs + r.DurationNs)
            )
            {
                var named = request.Named.Select(Distance).Min()!;
                useless += string.CompareOrdinal(named, best) < 0 ? 0 : 1;
                nothingNew += request.New == 0 ? 1 : 0;
                best = string.CompareOrdinal(named, best) < 0 ? named : best;
            }

            var use = RequestUse.Of(query);
            Assert.Equal(useless, use.NoneNearer);
            Assert.Equal(nothingNew, use.NoNewPeer);
            Assert.True(use.NoNewPeer <= use.NoneNearer);

            string Distance(string id) =>
                Convert.ToHexString([.. KadId.Of(PeerId.Parse(id)).ToBytes().Zip(lookup.Target.ToBytes(), (x, y) => (byte)(x ^ y))]);
        }
    }

    [Fact]
    public void Answers_that_do_not_tell_whom_they_named_are_unknown_not_zero()
    {
        var use = RequestUse.Of(CriticalPathTests.TwoDeadPeers);
        Assert.Equal(2, use.Answered);
        Assert.Null(use.NoNewPeer);
        Assert.Null(use.NoneNearer);
        Assert.Null(use.Duplicates);
    }

    [Fact]
    public void Time_lost_to_dials_is_summed_by_class_and_what_the_end_waited_for_stands_beside_it()
    {
        var lost = Assert.Single(Explanation.Of(CriticalPathTests.TwoDeadPeers).LostToDials);
        Assert.Equal(
            (ErrorClass.DialTimeout, 2, QueryBuilder.Ms(13_400), QueryBuilder.Ms(13_400)),
            (lost.ErrorClass, lost.Dials, lost.TotalNs!.Value, lost.OnPathNs!.Value)
        );
    }
}
