using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>A page of the site in the browser, and what went wrong on it.</summary>
public sealed partial class SitePage
{
    /// <summary>How long anything on a page may take: far more than it does, for a machine that has other things to do.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _problems = new();
    private string _site;
    private readonly ConcurrentDictionary<string, int> _expected = new(StringComparer.Ordinal);

    /// <summary>Watches a page of the site at an address without a slash at the end.</summary>
    public SitePage(IPage page, string site)
    {
        Page = page ?? throw new ArgumentNullException(nameof(page));
        _site = site;
        page.Console += (_, message) =>
        {
            // Chromium says "Failed to load resource" of every answer from 400 on; answers are judged below, by their status.
            if (message.Type is "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                _problems.Enqueue($"console: {message.Text}");
            }
        };
        page.PageError += (_, error) => _problems.Enqueue($"exception: {error}");
        page.RequestFailed += (_, request) =>
        {
            // A request that a navigation, a download or a closed stream of events cuts off did not fail.
            if (request.Failure is not "net::ERR_ABORTED")
            {
                _problems.Enqueue($"request: {request.Method} {request.Url} {request.Failure}");
            }
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && !(_expected.TryGetValue(response.Url, out var status) && status == response.Status))
            {
                _problems.Enqueue($"answer: {response.Status} of {response.Request.Method} {response.Url}");
            }
        };
    }

    /// <summary>The page, for everything that has no shorter way here.</summary>
    public IPage Page { get; }

    /// <summary>Path and parameters of the address, without those of the host.</summary>
    public string Address => new Uri(Page.Url).PathAndQuery;

    /// <summary>What went wrong so far.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Elements by a CSS selector.</summary>
    public ILocator this[string selector] => Page.Locator(selector);

    /// <summary>
    /// Makes the page ready for another visit, with nothing of the last one remembered. It stays where it is: the way over an empty page
    /// would start a process each time.
    /// </summary>
    internal async Task StartAnewAsync(string site, View view)
    {
        await Page.EvaluateAsync("sessionStorage.clear(); localStorage.clear();");
        await Page.SetViewportSizeAsync(view.Width, view.Height);
        await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = view.Dark ? ColorScheme.Dark : ColorScheme.Light });
        _site = site;
        _expected.Clear();
        _problems.Clear();
    }

    /// <summary>Goes to an address of the site, which answers with the status.</summary>
    public async Task GoAsync(string path, int status = 200)
    {
        if (status >= 400)
        {
            _expected[new Uri(_site + path).AbsoluteUri] = status;
        }

        var response = await Page.GotoAsync(_site + path);
        Assert.Equal(status, response?.Status);
    }

    /// <summary>Clicks what leads to another address and waits until the page there has loaded.</summary>
    public async Task FollowAsync(ILocator link)
    {
        ArgumentNullException.ThrowIfNull(link);
        var before = Page.Url;
        await link.ClickAsync();
        await Page.WaitForURLAsync(url => url != before);
    }

    /// <summary>
    /// Waits until a script has changed the address. It is read from the document: what the browser reports of changes within a document
    /// can come late.
    /// </summary>
    public async Task UntilAddressAsync(Func<string, bool> isMeant)
    {
        ArgumentNullException.ThrowIfNull(isMeant);
        var began = TimeProvider.System.GetTimestamp();
        string address;
        while (!isMeant(address = await Page.EvaluateAsync<string>("location.href")))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, $"the address stayed {address}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// Leaves the first rows of each kind in every table. Rows of one kind (the classes of the row and of what is in it) are alike to a
    /// rule about markup, and a table of peers has hundreds: all of them would take minutes and tell nothing more.
    /// </summary>
    public Task KeepFirstRowsAsync(int ofEachKind) =>
        Page.EvaluateAsync(
            """
            most => {
              for (const body of document.querySelectorAll("tbody")) {
                const seen = new Map();
                for (const row of [...body.rows]) {
                  const parts = [row, ...row.querySelectorAll("*")].map(e => `${e.localName}.${e.getAttribute("class") ?? ""}`);
                  const kind = [...new Set(parts)].sort().join(" ");
                  const number = (seen.get(kind) ?? 0) + 1;
                  seen.set(kind, number);
                  if (number > most) row.remove();
                }
              }
            }
            """,
            ofEachKind
        );

    /// <summary>Texts of the elements of a selector, each with its white space collapsed.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(string selector) =>
        [.. (await Page.Locator(selector).AllInnerTextsAsync()).Select(static text => Blanks().Replace(text, " ").Trim())];

    /// <summary>The distinct addresses that the links of a selector lead to, in order.</summary>
    public async Task<IReadOnlyList<string>> LinksAsync(string selector) =>
        [
            .. (await Page.Locator(selector).EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))")).Distinct(
                StringComparer.Ordinal
            ),
        ];

    /// <summary>
    /// Everything a reader finds in the main part: its text, whether scrolled to or not, the values of its fields and what is pressed,
    /// checked or current. Not whether the stream of news is open at this moment: that is no state of the page.
    /// </summary>
    public Task<string> StateAsync() =>
        Page.EvaluateAsync<string>(
            """
            () => {
              const main = document.querySelector("main");
              const copy = main.cloneNode(true);
              const live = "[data-live-state], [data-live-pause], [data-live-new], [hidden], script, noscript";
              for (const e of copy.querySelectorAll(live)) e.remove();
              const fields = [...main.querySelectorAll("input:not([type=hidden]), select, textarea")]
                .map(f => `${f.name}=${f.type === "checkbox" ? f.checked : f.value}`);
              const states = ["aria-current", "aria-pressed", "aria-selected", "aria-sort", "aria-expanded"];
              const stated = "[aria-current], [aria-pressed=true], [aria-selected=true], [aria-sort], [aria-expanded]";
              const marked = [...main.querySelectorAll(stated)]
                .map(e => states.map(a => e.getAttribute(a) ?? "").join("") + " " + e.textContent.trim());
              return [copy.textContent.replace(/\s+/g, " "), fields.join("\n"), marked.join("\n")].join("\n---\n");
            }
            """
        );

    /// <summary>Fails with everything that went wrong.</summary>
    public void AssertNoProblems() => Assert.True(_problems.IsEmpty, $"{Page.Url}:\n{string.Join('\n', _problems)}");

    /// <summary>Leaves a picture and says where.</summary>
    internal async Task<string> KeepPictureAsync(View view)
    {
        var name = Unsafe().Replace($"{TestContext.Current.Test?.TestDisplayName ?? "page"}-{view}", "_");
        var file = Path.Combine(TestFiles.Repository, "artifacts", "browser", name[..Math.Min(150, name.Length)] + ".png");
        try
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = file, FullPage = true });
            return $"at {Page.Url}, picture: {file}";
        }
        catch (PlaywrightException none)
        {
            return $"at {Page.Url}, no picture: {none.Message}";
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex("[^A-Za-z0-9.-]+")]
    private static partial Regex Unsafe();
}
