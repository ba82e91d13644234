namespace DhtTracer.EndToEnd.Tests.Site;

public sealed class SharedSiteTests(Browser browser, SharedSite shared)
{
    public static TheoryData<string> Pages => ["/", "/queries", "/queries?background=1", "/compare", "/peers"];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_has_something_to_show(string address)
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(address);
                Assert.Equal(1, await page["h1"].CountAsync());
                Assert.Equal(0, await page[".empty"].CountAsync());
            }
        );
    }

    [Fact]
    public async Task The_list_holds_every_query_that_was_sent()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                var missing = archive.Days.Queries.Select(query => query.Id.ToString()).ToHashSet(StringComparer.Ordinal);
                await page.GoAsync("/queries?service=simulated");
                while (true)
                {
                    missing.ExceptWith((await page.LinksAsync("table.queries a.key")).Select(link => link["/q/".Length..]));
                    if (await page["a[rel=next]"].CountAsync() == 0)
                    {
                        break;
                    }

                    await page.FollowAsync(page["a[rel=next]"]);
                }

                Assert.Empty(missing);
            }
        );
    }
}
