using System.Net;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Assets;

public sealed class SiteAssetsTests
{
    [Fact]
    public async Task Every_style_script_and_icon_of_a_page_and_every_import_of_a_module_is_there()
    {
        await using var site = await Site.StartAsync();
        var page = await site.PageAsync("/queries");
        var addresses = new Queue<string>(
            page.QuerySelectorAll("script[src]")
                .Select(script => script.GetAttribute("src")!)
                .Concat(page.QuerySelectorAll("link[href]").Select(link => link.GetAttribute("href")!))
        );
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (addresses.TryDequeue(out var address))
        {
            if (!seen.Add(address))
            {
                continue;
            }

            var response = await site.Client.GetAsync(new Uri(address, UriKind.Relative));
            Assert.True(response.StatusCode == HttpStatusCode.OK, address);
            Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            var text = await response.Content.ReadAsStringAsync();
            foreach (var import in text.Split('\n').Where(line => line.StartsWith("import ", StringComparison.Ordinal)))
            {
                var module = import.Split('"')[1];
                Assert.StartsWith("./", module, StringComparison.Ordinal);
                addresses.Enqueue(address[..(address.LastIndexOf('/') + 1)] + module[2..]);
            }
        }

        Assert.InRange(seen.Count, 6, 60);
    }

    [Fact]
    public async Task An_asset_of_another_version_is_not_kept_for_good()
    {
        await using var site = await Site.StartAsync();
        var response = await site.Client.GetAsync(new Uri("/assets/000000000000/site.css", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(5), response.Headers.CacheControl!.MaxAge);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await site.Client.GetAsync(new Uri("/assets/000000000000/none.css", UriKind.Relative))).StatusCode
        );
    }
}
