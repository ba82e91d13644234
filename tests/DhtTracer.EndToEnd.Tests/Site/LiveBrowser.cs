using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Pages of one test, each in a context of its own, and what they complain of. The chromium is that of all tests.</summary>
internal sealed class LiveBrowser(Browser browser) : IAsyncDisposable
{
    private readonly List<IBrowserContext> _contexts = [];
    private readonly List<string> _problems = [];

    public async Task<IPage> OpenAsync(string address, bool script = true)
    {
        var context = await browser.NewContextAsync(
            new View
            {
                Width = 1280,
                Height = 720,
                Script = script,
            }
        );
        _contexts.Add(context);
        var page = await context.NewPageAsync();
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
        foreach (var context in _contexts)
        {
            await context.DisposeAsync();
        }
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
