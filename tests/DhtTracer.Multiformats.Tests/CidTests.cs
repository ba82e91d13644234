using System.Security.Cryptography;
using DhtTracer.TestSupport;

namespace DhtTracer.Multiformats.Tests;

public class CidTests
{
    // The empty string's SHA-256, as it stands in the multiformats documentation in all three forms.
    private const string EmptyV0 = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";
    private const string EmptyDagPb = "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    private const string EmptyRaw = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

    [Fact]
    public void The_example_of_the_cid_specification_is_read()
    {
        var cid = Cid.Parse("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA");
        Assert.Equal((1, Cid.Raw, Multihash.Sha2256), (cid.Version, cid.Codec, cid.Multihash.Code));
        Assert.Equal("6e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95", Convert.ToHexStringLower(cid.Multihash.Digest));
        Assert.Equal("bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su", cid.ToString());
        Assert.Equal("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA", cid.ToString(MultibaseEncoding.Base58Btc));
    }

    [Theory]
    [InlineData(EmptyV0, 0, Cid.DagPb)]
    [InlineData(EmptyDagPb, 1, Cid.DagPb)]
    [InlineData(EmptyRaw, 1, Cid.Raw)]
    public void Both_versions_of_a_known_digest_are_read_and_written(string text, int version, ulong codec)
    {
        var cid = Cid.Parse(text);
        Assert.Equal((version, codec), (cid.Version, cid.Codec));
        Assert.Equal(SHA256.HashData([]), cid.Multihash.Digest.ToArray());
        Assert.Equal(text, cid.ToString());
        Assert.True(Cid.TryParse(cid.ToBytes(), out var fromBytes));
        Assert.Equal(cid, fromBytes);
    }

    [Fact]
    public void Every_base_of_a_version_1_cid_is_the_same_cid()
    {
        var cid = Cid.Parse(EmptyDagPb);
        Assert.All(Enum.GetValues<MultibaseEncoding>(), encoding => Assert.Equal(cid, Cid.Parse(cid.ToString(encoding))));
    }

    [Fact]
    public void The_cid_of_js_libp2p_has_the_same_bytes()
    {
        var vector = Vectors.Root.GetProperty("cid");
        var cid = Cid.Parse(vector.Text("text"));
        Assert.Equal(vector.Text("hex"), Convert.ToHexStringLower(cid.ToBytes()));
        Assert.Equal(vector.Text("multihashHex"), cid.Multihash.ToHex());
        Assert.Equal(vector.Text("kadIdHex"), KadId.Of(cid.Multihash.Bytes).ToString());
    }

    [Theory]
    [InlineData("", MultiformatError.Empty)]
    [InlineData("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1O", MultiformatError.InvalidCharacter)]
    [InlineData("zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", MultiformatError.Unsupported)] // version 0 behind a prefix
    [InlineData("f0255122000", MultiformatError.Unsupported)] // version 2
    [InlineData("f01551220e3b0", MultiformatError.Truncated)]
    [InlineData("f0155000000", MultiformatError.TrailingBytes)]
    [InlineData("f015512ff01", MultiformatError.Truncated)]
    [InlineData("f015500ffffff7f", MultiformatError.TooLong)]
    public void What_is_no_cid_is_refused_by_kind(string text, MultiformatError error) =>
        Assert.Equal(error, Assert.Throws<MultiformatException>(() => Cid.Parse(text)).Error);

    [Fact]
    public void Mutated_cids_are_read_as_something_that_writes_itself_back_or_are_refused()
    {
        var random = new Random(2);
        byte[][] valid =
        [
            Cid.Parse(EmptyV0).ToBytes(),
            Cid.Parse(EmptyRaw).ToBytes(),
            Convert.FromHexString("01720024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b"),
        ];
        string[] texts = [EmptyV0, EmptyDagPb, "k51qzi5uqu5dhdmyb9bd18pypu2wp5lpv2xnskfmrqa4lb5knqryrotb05e7or"];
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            var bytes = Fuzz.Mutate(random, valid[i % valid.Length]);
            if (Cid.TryParse(bytes, out var cid))
            {
                Assert.Equal(bytes, cid.ToBytes());
            }

            if (Cid.TryParse(Fuzz.Mutate(random, texts[i % texts.Length]), out var fromText))
            {
                Assert.Equal(fromText, Cid.Parse(fromText.ToString()));
            }
        }
    }
}
