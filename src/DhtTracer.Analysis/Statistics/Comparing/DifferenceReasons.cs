using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Where the operations of two sets spend their time, which explains the difference of their durations. All figures are nanoseconds per
/// operation: means over the operations with a known critical path. Each operation counts by its decisive query.
/// </summary>
public sealed record DifferenceReasons
{
    /// <summary>Most entries in a list: those with the greatest differences.</summary>
    public const int MostListed = 10;

    /// <summary>
    /// Half the width of an interval in standard errors: the two-sided normal quantile of 1 - 0.05 / <see cref="MostListed"/>. So the
    /// intervals of a list hold together at 95 % (Bonferroni).
    /// </summary>
    private const double Width = 2.807;

    /// <summary>Number of operations of A with known phases.</summary>
    public required int OperationsOfA { get; init; }

    /// <summary>Number of operations of B with known phases.</summary>
    public required int OperationsOfB { get; init; }

    /// <summary>The phases, with the names of <see cref="PhaseTimes"/>. They add up to the duration.</summary>
    public required ImmutableArray<LostTime> Phases { get; init; }

    /// <summary>Time lost to each peer.</summary>
    public required ImmutableArray<LostTime> Peers { get; init; }

    /// <summary>Time lost to the peers of each agent version, if agents are known.</summary>
    public required ImmutableArray<LostTime> Agents { get; init; }

    /// <summary>Time lost to peers whose dial or request failed, by error class. Cancelled dials and requests do not count.</summary>
    public required ImmutableArray<LostTime> ErrorClasses { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="a">Operations of the first set.</param>
    /// <param name="peersOfA">The facts of their peers. For operations without such facts, peers, agents and errors are left out.</param>
    /// <param name="b">Operations of the second set.</param>
    /// <param name="peersOfB">The facts of their peers.</param>
    public static DifferenceReasons Of(
        IReadOnlyCollection<OperationFacts> a,
        IReadOnlyCollection<PeerFacts> peersOfA,
        IReadOnlyCollection<OperationFacts> b,
        IReadOnlyCollection<PeerFacts> peersOfB
    )
    {
        var (phasesOfA, phasesOfB) = (Sums.OfPhases(a), Sums.OfPhases(b));
        var (lostInA, lostInB) = (Decisive(a, peersOfA), Decisive(b, peersOfB));
        return new DifferenceReasons
        {
            OperationsOfA = phasesOfA.Operations,
            OperationsOfB = phasesOfB.Operations,
            Phases = Compare(phasesOfA, phasesOfB),
            Peers = Compare(Sums.OfPeers(lostInA, static fact => fact.PeerId), Sums.OfPeers(lostInB, static fact => fact.PeerId)),
            Agents = Compare(Sums.OfPeers(lostInA, static fact => fact.Agent), Sums.OfPeers(lostInB, static fact => fact.Agent)),
            ErrorClasses = Compare(Sums.OfPeers(lostInA, Failure), Sums.OfPeers(lostInB, Failure)),
        };
    }

    private static string? Failure(PeerFacts fact) => fact.Errors.FirstOrDefault(static error => error != ErrorClass.Cancelled);

    // Peers of the decisive queries, one operation after another. The other side of a dual DHT ran in parallel, so it does not count.
    private static List<List<PeerFacts>> Decisive(IEnumerable<OperationFacts> operations, IEnumerable<PeerFacts> peers)
    {
        var decisive = operations.Select(static operation => operation.Decisive).OfType<QueryId>().ToHashSet();
        return
        [
            .. peers
                .Where(fact => fact.TimeLostNs is not null && decisive.Contains(fact.QueryId))
                .GroupBy(static fact => fact.QueryId)
                .Select(static group => group.ToList()),
        ];
    }

    private static ImmutableArray<LostTime> Compare(Sums a, Sums b)
    {
        if (a.Operations == 0 || b.Operations == 0)
        {
            return [];
        }

        return
        [
            .. a
                .Names.Union(b.Names, StringComparer.Ordinal)
                .Select(name => Compare(name, a, b))
                .Where(static lost => lost.A > 0 || lost.B > 0)
                .OrderByDescending(static lost => Math.Abs(lost.Difference))
                .ThenBy(static lost => lost.Name, StringComparer.Ordinal)
                .Take(MostListed),
        ];
    }

    private static LostTime Compare(string name, Sums a, Sums b)
    {
        var ((meanOfA, errorOfA), (meanOfB, errorOfB)) = (a.Mean(name), b.Mean(name));
        var difference = meanOfB - meanOfA;
        var half = Width * Math.Sqrt((errorOfA * errorOfA) + (errorOfB * errorOfB));
        DifferenceInterval? interval =
            Math.Min(a.Operations, b.Operations) < Comparison.NeededForRatios
                ? null
                : new DifferenceInterval(difference - half, difference + half);
        return new LostTime(name, meanOfA, meanOfB, difference, interval);
    }

    // Sums and sums of squares by name. An operation without a name counts as zero for it.
    private sealed class Sums
    {
        private readonly Dictionary<string, (double Sum, double Squares)> _sums = new(StringComparer.Ordinal);

        public int Operations { get; private set; }

        public IEnumerable<string> Names => _sums.Keys;

        public static Sums OfPhases(IEnumerable<OperationFacts> operations)
        {
            var sums = new Sums();
            foreach (var phases in operations.Select(static operation => operation.Phases).OfType<PhaseTimes>())
            {
                sums.Operations++;
                sums.Add("first-peers", phases.FirstPeersNs);
                sums.Add("dials", phases.DialsNs);
                sums.Add("requests", phases.RequestsNs);
                sums.Add("tail", phases.TailNs);
                sums.Add("follow-up", phases.FollowUpNs);
                sums.Add("stores", phases.StoresNs);
                sums.Add("own", phases.OwnNs);
                sums.Add("unknown", phases.UnknownNs);
            }

            return sums;
        }

        public static Sums OfPeers(IEnumerable<List<PeerFacts>> operations, Func<PeerFacts, string?> name)
        {
            var sums = new Sums();
            var lost = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var operation in operations)
            {
                sums.Operations++;
                lost.Clear();
                foreach (var fact in operation)
                {
                    if (fact.TimeLostNs > 0 && name(fact) is { } key)
                    {
                        lost[key] = lost.GetValueOrDefault(key) + fact.TimeLostNs.Value;
                    }
                }

                foreach (var (key, value) in lost)
                {
                    sums.Add(key, value);
                }
            }

            return sums;
        }

        /// <summary>The mean and its standard error.</summary>
        public (double Mean, double Error) Mean(string name)
        {
            var (sum, squares) = _sums.GetValueOrDefault(name);
            var mean = sum / Operations;
            var variance = Operations < 2 ? 0 : Math.Max(0, (squares - (Operations * mean * mean)) / (Operations - 1));
            return (mean, Math.Sqrt(variance / Operations));
        }

        private void Add(string name, double value)
        {
            var (sum, squares) = _sums.GetValueOrDefault(name);
            _sums[name] = (sum + value, squares + (value * value));
        }
    }
}

/// <summary>Time that the operations of two sets spent on one thing, in nanoseconds an operation.</summary>
/// <param name="Name">A phase, a peer id, an agent version or an error class.</param>
/// <param name="A">Mean of the first set.</param>
/// <param name="B">Mean of the second set.</param>
/// <param name="Difference">B minus A.</param>
/// <param name="Interval">Encloses the true difference; null when one of the sets has too few operations.</param>
public sealed record LostTime(string Name, double A, double B, double Difference, DifferenceInterval? Interval)
{
    /// <summary>True when the interval excludes zero.</summary>
    public bool Significant => Interval is { } interval && (interval.Low > 0 || interval.High < 0);
}
