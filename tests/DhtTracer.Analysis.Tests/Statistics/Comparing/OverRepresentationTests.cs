using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

public class OverRepresentationTests
{
    [Fact]
    public void Fishers_own_example_has_its_probability() =>
        // The lady who tasted tea: three of four cups right, (16 + 1) / 70.
        Assert.Equal(17.0 / 70, OverRepresentation.FisherGreater(3, 4, 1, 4), 12);

    [Fact]
    public void The_fifteen_comparisons_of_Benjamini_and_Hochberg_have_four_discoveries()
    {
        double[] published = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1];
        var adjusted = OverRepresentation.Adjust(published);
        Assert.Equal(4, adjusted.Count(p => p < 0.05));
        Assert.Equal(.0095 * 15 / 4, adjusted[3], 12);
    }

    [Fact]
    public void The_peer_that_is_in_every_slow_query_comes_first_and_the_one_in_all_queries_is_not_marked()
    {
        var ranked = OverRepresentation.Rank(
            [
                new Occurrence("everywhere", 20, 200),
                new Occurrence("slow one", 18, 10),
                new Occurrence("rare", 1, 0),
                new Occurrence("fast one", 1, 150),
            ],
            20,
            200
        );
        Assert.Equal("slow one", ranked[0].Name);
        Assert.True(ranked[0].Significant);
        Assert.True(ranked[0].LogOdds > 5);
        Assert.All(ranked.Skip(1), item => Assert.False(item.Significant));
        Assert.True(ranked.Single(item => item.Name == "fast one").LogOdds < 0);
    }

    [Fact]
    public void Names_spread_at_random_are_seldom_marked()
    {
        var random = new Random(5);
        var marked = 0;
        for (var trial = 0; trial < 1_000; trial++)
        {
            var occurrences = Enumerable
                .Range(0, 30)
                .Select(i =>
                {
                    var share = random.NextDouble();
                    return new Occurrence(
                        $"peer {i}",
                        Enumerable.Range(0, 50).Count(_ => random.NextDouble() < share),
                        Enumerable.Range(0, 200).Count(_ => random.NextDouble() < share)
                    );
                });
            marked += OverRepresentation.Rank([.. occurrences], 50, 200).Any(item => item.Significant) ? 1 : 0;
        }

        Assert.InRange(marked, 0, 60);
    }
}
