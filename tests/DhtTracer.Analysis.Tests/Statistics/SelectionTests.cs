using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Tests.Statistics;

public sealed class SelectionTests
{
    public static TheoryData<string> Kinds() =>
        ["durations", "equal", "ascending", "descending", "both ends", "one far away", "few values"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_place_has_the_value_that_sorting_puts_there(string kind)
    {
        foreach (var count in (int[])[1, 2, 31, 33, 299, 301, 9_999, 12_345])
        {
            var values = Values(kind, count);
            var sorted = values.ToArray();
            Array.Sort(sorted);
            var radix = values.ToArray();
            RadixSort.Sort(radix);
            Assert.Equal(sorted, radix);

            int[] places = [.. new[] { 0, count / 10, count / 2, count * 99 / 100, count - 1 }.Distinct().Order()];
            var found = new long[places.Length];
            Selection.At(values, places, found);
            Assert.Equal(places.Select(place => sorted[place]), found);
            Assert.Equal(places.Select(place => sorted[place]), places.Select(place => Selection.At(values.ToArray(), place)));
            Assert.Equal(Distribution.OfSorted(sorted, 3), Distribution.OfUnsorted(values, 3));
        }
    }

    [Fact]
    public void Sums_beyond_64_bits_have_the_right_mean()
    {
        long[] values = [.. Enumerable.Repeat(long.MaxValue - 1, 3), 5, -7];
        Assert.Equal(((3.0 * long.MaxValue) - 5) / 5, Distribution.OfUnsorted(values, 0).Mean);
    }

    private static long[] Values(string kind, int count)
    {
        var random = new Random(count);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    kind switch
                    {
                        "durations" => (long)Math.Exp(10 + (10 * random.NextDouble())),
                        "equal" => 17,
                        "ascending" => i * 1_000_003L,
                        "descending" => -i * 1_000_003L,
                        "both ends" => i % 2 == 0 ? long.MinValue + i : long.MaxValue - i,
                        "one far away" => i == count / 2 ? long.MaxValue / 2 : random.Next(1000),
                        _ => random.Next(5),
                    }
                ),
        ];
    }
}
