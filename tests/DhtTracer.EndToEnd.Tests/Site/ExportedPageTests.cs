using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The HTML file of a query, opened from a disk as the reader of an issue opens it.</summary>
public sealed class ExportedPageTests(Browser browser, SharedSite shared) : IDisposable
{
    // A sheet of A4 lying, less 10 mm on each side, at 96 pixels an inch.
    private const int PaperWidth = 1047;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dht-tracer-exported-");

    [Theory]
    [InlineData(1440, false)]
    [InlineData(1440, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public async Task It_asks_for_nothing_wears_its_own_style_and_fits_the_window(int width, bool dark)
    {
        var (file, peers) = await SaveAsync();
        await browser.VisitAsync(
            "",
            async page =>
            {
                var asked = new ConcurrentQueue<string>();
                page.Page.Request += (_, request) => asked.Enqueue(request.Url);
                await page.Page.GotoAsync(file);

                Assert.Equal([file], asked);
                Assert.InRange(await WidthAsync(page), 1, width);
                Assert.Equal(dark, await BackgroundAsync(page) < 150);
                Assert.Equal(
                    peers,
                    await page["section svg:not(.key) text.t"]
                        .EvaluateAllAsync<int>("texts => texts.filter(t => t.getAttribute('x') === '12').length")
                );
            },
            new View { Width = width, Dark = dark }
        );
    }

    [Fact]
    public async Task On_paper_it_is_light_and_as_wide_as_the_sheet()
    {
        var (file, _) = await SaveAsync();
        await browser.VisitAsync(
            "",
            async page =>
            {
                await page.Page.GotoAsync(file);
                await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print, ColorScheme = ColorScheme.Dark });

                Assert.InRange(await WidthAsync(page), 1, PaperWidth);
                Assert.InRange(await BackgroundAsync(page), 700, 765);
            },
            new View { Width = PaperWidth, Dark = true }
        );
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(string File, int Peers)> SaveAsync()
    {
        var archive = await shared.OpenAsync();
        using var client = new HttpClient();
        var path = Path.Combine(_folder.FullName, "query.html");
        await File.WriteAllBytesAsync(path, await client.GetByteArrayAsync(new Uri($"{archive.Site}/q/{archive.Slowest.Id}/export.html")));
        var query = JsonDocument
            .Parse(await client.GetStringAsync(new Uri($"{archive.Site}/api/v1/queries/{archive.Slowest.Id}")))
            .RootElement;
        return (new Uri(path).AbsoluteUri, query.GetProperty("peers").GetArrayLength());
    }

    private static Task<int> WidthAsync(SitePage page) => page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");

    /// <summary>Red, green and blue of the background, summed: 765 is white.</summary>
    private static Task<int> BackgroundAsync(SitePage page) =>
        page.Page.EvaluateAsync<int>(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
        );
}
