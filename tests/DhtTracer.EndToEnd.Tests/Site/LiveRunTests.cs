using DhtTracer.Hosting;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Node;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>A query is begun on the page Run and followed while a real node runs it, over TCP, among peers of which some never
/// answer.</summary>
public sealed class LiveRunTests(Browser chromium)
{
    private const string Nobody = "12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_query_is_run_and_followed_to_its_end(bool script)
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        var cancellation = TestContext.Current.CancellationToken;
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 20,
                Seed = 3,
                Faults = [new FaultShare(NodeFault.BlackHole, 0.3)],
            },
            cancellationToken: cancellation
        );
        await using var starting = await TracerProcess.StartAsync(null, "--node", "http://127.0.0.1:1");
        await using var host = await NodeHost.StartAsync(
            new NodeOptions
            {
                Listen = ["/ip4/127.0.0.1/tcp/0"],
                Bootstrap = network.BootstrapPeers,
                Dht = new DhtOptions { RequestTimeout = TimeSpan.FromSeconds(4), QueryTimeout = TimeSpan.FromSeconds(30) },
                ControlPort = 0,
                Export = new SpanExportOptions { Endpoint = new Uri(starting.Url("OTLP over gRPC")) },
            },
            TextWriter.Null,
            cancellation
        );
        var node = host.Node;
        await node.BootstrapAsync(cancellation);

        // The same receiver port, so that the node's spans arrive, and the site pointed at the node.
        var port = new Uri(starting.Url("OTLP over gRPC")).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await starting.InterruptAsync();
        await using var tracer = await TracerProcess.StartAsync(null, "--node", host.Control!.ToString(), "--otlp-grpc-port", port);

        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/run", script);
        Assert.Contains(node.Dht.Id.ToString()[^6..], await page.Locator(".page-head").InnerTextAsync(), StringComparison.Ordinal);
        await page.Locator("form.run select").SelectOptionAsync("find-peer");
        await page.Locator("form.run input[name=key]").FillAsync(Nobody);
        await page.Locator("form.run button").ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/q/", StringComparison.Ordinal));

        var growing = new SortedSet<int>();
        var outcome = "";
        for (var i = 0; i < 300 && outcome is "" or "incomplete"; i++)
        {
            // Without a script the page asks again by itself; a look may fall into that moment.
            await Task.Delay(100, cancellation);
            try
            {
                if (await page.Locator(".tiles .outcome").CountAsync() == 1)
                {
                    outcome = await page.Locator(".tiles .outcome").InnerTextAsync(new LocatorInnerTextOptions { Timeout = 2000 });
                    growing.Add(outcome == "incomplete" ? await page.Locator("tbody.rows tr").CountAsync() : 0);
                }
            }
            catch (Exception moving) when (moving is PlaywrightException or TimeoutException)
            {
                Assert.False(script, moving.Message);
            }
        }

        Assert.Equal("not found", outcome);
        Assert.True(growing.Max > 0, "no peer was shown before the query had ended");
        Assert.Contains(Nobody, await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);

        // The page Run lists it, and the node's error texts are shown there.
        await page.GotoAsync(tracer.Site + "/run");
        Assert.Contains(
            "find-peer",
            await page.Locator("table[aria-label='Recent queries of this node']").InnerTextAsync(),
            StringComparison.Ordinal
        );
        await page.Locator("form.run select").SelectOptionAsync("get-providers");
        await page.Locator("form.run input[name=key]").FillAsync("nonsense");
        await page.Locator("form.run button").ClickAsync();
        Assert.Equal("The node says: 'nonsense' is no CID", await page.Locator(".note.bad").InnerTextAsync());
        browser.AssertNoProblems("the server responded with a status of 400");
    }
}
