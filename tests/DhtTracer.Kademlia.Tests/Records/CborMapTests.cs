using DhtTracer.Kademlia.Records;

namespace DhtTracer.Kademlia.Tests.Records;

public sealed class CborMapTests
{
    [Theory]
    [InlineData("a0")]
    [InlineData("a163544c4c01")]
    [InlineData("a2616101616220")]
    [InlineData("a1616182018102")]
    [InlineData("a16161a161626163")]
    [InlineData("a16161f5")]
    [InlineData("a26162016161d82a4100")] // a tag, and keys out of order
    [InlineData("a16161fb3ff8000000000000")]
    public void Well_formed_maps_are_read(string hex) => Assert.NotNull(CborMap.TryParse(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("01", "no map")]
    [InlineData("a1", "cut off")]
    [InlineData("a16161", "no value")]
    [InlineData("a1616101ff", "more after the end")]
    [InlineData("a261610161610 2", "a key twice")]
    [InlineData("a10101", "a key that is no text")]
    [InlineData("bf616101ff", "indefinite length")]
    [InlineData("a1616158ff00", "longer than the input")]
    [InlineData("a161619bffffffffffffffff", "an array longer than the input")]
    [InlineData("a1616181818181818181818101", "too deep")]
    [InlineData("bb7fffffffffffffff", "a map longer than the input")]
    [InlineData("a161619b7fffffffffffffff", "an array longer than memory")]
    [InlineData("a161615b7fffffffffffffff", "a byte string longer than memory")]
    [InlineData("a161619f01ff", "an array of indefinite length")]
    [InlineData("a161617f6161ff", "a text of indefinite length")]
    [InlineData("a161615f4101ff", "a byte string of indefinite length")]
    [InlineData("a16161d82a9f01ff", "a tagged array of indefinite length")]
    [InlineData("a161ff01", "a key that is no UTF-8")]
    public void What_is_not_well_formed_is_refused(string hex, string why) =>
        Assert.True(CborMap.TryParse(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))) is null, why);

    [Fact]
    public void Integers_are_written_in_the_fewest_bytes_and_keys_in_dag_cbors_order()
    {
        var map = CborMap.Write(
            new Dictionary<string, byte[]> { ["b"] = [1] },
            new Dictionary<string, ulong>
            {
                ["aa"] = 23,
                ["a"] = 24,
                ["ab"] = 256,
                ["ac"] = 65536,
                ["ad"] = 1UL << 32,
            }
        );

        // {"a": 24, "b": h'01', "aa": 23, "ab": 256, "ac": 65536, "ad": 4294967296}, from RFC 8949's rules.
        Assert.Equal("a66161181861624101626161176261621901006261631a000100006261641b0000000100000000", Convert.ToHexStringLower(map));
        var read = CborMap.TryParse(map)!;
        Assert.Equal(1UL << 32, read.GetInteger("ad"));
        Assert.Equal([1], read.GetBytes("b"));
        Assert.Null(read.GetInteger("b"));
    }
}
