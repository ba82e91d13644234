using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>A browser for one test, which collects what the page complains of.</summary>
internal sealed class LiveBrowser : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _problems = [];

    private LiveBrowser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<LiveBrowser> StartAsync()
    {
        var driver = await Playwright.CreateAsync();
        return new LiveBrowser(
            driver,
            await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Needs.Chromium, Args = Arguments })
        );
    }

    public async Task<IPage> OpenAsync(string address, bool script = true)
    {
        var page = await _browser.NewPageAsync(new BrowserNewPageOptions { JavaScriptEnabled = script });
        page.Console += (_, message) => Keep(message.Type == "error" ? $"{message.Text} ({message.Location})" : null);
        page.PageError += (_, error) => Keep(error);
        await page.GotoAsync(address);
        return page;
    }

    /// <summary>Fails when a page complained of anything but what is expected.</summary>
    public void AssertNoProblems(params string[] expected)
    {
        lock (_problems)
        {
            Assert.DoesNotContain(_problems, problem => !expected.Any(text => problem.Contains(text, StringComparison.Ordinal)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private void Keep(string? problem)
    {
        if (problem is not null)
        {
            lock (_problems)
            {
                _problems.Add(problem);
            }
        }
    }
}
