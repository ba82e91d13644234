using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Explain.Replay;

namespace DhtTracer.Truth.Tests.Explain;

/// <summary>The verdict and the replay look at a lookup from two sides, and must agree.</summary>
public sealed class VerdictAndWhatIfTests
{
    /// <summary>A replay that reproduces its own duration so well can be asked.</summary>
    private const double Trusted = 0.05;

    /// <summary>So many times its own duration a lookup can take without its bad peers, because others are asked then.</summary>
    private const double Anomaly = 1.1;

    public static TheoryData<string, string, string> Captures
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (_, kind, files) in Captured.Sources)
            {
                foreach (var capture in CaptureFolder.All(kind).Where(capture => capture.Files(files).Any()))
                {
                    data.Add(kind, capture.Label, files);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Without_the_peers_that_the_verdict_blames_the_replay_is_never_slower(string kind, string label, string files)
    {
        var wrong = new List<string>();
        var asked = 0;
        foreach (var query in Captured.Queries(CaptureFolder.Of(kind, label), files))
        {
            var explanation = Explanation.Of(query);
            var faults = explanation.Culprits.Where(static culprit => culprit.IsFault).Select(static culprit => culprit.PeerId).ToList();
            var replay = WhatIf.Of(query);
            if (faults.Count == 0 || !(Math.Abs(replay.OwnError ?? 1) <= Trusted) || replay.Without(faults) is not { } without)
            {
                continue;
            }

            asked++;

            // Who is asked in their place can be slower by a little, and where the trace does not show how slow, the fastest draw counts.
            if (without.LowNs > replay.OwnReplayNs * Anomaly)
            {
                wrong.Add(
                    $"{query.Id} {query.Type}: {explanation.Sentence} | without them {without.LowNs / 1e6:0} to {without.HighNs / 1e6:0} ms"
                );
            }
        }

        TestContext.Current.SendDiagnosticMessage("{0} {1}: {2} lookups asked", kind, label, asked);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {asked} contradict:\n{string.Join('\n', wrong.Take(20))}");
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_hint_is_about_what_the_verdict_blames_and_promises_what_the_replay_says(string kind, string label, string files)
    {
        foreach (var query in Captured.Queries(CaptureFolder.Of(kind, label), files))
        {
            var explanation = Explanation.Of(query);
            if (explanation.Hint is not { } hint)
            {
                continue;
            }

            Assert.True(Math.Abs(WhatIf.Of(query).OwnError!.Value) <= Trusted, $"{query.Id}: {hint}");
            Assert.Contains(
                explanation.Culprits,
                culprit =>
                    culprit.Kind
                    == (hint.Contains("dial timeout", StringComparison.Ordinal) ? BlameKind.FailedDials : BlameKind.FailedRequests)
            );
        }
    }
}
