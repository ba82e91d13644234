using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>
/// Where the mean operation of the slow set spends its time, as rows of bars under each other, all on one scale. Each part leads to
/// lookups: a phase to the one that spent most time in it, a failure, an agent or a peer to the list of those that met it.
/// </summary>
/// <param name="Set">Name of the set.</param>
/// <param name="Operations">Operations whose phases are known.</param>
/// <param name="Rows">The rows; empty when no phase is known.</param>
internal sealed record FlameView(string Set, int Operations, IReadOnlyList<FlameRow> Rows)
{
    // Parts that are thinner than this share cannot be seen or clicked.
    private const double Thinnest = 0.002;

    /// <summary>The bars of the slow set of a comparison.</summary>
    public static FlameView Of(SetsView sets)
    {
        var reasons = sets.Comparison.Reasons;
        var isB = sets.Result.SlowIsB;
        double Mean(LostTime lost) => isB ? lost.B : lost.A;
        var set = sets.SlowSet;
        var total = reasons.Phases.Sum(Mean);
        if (total <= 0)
        {
            return new FlameView(sets.Slow, 0, []);
        }

        var longest = sets.Comparison.LongestInPhase.ToDictionary(static pair => pair.Phase, static pair => pair.Operation);
        FlameRow Row(string title, IEnumerable<LostTime> lost, Func<string, string> name, Func<string, string?> address, string kind)
        {
            var parts = new List<FlamePart>();
            var x = 0.0;
            foreach (var item in lost.Where(item => Mean(item) / total >= Thinnest).OrderByDescending(Mean))
            {
                var width = Math.Min(1 - x, Mean(item) / total);
                parts.Add(
                    new FlamePart(name(item.Name), DurationText.Of((long)Mean(item)), x * 100, width * 100, address(item.Name), kind)
                );
                x += width;
            }

            return new FlameRow(title, parts);
        }

        string? Listed(string parameter, string value) =>
            value.Length > Search.QueryListAddress.LongestValue
                ? null
                : set.Address.With((parameter, value), ("sort", "slowest")).ToString();
        return new FlameView(
            sets.Slow,
            isB ? reasons.OperationsOfB : reasons.OperationsOfA,
            [
                new FlameRow(
                    "all",
                    [
                        new FlamePart(
                            "mean operation",
                            DurationText.Of((long)total),
                            0,
                            100,
                            set.Address.With(("sort", "slowest")).ToString(),
                            "whole"
                        ),
                    ]
                ),
                Row(
                    "phases",
                    reasons.Phases,
                    PhaseWords.OfName,
                    phase => longest.GetValueOrDefault(phase) is { } operation ? OperationLink.Of(operation) : null,
                    "phase"
                ),
                Row("failures", reasons.ErrorClasses, Wording.OfName, name => Listed("peererror", name), "failure"),
                Row("agents", reasons.Agents, static name => name, name => Listed("agent", name), "agent"),
                Row("peers", reasons.Peers, IdText.Short, name => Listed("peer", name), "peer"),
            ]
        );
    }
}

/// <param name="Title">What its parts are.</param>
/// <param name="Parts">The parts, longest first.</param>
internal sealed record FlameRow(string Title, IReadOnlyList<FlamePart> Parts);

/// <param name="Name">What the time was spent on. Hostile text.</param>
/// <param name="Time">Mean of an operation.</param>
/// <param name="X">Begin, in percent of the mean duration.</param>
/// <param name="Width">Length, in percent.</param>
/// <param name="Address">Lookups; null for none.</param>
/// <param name="Kind">Class of its colour.</param>
internal sealed record FlamePart(string Name, string Time, double X, double Width, string? Address, string Kind);
