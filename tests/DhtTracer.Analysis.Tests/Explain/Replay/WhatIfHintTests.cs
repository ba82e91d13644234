using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain.Replay;

/// <summary>The hint against what really happens in a simulated network when the same lookup runs with the timeout that the hint
/// names.</summary>
public class WhatIfHintTests
{
    [Fact]
    public void A_network_without_faults_gets_no_hint()
    {
        var network = new SimulatedNetwork(11, 150);
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.Null(
                Explanation.Of(new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed))).Hint
            );
        }
    }

    [Fact]
    public void A_hint_names_a_timeout_that_saves_what_it_says()
    {
        var network = new SimulatedNetwork(12, 150, new NetworkFaults(Dead: 0.25));
        var hints = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed);
            var query = new LookupSimulator(network).Run(lookup);
            var explanation = Explanation.Of(query);
            if (explanation.Hint is not { } hint)
            {
                continue;
            }

            hints++;
            var told = hint.Split(["With a dial timeout of ", ": about "], StringSplitOptions.RemoveEmptyEntries);
            var timeout = Nanoseconds(told[0]);
            Assert.All(
                query.Peers.Where(peer => peer.Dial is { Error: null, DurationNs: not null }),
                peer => Assert.True(peer.Dial!.DurationNs < timeout, $"{hint} cuts off a dial that connected")
            );
            var real = new LookupSimulator(network).Run(lookup with { DialTimeoutNs = timeout });
            Assert.True(
                Math.Abs(Nanoseconds(told[1]) - real.DurationNs!.Value) <= real.DurationNs.Value * 0.1,
                $"seed {seed}: {hint}, really {DurationText.Of(real.DurationNs)}"
            );
            Assert.True(real.DurationNs < query.DurationNs * 0.95);
        }

        Assert.InRange(hints, 10, 40);
    }

    private static long Nanoseconds(string text) =>
        text.EndsWith("ms", StringComparison.Ordinal)
            ? (long)(double.Parse(text[..^2], System.Globalization.CultureInfo.InvariantCulture) * 1e6)
            : (long)(double.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) * 1e9);
}
