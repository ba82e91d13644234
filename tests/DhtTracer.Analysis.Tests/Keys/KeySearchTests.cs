using DhtTracer.Analysis.Keys;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Tests.Keys;

public class KeySearchTests
{
    private const string Multihash = "1220502f24098702a159bf4380cdd8935eb51467760560c542f0f3e90a8c77508d5c";

    /// <summary>One key in the texts that people have of it; the CID and the multihash stand in a capture's ground truth.</summary>
    public static TheoryData<string> Texts
    {
        get
        {
            var bytes = Convert.FromHexString(Multihash);
            byte[] binaryCid = [0x01, 0x55, .. bytes];
            return
            [
                "bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq",
                Multihash,
                Multihash.ToUpperInvariant(),
                "f" + Multihash,
                Base58.Encode(bytes),
                "z" + Base58.Encode(bytes),
                Multibase.Encode(MultibaseEncoding.Base36, binaryCid),
                Multibase.Encode(MultibaseEncoding.Base64Url, binaryCid),
                "/ipfs/bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq",
                "  bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq\n",
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Every_text_of_a_key_leads_to_its_bytes(string text) =>
        Assert.Contains(
            KeySearch.Parse(text).Candidates,
            candidate =>
                candidate.Bytes == Multihash && candidate.KadId == "75d65170966f3c8f6111e2204eeeb7166f45debd80fb213926664f60b1e3a09f"
        );

    [Theory]
    [InlineData("04-contentRouting-findProviders")]
    [InlineData("21-nested-under-app-span")]
    public void A_search_by_the_cid_finds_the_query_of_the_capture(string label) =>
        Assert.Contains(
            KeySearch.Parse(Captures.Meta(label).GetProperty("cid").GetString()).Candidates,
            candidate => candidate.Bytes == Captures.OnlyQuery(label).Key!.Bytes
        );

    [Fact]
    public void A_peer_is_found_by_both_forms_of_its_id_and_by_an_address()
    {
        var peer = Captures.Meta("06-dht-findPeer-found").GetProperty("targetPeer").GetString()!;
        var bytes = Captures.Meta("06-dht-findPeer-found").GetProperty("multihashHex").GetString();

        foreach (var text in (string[])[peer, PeerId.Parse(peer).ToCidString(), "/ip4/127.0.0.1/tcp/4001/p2p/" + peer])
        {
            Assert.Contains(KeySearch.Parse(text).Candidates, candidate => candidate.PeerId == peer && candidate.Bytes == bytes);
        }
    }

    [Fact]
    public void An_ipns_name_is_a_record_key()
    {
        var peer = PeerId.Parse("12D3KooWN4sC6bNxdsEFfKeRF4wfo3QpFi4ZK44rcVc63B2A2Vjw");
        byte[] key = [.. "/ipns/"u8, .. peer.Bytes];

        foreach (var text in (string[])["/ipns/" + peer, "/ipns/" + peer.ToCidString(), peer.ToCidString()])
        {
            Assert.Contains(KeySearch.Parse(text).Candidates, candidate => candidate.Bytes == Convert.ToHexStringLower(key));
        }
    }

    [Fact]
    public void A_key_that_is_plain_text_is_found_as_such() =>
        Assert.Contains(
            KeySearch.Parse("/v/capture").Candidates,
            candidate => candidate.Bytes == Captures.Meta("14-dht-put").GetProperty("keyHex").GetString() && candidate.Text == "/v/capture"
        );

    [Fact]
    public void Part_of_a_key_is_a_prefix() => Assert.Equal("bafkreicqf4s", KeySearch.Parse(" bafkreicqf4s").TextPrefix);

    [Fact]
    public void Sixty_four_hex_digits_can_be_a_kademlia_id() =>
        Assert.Equal(new string('a', 64), KeySearch.Parse(new string('A', 64)).KadId);

    [Theory]
    [InlineData(null)]
    [InlineData("  ")]
    public void Nothing_means_nothing(string? text)
    {
        var search = KeySearch.Parse(text);

        Assert.Empty(search.Candidates);
        Assert.Null(search.TextPrefix);
    }

    [Fact]
    public void A_text_that_is_too_long_means_nothing() =>
        Assert.Empty(KeySearch.Parse(new string('a', KeySearch.MaxLength + 1)).Candidates);
}
