using System.Text.Json;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Every page is used with the keyboard alone: what can be used is reached by Tab, in order, is seen to have the focus, and lets
/// go of it.</summary>
public sealed class KeyboardTests(Browser browser, SharedSite shared)
{
    /// <summary>More than any page of these tests has.</summary>
    private const int MostStops = 900;

    public static TheoryData<string> States =>
        [
            "overview, unfolded",
            "queries",
            "queries, not understood",
            "query",
            "query, a row",
            "query, what if",
            "query, path",
            "trace",
            "compare, two hours, unfolded",
            "compare, single queries",
            "peers",
            "peer",
            "run, no node",
            "ingest",
            "api",
            "no such query",
        ];

    /// <summary>
    /// Marks all that a reader can use and sees, by number, and returns how many there are. The details of a row are not marked: those of
    /// the row that has the focus stand there, so they are others when Tab comes to them.
    /// </summary>
    private const string Mark = """
        () => {
          const usable = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")]
            .filter(e => e.tabIndex >= 0 && !e.closest("#details") && !e.disabled && e.checkVisibility({ visibilityProperty: true }));
          usable.forEach((e, i) => { e.dataset.stop = i; });
          return usable.length;
        }
        """;

    /// <summary>What has the focus, and how it shows.</summary>
    private const string Focused = """
        () => {
          const e = document.activeElement;
          if (!e || e === document.body) return null;
          const outlined = x => { const s = getComputedStyle(x); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1; };
          const ring = [e, e.closest("tr"), e.closest("label")].filter(Boolean).some(outlined)
            || e.querySelector("rect") && getComputedStyle(e.querySelector("rect")).outlineStyle !== "none";
          const box = e.getBoundingClientRect();
          const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
          const details = !!e.closest("#details");
          return { stop: Number(e.dataset.stop ?? -1), details, ring: !!ring, inside, html: e.outerHTML.slice(0, 160) };
        }
        """;

    [Theory]
    [MemberData(nameof(States))]
    public async Task Tab_reaches_everything_in_order_and_leaves_again(string state)
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await SiteStates.Of(state, archive).OpenAsync(page);
                await page.KeepFirstRowsAsync(ofEachKind: 4);
                var count = await page.Page.EvaluateAsync<int>(Mark);
                Assert.InRange(count, 8, MostStops);
                var stops = new List<int>();
                var wrong = new List<string>();
                var inDetails = 0;
                await page.Page.EvaluateAsync(
                    "() => { document.activeElement?.blur(); getSelection().removeAllRanges(); scrollTo(0, 0); }"
                );
                for (var i = 0; i <= count + 100; i++)
                {
                    await page.Page.Keyboard.PressAsync("Tab");
                    if (await page.Page.EvaluateAsync<JsonElement?>(Focused) is not { ValueKind: JsonValueKind.Object } focused)
                    {
                        break;
                    }

                    if (!focused.GetProperty("ring").GetBoolean() || !focused.GetProperty("inside").GetBoolean())
                    {
                        wrong.Add($"not to be seen: {focused}");
                    }

                    inDetails += focused.GetProperty("details").GetBoolean() ? 1 : 0;
                    if (focused.GetProperty("stop").GetInt32() is var stop && stop >= 0)
                    {
                        stops.Add(stop);
                    }
                }

                Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
                var missed = Enumerable.Range(0, count).Except(stops).ToList();
                var texts = await Task.WhenAll(
                    missed.Take(10).Select(stop => page[$"[data-stop='{stop}']"].EvaluateAsync<string>("e => e.outerHTML.slice(0, 200)"))
                );
                Assert.True(missed.Count == 0, $"{missed.Count} of {count} not reached:\n{string.Join('\n', texts)}");
                Assert.Equal(Enumerable.Range(0, count), stops);
                if (state == "query, a row")
                {
                    Assert.InRange(inDetails, 2, 40);
                }
            }
        );
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/queries")]
    [InlineData("/compare")]
    [InlineData("/nowhere", 404)]
    public async Task The_first_stop_skips_to_the_content(string address, int status = 200)
    {
        var archive = await shared.OpenAsync();
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(address, status);
                await page.Page.Keyboard.PressAsync("Tab");
                Assert.Equal("Skip to the content", await page[":focus"].InnerTextAsync());
                Assert.True((await page[":focus"].BoundingBoxAsync())!.X >= 0, "the link is off the screen");
                await page.Page.Keyboard.PressAsync("Enter");
                await page.Page.Keyboard.PressAsync("Tab");
                Assert.True(
                    await page[":focus"].EvaluateAsync<bool>("e => document.querySelector('main').contains(e)"),
                    await page[":focus"].EvaluateAsync<string>("e => e.outerHTML")
                );
            }
        );
    }

    [Fact]
    public async Task A_query_is_found_opened_and_read_without_a_mouse()
    {
        var archive = await shared.OpenAsync();
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                var keyboard = page.Page.Keyboard;
                await page.GoAsync("/");
                await keyboard.PressAsync("/");
                await keyboard.TypeAsync(archive.Slowest.Key!.Text);
                await keyboard.PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains("/queries?key=", StringComparison.Ordinal));
                await page[$"a.key[href='/q/{archive.Slowest.Id}']"].FocusAsync();
                await keyboard.PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains("/q/", StringComparison.Ordinal));
                await page[".tabs a[href*='tab=why']"].FocusAsync();
                await keyboard.PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains("tab=why", StringComparison.Ordinal));
                Assert.Equal("Why", await page[".tabs a[aria-current]"].InnerTextAsync());
            }
        );
    }

    [Fact]
    public async Task A_filter_is_completed_as_it_is_typed_and_then_sent()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                var (keyboard, options) = (page.Page.Keyboard, page["#filter-options [role=option]"]);
                await page.GoAsync("/queries");
                var field = page["main input[type=search]"];
                await field.FocusAsync();
                await keyboard.TypeAsync("-ou");
                await options.First.WaitForAsync();
                Assert.Equal(["outcome:"], await page.TextsAsync("#filter-options code"));
                await keyboard.PressAsync("ArrowDown");
                await keyboard.PressAsync("Enter");
                Assert.Equal("-outcome:", await field.InputValueAsync());
                await keyboard.TypeAsync("su");
                await page["#filter-options code:text-is('success')"].WaitForAsync();
                await keyboard.PressAsync("ArrowDown");
                Assert.Equal("true", await options.First.GetAttributeAsync("aria-selected"));
                await keyboard.PressAsync("Enter");
                Assert.Equal("-outcome:success ", await field.InputValueAsync());

                // Inside quotes nothing is offered, and Enter sends.
                await keyboard.TypeAsync("service:\"ty");
                Assert.False(await page["#filter-options"].IsVisibleAsync());
                for (var i = 0; i < "service:\"ty".Length; i++)
                {
                    await keyboard.PressAsync("Backspace");
                }

                await keyboard.PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains("q=-outcome", StringComparison.Ordinal));
                var outcomes = await page.TextsAsync("table.queries td.c-outcome");
                Assert.NotEmpty(outcomes);
                Assert.DoesNotContain("success", outcomes);
            }
        );
    }

    [Fact]
    public async Task The_list_of_keys_holds_the_focus_while_it_is_open_and_gives_it_back()
    {
        var archive = await shared.OpenAsync();
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/queries");
                await page["[data-keys]"].FocusAsync();
                await page.Page.Keyboard.PressAsync("Enter");
                for (var i = 0; i < 6; i++)
                {
                    await page.Page.Keyboard.PressAsync("Tab");
                    Assert.True(
                        await page.Page.EvaluateAsync<bool>(
                            "() => document.activeElement === document.body || "
                                + "document.querySelector('#keys').contains(document.activeElement)"
                        )
                    );
                }

                await page.Page.Keyboard.PressAsync("Escape");
                Assert.True(await page["[data-keys]"].EvaluateAsync<bool>("e => e === document.activeElement"));
            }
        );
    }
}
