using DhtTracer.Analysis.Explain.Replay;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Explain.Replay;

public class WhatIfTests
{
    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];

    [Fact]
    public void With_its_own_parameters_a_lookup_without_faults_is_replayed_within_5_percent_in_95_of_100()
    {
        var errors = OwnErrors(new NetworkFaults());
        Report("own parameters, no faults", errors);
        Assert.True(errors.Count(error => error <= 0.05) >= errors.Count * 0.95);
    }

    [Fact]
    public void With_its_own_parameters_a_lookup_with_faults_is_replayed_within_5_percent_in_95_of_100()
    {
        var errors = OwnErrors(new NetworkFaults(Dead: 0.1, Refusing: 0.05, BlackHoles: 0.03));
        Report("own parameters, faults", errors);
        Assert.True(errors.Count(error => error <= 0.05) >= errors.Count * 0.95);
    }

    [Theory]
    [InlineData(3, 10, 0.0)]
    [InlineData(10, 3, 0.0)]
    [InlineData(10, 1, 0.0)]
    [InlineData(3, 10, 0.15)]
    [InlineData(10, 3, 0.15)]
    public void Another_alpha_is_predicted_near_what_the_lookup_really_takes_with_it(int alpha, int other, double dead)
    {
        var network = new SimulatedNetwork(seed: 21, size: 200, new NetworkFaults(Dead: dead));
        var errors = new List<double>();
        for (var seed = 0; seed < 60; seed++)
        {
            var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed) with { Alpha = alpha };
            var whatIf = WhatIf.Of(new LookupSimulator(network).Run(lookup));
            if (whatIf.Predict(whatIf.Own with { Alpha = other }) is { } prediction)
            {
                var real = new LookupSimulator(network).Run(lookup with { Alpha = other }).DurationNs!.Value;
                errors.Add(Math.Abs((double)(prediction.DurationNs - real) / real));
            }
        }

        Report($"alpha {alpha} to {other}, {dead:P0} dead", errors);
        Assert.True(errors.Count >= 57);
        errors.Sort();
        Assert.True(errors[errors.Count / 2] <= 0.15);
    }

    [Fact]
    public void A_shorter_dial_timeout_is_predicted_near_what_the_lookup_really_takes_with_it()
    {
        var network = new SimulatedNetwork(seed: 22, size: 150, new NetworkFaults(Dead: 0.2));
        var errors = new List<double>();
        for (var seed = 0; seed < 60; seed++)
        {
            var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed);
            var whatIf = WhatIf.Of(new LookupSimulator(network).Run(lookup));
            var prediction = whatIf.Predict(whatIf.Own with { DialTimeoutNs = 1_000_000_000 })!;
            var real = new LookupSimulator(network).Run(lookup with { DialTimeoutNs = 1_000_000_000 }).DurationNs!.Value;
            errors.Add(Math.Abs((double)(prediction.DurationNs - real) / real));
            Assert.False(prediction.TimeoutsStretched);
            Assert.InRange(prediction.DurationNs, prediction.LowNs, prediction.HighNs);
        }

        Report("dial timeout 5 s to 1 s, 20 % dead", errors);
        errors.Sort();
        Assert.True(errors[errors.Count / 2] <= 0.10);
    }

    [Fact]
    public void A_longer_timeout_is_said_to_be_a_guess()
    {
        var network = new SimulatedNetwork(seed: 23, size: 150, new NetworkFaults(Dead: 0.3));
        var whatIf = WhatIf.Of(new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1)));
        Assert.True(whatIf.Predict(whatIf.Own with { DialTimeoutNs = 60_000_000_000 })!.TimeoutsStretched);
    }

    [Fact]
    public void Peers_never_asked_in_the_trace_are_counted_as_drawn_and_the_answer_is_the_same_every_time()
    {
        var network = new SimulatedNetwork(seed: 24, size: 200);
        var query = new LookupSimulator(network).Run(
            LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1) with
            {
                K = 5,
                Alpha = 3,
            }
        );
        var whatIf = WhatIf.Of(query);
        var wider = whatIf.Own with { Alpha = 10, K = 20 };
        var prediction = whatIf.Predict(wider)!;
        Assert.True(prediction.DrawnPeers > 0);
        Assert.Equal(prediction, WhatIf.Of(query).Predict(wider));
    }

    [Fact]
    public void What_cannot_be_replayed_says_why()
    {
        var network = new SimulatedNetwork(seed: 25, size: 60);
        var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1));
        Assert.Null(WhatIf.Of(query).CannotSay);
        Assert.Contains("not modelled", WhatIf.Of(query with { Source = TraceSource.JsLibp2p }).CannotSay, StringComparison.Ordinal);
        Assert.Contains(
            "ended from outside",
            WhatIf.Of(query with { Outcome = QueryOutcome.Cancelled }).CannotSay,
            StringComparison.Ordinal
        );
        Assert.Contains("key is not known", WhatIf.Of(query with { Key = null }).CannotSay, StringComparison.Ordinal);
        Assert.Contains("end of the query", WhatIf.Of(query with { DurationNs = null }).CannotSay, StringComparison.Ordinal);
        Assert.Contains(
            "do not tell alpha",
            WhatIf.Of(query with { Parameters = query.Parameters with { Alpha = null } }).CannotSay,
            StringComparison.Ordinal
        );
        Assert.Null(WhatIf.Of(query with { Key = null }).Predict(WhatIf.Of(query).Own));
        Assert.Throws<ArgumentOutOfRangeException>(() => WhatIf.Of(query).Predict(WhatIf.Of(query).Own with { Alpha = 0 }));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1.07)]
    public void A_replay_that_misses_the_real_duration_by_more_than_5_percent_does_not_reproduce_it_and_predicts_nothing(double times)
    {
        var network = new SimulatedNetwork(seed: 25, size: 60);
        var query = new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1));
        Assert.False(WhatIf.Of(query).DoesNotReproduce);
        var end = (long)(query.DurationNs!.Value * times);

        // A last answer long after all others, from a peer that no rule had asked for.
        var late = query with
        {
            DurationNs = end,
            Peers =
            [
                .. query.Peers.Select(peer =>
                    peer.Order != 1
                        ? peer
                        : peer with
                        {
                            Requests = [.. peer.Requests, peer.Requests[0] with { StartNs = end - 1_000_000, DurationNs = 1_000_000 }],
                        }
                ),
            ],
        };

        var whatIf = WhatIf.Of(late);

        Assert.True(whatIf.DoesNotReproduce);
        Assert.Contains($"not {DurationText.Of(end)}", whatIf.CannotSay, StringComparison.Ordinal);
        Assert.True(whatIf.OwnError < -0.05);
        Assert.Null(whatIf.Predict(whatIf.Own));
        Assert.Null(whatIf.Without([query.Peers[0].Id]));
    }

    [Fact]
    public void No_trace_makes_it_fail()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var whatIf = WhatIf.Of(HostileQueries.Make(seed));
            _ = whatIf.Predict(
                whatIf.Own is { Alpha: > 0, Beta: > 0, K: > 0 }
                    ? whatIf.Own
                    : new WhatIfParameters
                    {
                        Alpha = 1,
                        Beta = 1,
                        K = 1,
                    }
            );
        }
    }

    private static List<double> OwnErrors(NetworkFaults faults)
    {
        var network = new SimulatedNetwork(seed: 20, size: 150, faults);
        var errors = new List<double>();
        foreach (var type in Types)
        {
            for (var seed = 0; seed < 60; seed++)
            {
                var whatIf = WhatIf.Of(new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, type, seed)));
                if (whatIf.OwnError is { } error)
                {
                    errors.Add(Math.Abs(error));
                }
                else
                {
                    TestContext.Current.SendDiagnosticMessage("{0} {1}: {2}", type, seed, whatIf.CannotSay!);
                }
            }
        }

        return errors;
    }

    private static void Report(string what, List<double> errors)
    {
        var sorted = errors.Order().ToList();
        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} lookups, {2:P1} within 5 %, median error {3:P2}, p95 {4:P2}",
            what,
            sorted.Count,
            (double)sorted.Count(e => e <= 0.05) / sorted.Count,
            sorted[sorted.Count / 2],
            sorted[(int)(sorted.Count * 0.95)]
        );
    }
}
