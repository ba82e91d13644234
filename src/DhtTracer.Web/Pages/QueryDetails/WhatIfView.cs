using System.Globalization;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Explain.Replay;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage.Filters;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The replay of a query with other parameters: a few common ones, and those of the form.</summary>
internal sealed class WhatIfView
{
    private const int MostInFlight = 1000;
    private static readonly int[] UsualAlphas = [1, 3, 5, 10, 20];
    private static readonly long[] UsualDialTimeoutsNs = [500_000_000, 1_000_000_000, 3_000_000_000];
    private static readonly long[] UsualRequestTimeoutsNs = [1_000_000_000, 3_000_000_000];
    private readonly List<string> _problems = [];

    /// <summary>Replays the query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="parameters">What the form asks for.</param>
    /// <param name="culprits">The peers that the verdict names.</param>
    public WhatIfView(Query query, QueryPageParameters parameters, IEnumerable<Culprit> culprits)
    {
        Replay = WhatIf.Of(query);
        Asked = Replay.Own with
        {
            Alpha = Number("alpha", parameters.Alpha, Replay.Own.Alpha),
            Beta = Number("beta", parameters.Beta, Replay.Own.Beta),
            K = Number("k", parameters.K, Replay.Own.K),
            DialTimeoutNs = Duration("dial timeout", parameters.Dial),
            RequestTimeoutNs = Duration("request timeout", parameters.Request),
        };
        if (Replay.CannotSay is not null)
        {
            return;
        }

        if (Asked != Replay.Own)
        {
            Answer = Replay.Predict(Asked);
        }

        Usual =
        [
            .. Without([
                .. culprits
                    .Where(static culprit => culprit.IsFault)
                    .Select(static culprit => culprit.PeerId)
                    .Distinct(StringComparer.Ordinal),
            ]),
            .. UsualAlphas
                .Where(alpha => alpha != Replay.Own.Alpha)
                .Select(alpha => Row($"alpha {alpha}", Replay.Own with { Alpha = alpha })),
            .. UsualDialTimeoutsNs.Select(timeout =>
                Row($"dial timeout {DurationText.Of(timeout)}", Replay.Own with { DialTimeoutNs = timeout })
            ),
            .. UsualRequestTimeoutsNs.Select(timeout =>
                Row($"request timeout {DurationText.Of(timeout)}", Replay.Own with { RequestTimeoutNs = timeout })
            ),
        ];
    }

    public WhatIf Replay { get; }

    /// <summary>What the form asks for.</summary>
    public WhatIfParameters Asked { get; }

    /// <summary>The prediction; null when none was asked for, or none is possible.</summary>
    public WhatIfPrediction? Answer { get; }

    /// <summary>Predictions for common parameters.</summary>
    public IReadOnlyList<(string Change, WhatIfPrediction Prediction)> Usual { get; } = [];

    /// <summary>What is not valid in the form; each a sentence.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>How far the replay with the query's own parameters is from the truth.</summary>
    public string ErrorText
    {
        get
        {
            var error = Replay.OwnError ?? 0;
            return Math.Abs(error) < 0.0005 ? "exact" : $"{Math.Abs(error) * 100:0.#} % too {(error > 0 ? "long" : "short")}";
        }
    }

    /// <summary>Which parameters the trace does not tell, as a sentence after a space; empty when it tells all.</summary>
    public string AssumedText =>
        Replay.Assumed.IsEmpty
            ? ""
            : $" Not in the trace, so the values of the public DHT are assumed: {string.Join(", ", Replay.Assumed)}.";

    /// <summary>A timeout as the form shows it; empty when it is unchanged.</summary>
    public static string TimeoutText(long? timeoutNs) => timeoutNs is { } timeout ? DurationText.Of(timeout) : "";

    /// <summary>Between which durations most of the draws lie; empty when all are equal.</summary>
    public static string DrawsText(WhatIfPrediction answer) =>
        answer.LowNs == answer.HighNs
            ? ""
            : $", 90 % of the draws between {DurationText.Of(answer.LowNs)} and {DurationText.Of(answer.HighNs)}";

    /// <summary>What limits a prediction, each sentence after a space; empty when nothing does.</summary>
    public static string Caveats(WhatIfPrediction answer) =>
        (
            answer.DrawnPeers > 0.05
                ? $" {answer.DrawnPeers:0.#} peers would have been asked of which the trace does not show how long they take."
                : ""
        )
        + (
            answer.HiddenSeeds
                ? " The trace shows only the peers of the routing table that were asked first; "
                    + "with a greater alpha more of them would have been."
                : ""
        )
        + (
            answer.TimeoutsStretched
                ? " This is an upper bound: whatever reached the shorter timeout is assumed to reach the longer one."
                : ""
        );

    /// <summary>The two ends of a prediction; empty when they are equal.</summary>
    public static string Ends(WhatIfPrediction prediction) =>
        prediction.LowNs == prediction.HighNs ? "" : $"{DurationText.Of(prediction.LowNs)} – {DurationText.Of(prediction.HighNs)}";

    /// <summary>How much a prediction differs from the replay with the query's own parameters, with its sign.</summary>
    public string Difference(WhatIfPrediction prediction)
    {
        var ns = prediction.DurationNs - Replay.OwnReplayNs.GetValueOrDefault();
        return ns == 0 ? "none" : (ns > 0 ? "+" : "−") + DurationText.Of(Math.Abs(ns));
    }

    // As if the peers that the verdict blames had failed at once. Who would be asked in their place must be known, else it says nothing.
    private IEnumerable<(string Change, WhatIfPrediction Prediction)> Without(List<string> peers)
    {
        if (peers.Count > 0 && Replay.Without(peers) is { } without && without.HighNs <= Replay.OwnReplayNs)
        {
            yield return (
                peers.Count == 1 ? $"without {IdText.Short(peers[0])}" : $"without the {peers.Count} peers that are blamed",
                without
            );
        }
    }

    private (string Change, WhatIfPrediction Prediction) Row(string change, WhatIfParameters parameters) =>
        (change, Replay.Predict(parameters) ?? throw new InvalidOperationException("a replay that can say something said nothing"));

    private int Number(string name, string? text, int own)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return own;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostInFlight)
        {
            return number;
        }

        _problems.Add($"{name} is a whole number from 1 to {MostInFlight}.");
        return own;
    }

    private long? Duration(string name, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (DurationInput.TryParse(text, out var duration) && duration > 0)
        {
            return duration;
        }

        _problems.Add($"{name} is a duration such as 500ms or 3s.");
        return null;
    }
}
