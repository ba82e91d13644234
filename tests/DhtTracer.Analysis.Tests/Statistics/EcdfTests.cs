using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Tests.Statistics;

public class EcdfTests
{
    [Fact]
    public void Ties_are_one_step() =>
        Assert.Equal([new EcdfPoint(1, 0.25), new EcdfPoint(4, 0.75), new EcdfPoint(9, 1)], Ecdf.Of([4, 1, 9, 4]));

    [Fact]
    public void Thinning_keeps_both_ends_and_only_true_points()
    {
        var points = Ecdf.Of(Enumerable.Range(1, 10_000).Select(i => (long)i), limit: 100);
        Assert.Equal(100, points.Length);
        Assert.Equal(new EcdfPoint(1, 0.0001), points[0]);
        Assert.Equal(new EcdfPoint(10_000, 1), points[^1]);
        Assert.All(points, point => Assert.Equal(point.Value / 10_000.0, point.Share, 12));
    }

    [Fact]
    public void Nothing_has_no_points() => Assert.Empty(Ecdf.Of([]));
}
