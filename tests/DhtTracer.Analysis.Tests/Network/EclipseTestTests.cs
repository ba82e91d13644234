using System.Globalization;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Tests.Network;

/// <summary>
/// What the eclipse test promises, on simulated networks. <c>DHT_TRACER_TRIALS=10000</c> runs as many lookups; <c>docs/network.md</c> holds
/// what they gave.
/// </summary>
public sealed class EclipseTestTests(ITestOutputHelper output)
{
    private const int Peers = 20_000;

    // A usual run is a sample: its bounds are wider by what a sample of its size allows.
    private static readonly int Lookups = int.TryParse(
        Environment.GetEnvironmentVariable("DHT_TRACER_TRIALS"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out var count
    )
        ? count
        : 400;

    [Fact]
    public void The_one_in_a_thousand_quantile_is_8_96_when_the_size_is_known()
    {
        // Half the 0.1 % quantile of chi-square with 40 degrees of freedom, 17.916, from published tables.
        Assert.Equal(17.916 / 2, GammaDistribution.Quantile(20, 0.001), 3);
        Assert.Equal(0.001, GammaDistribution.AtMost(20, 17.916 / 2), 5);

        // Others that are many tell the size almost exactly.
        Assert.Equal(0.001, ClosestSets.PValue(20, 8.958 / 1e6, 1e9, 1e9 / 1e6), 5);
    }

    [Fact]
    public void One_honest_lookup_in_a_hundred_has_a_p_value_under_1_percent()
    {
        var (network, sets) = Honest(Lookups, Peers, seed: 1);
        Assert.NotNull(network);
        var share = sets.Lookups.Count(lookup => sets.Test(lookup)!.PValue <= 0.01) / (double)Lookups;

        output.WriteLine($"{Lookups} honest lookups: {share:P2} under 1 %");
        Assert.InRange(share, 0, 0.01 + Math.Max(0.003, 4 * Math.Sqrt(0.01 * 0.99 / Lookups)));
        if (Lookups >= 10_000)
        {
            Assert.InRange(share, 0.007, 0.013);
        }
    }

    [Fact]
    public void P_values_of_honest_lookups_are_even_although_the_size_rests_on_few()
    {
        // Each lookup is held against nine others, so the uncertainty of the size matters.
        var below = 0;
        var groups = Lookups / 10;
        for (var group = 0; group < groups; group++)
        {
            var (_, sets) = Honest(10, 5_000, seed: 100 + group);
            below += sets.Lookups.Count(lookup => sets.Test(lookup)!.PValue <= 0.1);
        }

        output.WriteLine($"{groups * 10} lookups against 9 others: {below / (groups * 10.0):P2} under 10 %");
        Assert.InRange(below / (groups * 10.0), 0.1 - (4 * Math.Sqrt(0.09 / (groups * 10))), 0.1 + (4 * Math.Sqrt(0.09 / (groups * 10))));
    }

    [Fact]
    public void A_surrounded_key_and_a_neighbourhood_three_times_as_dense_are_found()
    {
        var trials = Lookups / 4;
        var (network, sets) = Honest(400, Peers, seed: 2);
        var (eclipses, dense) = (0, 0);

        // Three times as many peers around the key.
        var denser = new SimulatedNetwork(Peers * 3, seed: 5);
        for (var trial = 0; trial < trials; trial++)
        {
            // An eclipse: 20 ids ground until they are nearer to the key than every honest one.
            var key = network.Position();
            var nearest = network.Nearest(key, 1)[0] ^ key;
            var surrounded = Enumerable.Range(0, 20).Select(_ => key ^ (network.Position() % nearest));
            eclipses += sets.Test(network.Lookup(key, surrounded))!.PValue <= EclipseVerdict.Level ? 1 : 0;

            dense += sets.Test(denser.Lookup(network.Position()))!.PValue <= EclipseVerdict.Level ? 1 : 0;
        }

        output.WriteLine(
            $"{trials} trials at 0.1 %: eclipses {eclipses / (double)trials:P2}, three times as dense {dense / (double)trials:P2}"
        );
        Assert.InRange(eclipses / (double)trials, 0.99, 1);
        Assert.InRange(dense / (double)trials, trials >= 1000 ? 0.85 : 0.75, 1);
    }

    [Fact]
    public void A_list_names_the_planted_eclipses_and_nothing_else()
    {
        var (network, sets) = Honest(Lookups, Peers, seed: 3);
        Assert.Empty(sets.Suspicious());

        var victims = Enumerable.Range(0, 3).Select(_ => network.Position()).ToList();
        foreach (var key in victims)
        {
            network.Plant(key, bits: 30, peers: 20);
            sets.Add(network.Lookup(key));
        }

        var found = sets.Suspicious();
        Assert.Equal(victims.Select(static key => $"{key:x16}").Order(), found.Select(static verdict => verdict.Key).Order());
        Assert.All(found, static verdict => Assert.InRange(verdict.Adjusted!.Value, 0, 0.01));
        Assert.All(found, static verdict => Assert.True(verdict.Times > 1000));
    }

    [Fact]
    public void Too_few_other_keys_give_no_verdict()
    {
        var (_, sets) = Honest(ClosestSets.FewestKeys, Peers, seed: 4);
        Assert.Null(sets.Test(sets.Lookups[0]));
        Assert.Empty(sets.Suspicious());
    }

    private static (SimulatedNetwork Network, ClosestSets Sets) Honest(int lookups, int peers, int seed)
    {
        var network = new SimulatedNetwork(peers, seed);
        var sets = new ClosestSets();
        for (var i = 0; i < lookups; i++)
        {
            sets.Add(network.Lookup(network.Position()));
        }

        return (network, sets);
    }
}
