using System.Collections.Concurrent;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(DhtTracer.EndToEnd.Tests.Site.Browser))]

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>One chromium for all browser tests, started by the first of them. Each visit has a context of its own: no cookie or storage of
/// another.</summary>
public sealed class Browser : IAsyncDisposable
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

    private readonly SemaphoreSlim _starting = new(1);
    private readonly ConcurrentDictionary<View, ConcurrentBag<SitePage>> _readers = new();
    private IPlaywright? _playwright;
    private IBrowser? _chromium;

    /// <summary>
    /// Opens a page, lets the test use it, and asserts that nothing went wrong meanwhile: no error in the console, no exception, no
    /// violation of the content security policy, no failed request. What failed is left as a picture under <c>artifacts/browser</c>.
    /// Skips the test when there is no chromium.
    /// </summary>
    public async Task VisitAsync(string site, Func<SitePage, Task> visit, View? view = null)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var seen = view ?? new View();
        await using var context = await NewContextAsync(seen);
        await VisitAsync(new SitePage(await context.NewPageAsync(), site), visit, seen);
    }

    /// <summary>
    /// As <see cref="VisitAsync(string, Func{SitePage, Task}, View?)"/>, for tests that only read and leave no setting behind: they take
    /// turns at the same pages, because a new one, with its processes, costs more than most visits.
    /// </summary>
    public async Task ReadAsync(string site, Func<SitePage, Task> visit, View? view = null)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var seen = view ?? new View();
        var readers = _readers.GetOrAdd(seen, _ => []);
        if (readers.TryTake(out var page))
        {
            await page.StartAnewAsync(site, seen);
        }
        else
        {
            page = new SitePage(await (await NewContextAsync(seen)).NewPageAsync(), site);
        }

        await VisitAsync(page, visit, seen);

        // A page on which something failed is not used again.
        readers.Add(page);
    }

    private static async Task VisitAsync(SitePage page, Func<SitePage, Task> visit, View seen)
    {
        try
        {
            await visit(page);
            page.AssertNoProblems();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new Xunit.Sdk.XunitException($"{error.Message}\n{await page.KeepPictureAsync(seen)}", error);
        }
    }

    /// <summary>A new context, for tests that need more than one page; the caller disposes it.</summary>
    public async Task<IBrowserContext> NewContextAsync(View view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var executable = Needs.Chromium;
        Assert.SkipWhen(executable is null, Needs.Why("chromium"));
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            _chromium ??= await _playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions { ExecutablePath = executable, Args = Arguments }
            );
        }
        finally
        {
            _starting.Release();
        }

        var context = await _chromium.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = new ViewportSize { Width = view.Width, Height = view.Height },
                ColorScheme = view.Dark ? ColorScheme.Dark : ColorScheme.Light,
                JavaScriptEnabled = view.Script,
                ReducedMotion = ReducedMotion.Reduce,
                Permissions = ["clipboard-read", "clipboard-write"],
            }
        );
        context.SetDefaultTimeout((float)SitePage.Patience.TotalMilliseconds);
        return context;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null)
        {
            await _chromium.DisposeAsync();
        }

        _playwright?.Dispose();
        _starting.Dispose();
    }
}

/// <summary>How a reader looks at the site.</summary>
public sealed record View
{
    /// <summary>Width of the window in CSS pixels.</summary>
    public int Width { get; init; } = 1440;

    /// <summary>Height of the window in CSS pixels.</summary>
    public int Height { get; init; } = 900;

    /// <summary>The system asks for dark colours.</summary>
    public bool Dark { get; init; }

    /// <summary>Whether scripts run.</summary>
    public bool Script { get; init; } = true;

    /// <inheritdoc/>
    public override string ToString() => $"{Width}-{(Dark ? "dark" : "light")}{(Script ? "" : "-no-script")}";
}
