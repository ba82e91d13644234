using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Tests.Statistics;

public class ShareTests
{
    // Exact 95 % limits as tabulated for binomial shares.
    [Theory]
    [InlineData(0, 10, 0, 0.3085)]
    [InlineData(5, 10, 0.1871, 0.8129)]
    [InlineData(10, 10, 0.6915, 1)]
    [InlineData(1, 100, 0.0003, 0.0545)]
    public void Intervals_are_those_of_Clopper_and_Pearson(int part, int whole, double low, double high)
    {
        var interval = Share.OfOperations(part, whole).Interval!.Value;
        Assert.Equal(low, interval.Low, 1e-4);
        Assert.Equal(high, interval.High, 1e-4);
    }

    [Fact]
    public void Nothing_has_neither_share_nor_interval()
    {
        var share = Share.OfOperations(0, 0);
        Assert.Null(share.Value);
        Assert.Null(share.Interval);
    }
}
