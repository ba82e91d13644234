using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Search by a key through the box on top of every page: whichever text of it is typed, the same queries are found and no
/// others.</summary>
public sealed class KeySearchTests(Browser browser, SharedSite shared)
{
    [Fact]
    public void The_texts_of_these_tests_are_those_of_the_specifications()
    {
        // The example of https://github.com/multiformats/cid, and of https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md.
        var content = Convert.FromHexString("1220c3c4733ec8affd06cf9e9ff50ffc6bcd2ec85a6170004bb709669c31de94391a");
        Assert.Equal("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", KeyTexts.Base32Cid(content, 0x70));
        var peer = Convert.FromHexString("12209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9");
        Assert.Equal("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", KeyTexts.Base32Cid(peer, 0x72));
        Assert.Equal("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", KeyTexts.Base58Of(peer));
    }

    [Fact]
    public async Task The_key_of_some_content()
    {
        var archive = await shared.OpenAsync();
        var query = archive.Days.Queries.First(query => query.Type == QueryType.GetProviders);
        await AssertFoundAsync(archive, query, KeyTexts.OfContent(Convert.FromHexString(query.Key!.Bytes)));
    }

    [Fact]
    public async Task A_peer_that_several_queries_looked_for()
    {
        var archive = await shared.OpenAsync();
        var query = archive
            .Days.Queries.Where(query => query.Type == QueryType.FindPeer)
            .GroupBy(query => query.Key!.Bytes)
            .MaxBy(group => group.Count())!
            .First();
        await AssertFoundAsync(archive, query, KeyTexts.OfPeer(Convert.FromHexString(query.Key!.Bytes)));
    }

    [Fact]
    public async Task A_name_of_IPNS()
    {
        var archive = await shared.OpenAsync();
        await AssertFoundAsync(archive, archive.Days.Published, KeyTexts.OfName(SimulatedDays.NamedPeer));
    }

    [Fact]
    public async Task A_permalink_of_any_installation_opens_the_query()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                foreach (var text in new[] { $"https://elsewhere.example/q/{archive.Slowest.Id}?tab=why", archive.Slowest.Id.ToString() })
                {
                    await SearchAsync(page, "/", text);
                    Assert.Equal($"/q/{archive.Slowest.Id}", page.Address);
                }
            }
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_nobody_looked_for_is_said_to_be_unknown(bool script)
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await SearchAsync(page, "/peers", "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
                Assert.Contains("No query for this key was imported", await page[".empty"].InnerTextAsync(), StringComparison.Ordinal);
            },
            new View { Script = script }
        );
    }

    private async Task AssertFoundAsync(Archive archive, Query query, IEnumerable<(string Name, string Text)> texts)
    {
        var expected = archive
            .Days.Queries.Where(other => other.Key!.Bytes == query.Key!.Bytes)
            .Select(other => $"/q/{other.Id}")
            .Order(StringComparer.Ordinal)
            .ToList();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                foreach (var (name, text) in texts)
                {
                    await SearchAsync(page, "/queries", text);
                    var found = (await page.LinksAsync("table.queries a.key")).Order(StringComparer.Ordinal).ToList();
                    Assert.True(expected.SequenceEqual(found), $"{name}, {text}: {found.Count} found instead of {expected.Count}");
                }
            }
        );
    }

    private static async Task SearchAsync(SitePage page, string from, string text)
    {
        await page.GoAsync(from);
        await page[".find input[name=key]"].FillAsync(text);
        var before = page.Page.Url;
        await page[".find input[name=key]"].PressAsync("Enter");
        await page.Page.WaitForURLAsync(url => url != before);
    }
}
