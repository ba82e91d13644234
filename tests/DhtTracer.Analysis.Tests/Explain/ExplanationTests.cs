using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Explain.Replay;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests.Explain;

/// <summary>Explanations of real captures, and of a Kubo with known truth.</summary>
public class ExplanationTests
{
    public static TheoryData<string> Labels => Captures.All;

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_query_of_a_real_js_network_is_explained_whole(string label)
    {
        foreach (var query in TraceReconstruction.Reconstruct(Captures.Spans(label)).Queries)
        {
            var explanation = Explanation.Of(query);
            TestContext.Current.SendDiagnosticMessage("{0}: {1}", label, explanation.Sentence);
            Assert.Equal(query.DurationNs, explanation.Path?.Segments.Sum(s => s.DurationNs));

            // The trace holds dial and request in one span, and does not tell alpha and beta.
            Assert.DoesNotContain(explanation.Path?.Segments ?? [], s => s.Kind is SegmentKind.Dial or SegmentKind.Request);
            Assert.Null(explanation.Concurrency.BelowAlphaShare);
            Assert.Null(explanation.Hold);
            Assert.Empty(explanation.LostToDials);
            Assert.NotNull(WhatIf.Of(query).CannotSay);
            Assert.NotEmpty(HarExport.ToUtf8(query));
            Assert.NotEmpty(SvgExport.ToUtf8(Waterfall.Of(query)));
            Assert.NotEmpty(ChromeTraceExport.ToUtf8(query));
        }
    }

    [Theory]
    [InlineData(KuboOperation.FindPeer)]
    [InlineData(KuboOperation.FindProviders)]
    [InlineData(KuboOperation.Provide)]
    [InlineData(KuboOperation.GetClosestPeers)]
    public void Every_query_of_a_simulated_Kubo_is_explained_whole(KuboOperation operation)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            foreach (
                var query in TraceReconstruction
                    .Reconstruct(new KuboTraceSimulator(seed).Simulate(new KuboScenario { Operation = operation }).Spans)
                    .Queries
            )
            {
                var explanation = Explanation.Of(query);
                var whatIf = WhatIf.Of(query);
                TestContext.Current.SendDiagnosticMessage(
                    "{0} {1}: {2} | what-if {3:P1} {4}",
                    operation,
                    seed,
                    explanation.Sentence,
                    whatIf.OwnError ?? double.NaN,
                    whatIf.CannotSay ?? ""
                );
                Assert.Equal(query.DurationNs, explanation.Path!.Segments.Sum(s => s.DurationNs));
                Assert.Contains("beta", whatIf.Assumed);
            }
        }
    }

    [Fact]
    public void An_abort_of_a_real_js_query_is_not_called_a_failure_of_its_peers()
    {
        var query = Assert.Single(TraceReconstruction.Reconstruct(Captures.Spans("23-aborted-after-60ms")).Queries);
        var explanation = Explanation.Of(query);
        Assert.DoesNotContain(explanation.Blames, blame => blame.Kind is BlameKind.FailedDials or BlameKind.FailedRequests);
    }
}
