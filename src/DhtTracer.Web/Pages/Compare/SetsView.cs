using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Filters;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>Two sets side by side, in words and places of the page.</summary>
internal sealed class SetsView
{
    /// <summary>Peers and error classes that the page lists.</summary>
    public const int ListLength = 12;

    private const int MostNames = 20;
    private const string CancelledWords = "cancelled by the caller or by the end of the query";

    private readonly (long Least, long Greatest)? _medians;

    /// <summary>Prepares a comparison for the page.</summary>
    public SetsView(ComparedSet a, ComparedSet b, SetComparison comparison)
    {
        (A, B, Comparison) = (a, b, comparison);
        HeatOfA = HeatMap.Of(PeriodFacts.ByHour(comparison.A));
        HeatOfB = HeatMap.Of(PeriodFacts.ByHour(comparison.B));
        var ends = new[] { HeatOfA.LeastMedianNs, HeatOfA.GreatestMedianNs, HeatOfB.LeastMedianNs, HeatOfB.GreatestMedianNs }
            .OfType<long>()
            .ToList();
        _medians = ends.Count == 0 ? null : (ends.Min(), ends.Max());
    }

    /// <summary>The first set.</summary>
    public ComparedSet A { get; }

    /// <summary>The second set.</summary>
    public ComparedSet B { get; }

    /// <summary>What was computed.</summary>
    public SetComparison Comparison { get; }

    /// <summary>A by day and hour.</summary>
    public HeatMap HeatOfA { get; }

    /// <summary>B by day and hour.</summary>
    public HeatMap HeatOfB { get; }

    /// <summary>The figures.</summary>
    public Comparison Result => Comparison.Result;

    /// <summary>Neither set is empty.</summary>
    public bool HasBoth => Comparison.A.Count > 0 && Comparison.B.Count > 0;

    /// <summary>Name of the slow set.</summary>
    public string Slow => Result.SlowIsB ? "B" : "A";

    /// <summary>Name of the slow set, and that it is one, where one is slower.</summary>
    public string SlowWords => Result.A.Duration.P50?.Value == Result.B.Duration.P50?.Value ? Slow : $"{Slow}, the slower set";

    /// <summary>Name of the other set.</summary>
    public string Other => Result.SlowIsB ? "A" : "B";

    public ComparedSet SlowSet => Result.SlowIsB ? B : A;

    public ComparedSet OtherSet => Result.SlowIsB ? A : B;

    /// <summary>The queries of a set in which a dial or request failed with a class of error, slowest first.</summary>
    public static string FailedWith(ComparedSet set, string errorClass) =>
        set.Address.With(("peererror", errorClass), ("sort", "slowest")).ToString();

    /// <summary>The queries of a set that dialed or asked a peer, slowest first.</summary>
    public static string Met(ComparedSet set, string peer) => set.Address.With(("peer", peer), ("sort", "slowest")).ToString();

    /// <summary>Which set is empty, and the verb after it; meaningless when both have operations.</summary>
    public string EmptyWords =>
        Comparison.A.Count > 0 ? "B is"
        : Comparison.B.Count > 0 ? "A is"
        : "Both sets are";

    /// <summary>The axis of the curves of both sets; null when no duration is known.</summary>
    public LogScale? DurationScale
    {
        get
        {
            var durations = Result.DurationsOfA.Concat(Result.DurationsOfB).Select(static point => point.Value).ToList();
            return durations.Count == 0 ? null : new LogScale(durations.Min(), durations.Max());
        }
    }

    /// <summary>Attributes that are more frequent in the slow set than by chance, and how many were tested.</summary>
    public (IReadOnlyList<SharedAttribute> Shared, int Tested) Shared =>
        (
            [.. Comparison.Attributes.Take(SharedAttributes.MostWithInterval).Where(static attribute => attribute.Significant)],
            Comparison.Attributes.Length
        );

    /// <summary>The queries of a set that have an attribute, slowest first; null where no filter tells it.</summary>
    public static string? Having(ComparedSet set, SharedAttribute attribute)
    {
        var name = attribute.Kind switch
        {
            AttributeKind.Error => "error",
            AttributeKind.PeerError => "peererror",
            AttributeKind.Agent => "agent",
            AttributeKind.Rule => "lint",
            _ => null,
        };
        return name is null || attribute.Name.Length > QueryListAddress.LongestValue
            ? null
            : set.Address.With((name, attribute.Name), ("sort", "slowest")).ToString();
    }

    /// <summary>The error classes that are more frequent in the slow set.</summary>
    public OverRepresentedView OverRepresentedErrors => new("Error class", "classes", this, Result.ErrorClasses, FailedWith, null);

    /// <summary>The peers that are more frequent in the slow set; the first <see cref="ListLength"/>.</summary>
    public OverRepresentedView OverRepresentedPeers => new("Peer", "peers", this, [.. Comparison.Peers.Take(ListLength)], Met, PeerOf);

    /// <summary>How many peers are listed, and over how many operations they were counted.</summary>
    public string PeersNote
    {
        get
        {
            var all = Comparison.Peers.Length;
            var (slow, other) = Result.SlowIsB ? (Result.B, Result.A) : (Result.A, Result.B);
            var listed = all > ListLength ? $"The first {ListLength} of {all:N0}" : $"All {all:N0}";
            return $"{listed} peers that were dialed or asked, in {slow.Operations:N0} queries of {Slow} "
                + $"and {other.Operations:N0} of {Other}.";
        }
    }

    /// <summary>Outcomes, errors and agents side by side: of each at most 20 names with their counts.</summary>
    public IEnumerable<(string Title, IReadOnlyList<(string Name, long OfA, long OfB)> Rows)> Counts =>
        [
            ("Outcomes", SideBySide(static facts => facts.Outcomes.Select(part => new NamedCount(Wording.Of(part.Outcome), part.Count)))),
            ("Errors of operations", SideBySide(static facts => facts.OperationErrors)),
            ("Errors of dials and requests", SideBySide(static facts => facts.PeerErrors)),
            ("Dials and requests that were cancelled", SideBySide(static facts => [new NamedCount(CancelledWords, facts.PeerCancelled)])),
            ("Agent versions met", SideBySide(static facts => facts.Agents)),
        ];

    /// <summary>The page of a peer over the queries of the slow set.</summary>
    public string PeerOf(string peer) => $"/peers/{Uri.EscapeDataString(peer)}{SlowSet.Address.With(("sort", null)).Parameters()}";

    /// <summary>The distributions of the overview, side by side.</summary>
    public IReadOnlyList<(string Name, FigureUnit Unit, Distribution A, Distribution B)> Distributions =>
        [
            ("Duration", FigureUnit.Nanoseconds, Result.A.Duration, Result.B.Duration),
            ("Time to first result", FigureUnit.Nanoseconds, Result.A.FirstResult, Result.B.FirstResult),
            ("Discovery", FigureUnit.Nanoseconds, Result.A.Discovery, Result.B.Discovery),
            ("Hops", FigureUnit.Count, Result.A.Hops, Result.B.Hops),
            ("Peers queried", FigureUnit.Count, Result.A.PeersQueried, Result.B.PeersQueried),
            ("Duplicate requests", FigureUnit.Count, Result.A.Duplicates, Result.B.Duplicates),
        ];

    /// <summary>What all verdicts together say, in one or two sentences.</summary>
    public string Sentence => new VerdictSentence(Result, Reasons).ToString();

    /// <summary>Time that the two sets spent on different things, with a title for each list.</summary>
    public IEnumerable<(string Title, string Name, IReadOnlyList<LostTime> Lost)> Reasons =>
        [
            ("By phase", "Phase", Comparison.Reasons.Phases),
            ("By peer", "Peer", Comparison.Reasons.Peers),
            ("By agent version", "Agent", Comparison.Reasons.Agents),
            ("By kind of failure", "Failed with", Comparison.Reasons.ErrorClasses),
        ];

    /// <summary>Name of an entry of <see cref="Reasons"/> in words.</summary>
    public static string ReasonName(string list, string name) =>
        list switch
        {
            "Phase" => PhaseWords.OfName(name),
            "Peer" => IdText.Short(name),
            "Failed with" => Wording.OfName(name),
            _ => name,
        };

    /// <summary>The points of a curve in percent of the chart: a step at each duration.</summary>
    /// <param name="points">Durations in nanoseconds, and the share that took at most so long.</param>
    /// <param name="scale">The axis.</param>
    public static IEnumerable<(double X, double Y)?> Steps(IEnumerable<EcdfPoint> points, LogScale scale)
    {
        var last = 0.0;
        foreach (var point in points)
        {
            yield return (scale.X(point.Value), last * 100);
            yield return (scale.X(point.Value), point.Share * 100);
            last = point.Share;
        }

        yield return (100, last * 100);
    }

    /// <summary>The <c>text-anchor</c> of a tick's text, so that the text stays inside the chart.</summary>
    /// <param name="x">Percent of the chart.</param>
    public static string TickAnchor(double x) =>
        x > 97 ? "end"
        : x < 3 ? "start"
        : "middle";

    /// <summary>Class of a cell of the heat maps: 0 to 6 on a logarithmic scale of the medians of both.</summary>
    public string HeatClass(long? medianNs)
    {
        if (medianNs is not { } median || _medians is not { } ends)
        {
            return "h-none";
        }

        var range = Math.Log(Math.Max(1, ends.Greatest)) - Math.Log(Math.Max(1, ends.Least));
        return range <= 0 ? "h3" : $"h{(int)Math.Round(6 * (Math.Log(Math.Max(1, median)) - Math.Log(Math.Max(1, ends.Least))) / range)}";
    }

    /// <summary>The list of a set's queries of an hour, slowest first.</summary>
    public static string Link(ComparedSet set, PeriodFacts hour)
    {
        var from = Math.Max(TimeRange.UnixNano(hour.Start), set.Address.Filter.FromUnixNano ?? 0);
        var to = Math.Min(TimeRange.UnixNano(hour.End), set.Address.Filter.ToUnixNano ?? ulong.MaxValue);
        return set.Address.With(("from", TimeInput.Text(from)), ("to", TimeInput.Text(to)), ("sort", "slowest")).ToString();
    }

    private IReadOnlyList<(string Name, long OfA, long OfB)> SideBySide(Func<OverviewFacts, IEnumerable<NamedCount>> countsOf)
    {
        var (ofA, ofB) = (countsOf(Result.A).ToList(), countsOf(Result.B).ToList());
        return
        [
            .. ofA.Concat(ofB)
                .Where(static count => count.Count > 0)
                .Select(static count => count.Name)
                .Distinct()
                .Take(MostNames)
                .Select(name => (name, CountOf(ofA, name), CountOf(ofB, name))),
        ];

        static long CountOf(List<NamedCount> counts, string name) => counts.FirstOrDefault(count => count.Name == name)?.Count ?? 0;
    }
}
