using System.Net;
using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

/// <summary>A saved stream of a Kubo's query events has an order and no times: pages and exports must not make any up.</summary>
public sealed class UntimedQueryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_show_peers_and_answers_and_no_time()
    {
        await using var site = await Site.StartAsync();
        var id = await ImportAsync(site);
        var page = await site.PageAsync($"/q/{id}");

        // The legend explains a label by an example.
        var text = page.QuerySelector("main")!.TextContent.Replace("310ms, 2/5 peers", "", StringComparison.Ordinal);

        Assert.Contains("time unknown", text, StringComparison.Ordinal);
        Assert.DoesNotContain("1970", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d ?(ms|µs|ns)\b", text);
        Assert.Contains("8 peers", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?tab=why")]
    [InlineData("?tab=convergence")]
    [InlineData("?tab=concurrency")]
    [InlineData("?tab=path")]
    [InlineData("?tab=spans")]
    [InlineData("?sort=duration")]
    [InlineData("?row=p1")]
    public async Task Every_part_of_the_page_is_there(string part)
    {
        await using var site = await Site.StartAsync();
        var id = await ImportAsync(site);

        Assert.DoesNotContain(
            "1970",
            (await site.PageAsync($"/q/{id}{part}")).QuerySelector("main")!.TextContent,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lists_statistics_and_exports_take_it()
    {
        await using var site = await Site.StartAsync();
        var id = await ImportAsync(site);
        foreach (var address in new[] { "/queries", "/", "/peers", $"/api/v1/queries/{id}" })
        {
            Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync(new Uri(address, UriKind.Relative), Ct)).StatusCode);
        }

        foreach (var format in ExportFormat.All.Where(static format => format.Single))
        {
            var answer = await site.Client.GetAsync(new Uri($"/q/{id}/export.{format.Extension}", UriKind.Relative), Ct);
            Assert.True(answer.IsSuccessStatusCode, $"{format.Name}: {answer.StatusCode}");
        }
    }

    private static async Task<QueryId> ImportAsync(Site site)
    {
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file,
                string.Concat(captured.Lines.Select(static line => line.Json + "\n")),
                new UTF8Encoding(false),
                Ct
            );
            var summary = await site.ImportAsync(file);
            return TraceReconstruction.Reconstruct(await site.Store.GetTraceAsync(Assert.Single(summary.Traces), Ct)).Queries[0].Id;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
