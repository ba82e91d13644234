using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Tests.Explain;

public class TerminationHoldTests
{
    [Fact]
    public void The_last_of_the_closest_to_settle_held_the_end_and_a_nearer_one_that_failed_counts_too()
    {
        // Beta 2: E (failed at 900) is nearer than C and D, which answered at 500 and 300; B answered at 950 and is farther.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Termination = QueryTermination.Completed } }
            .Answered("B", 250, heard: 0, dial: null, request: (0, 950))
            .Answered("C", 241, heard: 0, dial: null, request: (0, 500))
            .Answered("D", 240, heard: 0, dial: null, request: (0, 300))
            .DialFailed("E", 239, heard: 0, from: 0, to: 900, ErrorClass.DialTimeout)
            .End(950, null);

        var hold = TerminationHold.Of(query)!;

        Assert.Equal(2, hold.Beta);
        Assert.Equal([("E", false, 400L), ("C", true, 200L)], hold.Peers.Select(p => (p.PeerId, p.Answered, p.HeldNs / 1_000_000)));
    }

    [Fact]
    public void Who_was_settled_before_the_answer_was_known_held_back_nothing()
    {
        // Known at 400: D had answered at 300. C and E come after it: C adds 100 to the 400, E another 400.
        var query = new QueryBuilder { Query = new QueryBuilder().Query with { Termination = QueryTermination.Completed } }
            .Answered("C", 241, heard: 0, dial: null, request: (0, 500))
            .Answered("D", 240, heard: 0, dial: null, request: (0, 300))
            .DialFailed("E", 239, heard: 0, from: 0, to: 900, ErrorClass.DialTimeout)
            .End(950, discoveryMs: 400);

        Assert.Equal([("E", 400L), ("C", 100)], TerminationHold.Of(query)!.Peers.Select(p => (p.PeerId, p.HeldNs / 1_000_000)));
    }

    [Fact]
    public void Beta_is_assumed_only_where_the_rules_are_known()
    {
        var query = CriticalPathTests.TwoDeadPeers with { Parameters = new QueryParameters(null, null, null) };
        Assert.True(TerminationHold.Of(query)!.BetaAssumed);
        Assert.Equal(3, TerminationHold.Of(query)!.Beta);
        Assert.Null(TerminationHold.Of(query with { Source = TraceSource.JsLibp2p }));
        Assert.Null(TerminationHold.Of(query with { Termination = QueryTermination.Stopped }));
    }
}
