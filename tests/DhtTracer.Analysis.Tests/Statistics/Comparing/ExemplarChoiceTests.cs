using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

public sealed class ExemplarChoiceTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void The_typical_one_is_near_the_median_in_duration_and_in_phases()
    {
        // Half are longer and half are shorter than 3 s; of those near it, only number 2 waits for requests as most do.
        var set = new[]
        {
            Fact(0, 1, requests: 0.8),
            Fact(1, 2.9, requests: 0.1),
            Fact(2, 3, requests: 0.8),
            Fact(3, 3.1, requests: 0),
            Fact(4, 9, requests: 0.8),
            Fact(5, 2, requests: 0.8),
            Fact(6, 7, requests: 0.8),
        };

        Assert.Equal(2UL, Number(Choose(set, [], []), ExemplarKind.Typical));
    }

    [Fact]
    public void The_slowest_one_is_the_longest_and_an_unknown_end_is_no_example()
    {
        var found = Choose([Fact(0, 1), Fact(1, 5), Fact(2, null)], [], []);

        Assert.Equal(1UL, Number(found, ExemplarKind.Slowest));
        Assert.DoesNotContain(found, static exemplar => exemplar.Kind == ExemplarKind.Cause);
        Assert.Empty(Choose([Fact(0, null)], [], []));
    }

    [Fact]
    public void The_cause_shows_most_where_most_of_the_attribute_is()
    {
        var refused = new SharedAttribute(AttributeKind.PeerError, ErrorClass.DialRefused, 3, 3, 1, 9, 0.9, null, 0.001, 0.001);
        var chance = refused with { Name = ErrorClass.Reset, Adjusted = 0.5 };
        var found = Choose([Fact(0, 9), Fact(1, 2, refused: 7), Fact(2, 3, refused: 7), Fact(3, 8, refused: 1)], [chance, refused], []);

        var cause = Assert.Single(found, static exemplar => exemplar.Kind == ExemplarKind.Cause);
        Assert.Equal((2UL, 7L, refused), (cause.Operation.Id.SpanId.Value, cause.Amount!.Value, cause.Attribute));
    }

    [Theory]
    [InlineData(AttributeKind.Hops, "3")]
    [InlineData(AttributeKind.Agent, "kubo/1")]
    public void An_attribute_without_an_amount_or_that_none_of_the_longest_has_is_passed_over(AttributeKind kind, string name)
    {
        var attribute = new SharedAttribute(kind, name, 3, 3, 1, 9, 0.9, null, 0.001, 0.001);

        Assert.Equal(
            [ExemplarKind.Typical, ExemplarKind.Slowest],
            Choose([Fact(0, 9), Fact(1, 2)], [attribute], []).Select(static exemplar => exemplar.Kind)
        );
    }

    [Fact]
    public void Without_an_attribute_the_cause_is_the_phase_that_is_surely_longer()
    {
        LostTime[] phases =
        [
            new("requests", 5e8, 2e9, 1.5e9, new DifferenceInterval(1e9, 2e9)),
            new("dials", 5e8, 3e9, 2.5e9, new DifferenceInterval(-1, 5e9)),
            new("tail", 3e9, 1e9, -2e9, new DifferenceInterval(-3e9, -1e9)),
        ];
        var set = new[] { Fact(0, 10, requests: 0.1), Fact(1, 8, requests: 0.9), Fact(2, 2, requests: 1) };

        var cause = Assert.Single(Choose(set, [], phases), static exemplar => exemplar.Kind == ExemplarKind.Cause);
        Assert.Equal((1UL, "requests", (long)(7.2 * Second)), (cause.Operation.Id.SpanId.Value, cause.Phase, cause.Amount!.Value));
        Assert.Equal("tail", Assert.Single(Choose(set, [], phases, isB: false), static e => e.Kind == ExemplarKind.Cause).Phase);
    }

    [Fact]
    public void Those_near_the_median_are_the_nearest_in_order_however_many_there_are()
    {
        var set = OperationColumns.Of([.. Enumerable.Range(0, 1001).Select(i => Fact((ulong)i, i + 1))]);

        var near = ExemplarChoice.NearMedian(set);

        // The median of 1 s to 1001 s is 501 s, which number 500 took.
        Assert.Equal(ExemplarChoice.MostRead, near.Length);
        Assert.Equal(500, near[0]);
        Assert.All(near, static number => Assert.InRange(number, 400, 600));
        Assert.Empty(ExemplarChoice.NearMedian(OperationColumns.Empty));
    }

    private static IReadOnlyList<Exemplar> Choose(
        IReadOnlyList<OperationFacts> set,
        IReadOnlyList<SharedAttribute> attributes,
        IReadOnlyList<LostTime> phases,
        bool isB = true
    )
    {
        using var columns = OperationColumns.Of([.. set]);
        return ExemplarChoice.Choose(
            columns,
            [.. ExemplarChoice.NearMedian(columns).Select(number => set[(int)number])],
            NotableOperations.Slowest(set, ExemplarChoice.MostRead),
            attributes,
            phases,
            isB
        );
    }

    private static ulong Number(IReadOnlyList<Exemplar> found, ExemplarKind kind) =>
        Assert.Single(found, exemplar => exemplar.Kind == kind).Operation.Id.SpanId.Value;

    private static OperationFacts Fact(ulong number, double? seconds, double requests = 0.5, int refused = 0) =>
        new()
        {
            Id = new QueryId(new TraceId(1, 1), new SpanId(number)),
            StartUnixNano = number,
            Type = QueryType.GetProviders,
            Outcome = QueryOutcome.Success,
            DurationNs = (long?)(seconds * Second),
            PeerErrors = refused == 0 ? [] : [new NamedCount(ErrorClass.DialRefused, refused)],
            Phases = seconds is { } known
                ? new PhaseTimes(0, 0, 0, (long)(known * Second * requests), (long)(known * Second * (1 - requests)), 0, 0, 0)
                : null,
        };
}
