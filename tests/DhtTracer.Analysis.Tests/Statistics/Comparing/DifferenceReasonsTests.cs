using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Tests.Explain;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

/// <summary>Sets with a planted cause; the means were worked out by hand.</summary>
public class DifferenceReasonsTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void The_phase_the_peer_and_the_error_that_were_planted_account_for_the_difference()
    {
        // In B every second operation waits 800 ms more for "slow", which times out, in its follow-up: 400 ms an operation.
        var (a, peersOfA) = Set(100, static _ => 0);
        var (b, peersOfB) = Set(100, static i => i % 2 == 0 ? 800 * Ms : 0);

        var reasons = DifferenceReasons.Of(a, peersOfA, b, peersOfB);

        Assert.Equal((100, 100), (reasons.OperationsOfA, reasons.OperationsOfB));
        var phase = reasons.Phases[0];
        Assert.Equal(("follow-up", 0.0, 400.0 * Ms, true), (phase.Name, phase.A, phase.B, phase.Significant));
        Assert.InRange(400.0 * Ms, phase.Interval!.Value.Low, phase.Interval.Value.High);
        Assert.All(reasons.Phases.Skip(1), static other => Assert.False(other.Significant));
        Assert.Equal("slow", reasons.Peers[0].Name);
        Assert.Equal(400.0 * Ms, reasons.Peers[0].Difference);
        Assert.Equal((ErrorClass.RequestTimeout, true), (Assert.Single(reasons.ErrorClasses).Name, reasons.ErrorClasses[0].Significant));
        Assert.Equal("kubo/0.1", reasons.Agents[0].Name);
        Assert.Equal(0, reasons.Agents[0].A);
    }

    [Fact]
    public void The_other_way_round_every_difference_changes_its_sign()
    {
        var (a, peersOfA) = Set(60, static _ => 0);
        var (b, peersOfB) = Set(50, static i => i * Ms);

        var there = DifferenceReasons.Of(a, peersOfA, b, peersOfB);
        var back = DifferenceReasons.Of(b, peersOfB, a, peersOfA);

        Assert.Equal(
            there.Phases.Select(static lost => (lost.Name, -lost.Difference)),
            back.Phases.Select(static lost => (lost.Name, lost.Difference))
        );
    }

    [Fact]
    public void Too_few_operations_give_no_interval_and_none_no_reasons()
    {
        var (a, peersOfA) = Set(39, static _ => 0);
        var (b, peersOfB) = Set(100, static _ => 5 * Ms);

        Assert.All(DifferenceReasons.Of(a, peersOfA, b, peersOfB).Phases, static lost => Assert.Null(lost.Interval));
        Assert.Empty(DifferenceReasons.Of([], [], b, peersOfB).Phases);
    }

    [Fact]
    public void The_side_that_was_not_decisive_is_left_out()
    {
        var (a, peersOfA) = Set(50, static _ => 0);
        var (b, peersOfB) = Set(50, static _ => 0);
        var beside = peersOfB.Select(static fact =>
            fact with
            {
                QueryId = QueryBuilder.Parse("000000000000000000000000000000ff-00000000000000ff"),
                TimeLostNs = 9_000 * Ms,
            }
        );

        Assert.All(DifferenceReasons.Of(a, peersOfA, b, [.. peersOfB, .. beside]).Peers, static lost => Assert.Equal(0, lost.Difference));
    }

    private static (List<OperationFacts> Operations, List<PeerFacts> Peers) Set(int count, Func<int, long> lostByTheSlowOne)
    {
        var operations = new List<OperationFacts>();
        var peers = new List<PeerFacts>();
        for (var i = 0; i < count; i++)
        {
            var id = QueryBuilder.Parse($"0000000000000000000000000000{i:x4}-000000000000{i + 1:x4}");
            var lost = lostByTheSlowOne(i);
            operations.Add(
                new OperationFacts
                {
                    Id = id,
                    Decisive = id,
                    StartUnixNano = 1,
                    Type = QueryType.FindPeer,
                    Outcome = QueryOutcome.Success,
                    DurationNs = (100 * Ms) + lost,
                    Phases = new PhaseTimes(10 * Ms, 90 * Ms, 0, 0, 0, lost, 0, 0),
                }
            );
            peers.Add(Peer(id, "quick", 90 * Ms, null, []));
            peers.Add(Peer(id, "slow", lost, "kubo/0.1", lost > 0 ? [ErrorClass.RequestTimeout] : []));
        }

        return (operations, peers);
    }

    private static PeerFacts Peer(QueryId id, string peer, long lost, string? agent, string[] errors) =>
        new()
        {
            QueryId = id,
            OperationId = id,
            QueryStartUnixNano = 1,
            PeerId = peer,
            State = PeerState.Answered,
            Requests = 1,
            TimeLostNs = lost,
            Agent = agent,
            Errors = [.. errors],
        };
}
