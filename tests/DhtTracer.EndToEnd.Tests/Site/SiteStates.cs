namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Every page of the site in every state worth looking at, over the archive of <see cref="SharedSite"/>.</summary>
public static class SiteStates
{
    private static readonly Dictionary<string, Func<Archive, SiteState>> All = new(StringComparer.Ordinal)
    {
        ["overview"] = _ => new("/"),
        ["overview of everything"] = _ => new("/?range=all"),
        ["overview, unfolded"] = _ => new("/") { Act = UnfoldAsync },
        ["overview, filtered"] = _ => new("/?range=24h&type=find-peer&service=simulated"),
        ["overview, nothing"] = _ => new("/?from=2020-01-01&to=2020-01-02"),
        ["queries"] = _ => new("/queries"),
        ["queries, filtered"] = _ => new("/queries?type=find-peer&outcome=success&min=100ms&sort=slowest&background=1"),
        ["queries, unfolded, one chosen"] = _ => new("/queries") { Act = ChooseAsync },
        ["queries, none"] = _ => new("/queries?key=no-such-key"),
        ["queries, not understood"] = _ => new("/queries?min=soon&peer=nobody&type=guess&from=yesterday"),
        ["query"] = a => new($"/q/{a.Slowest.Id}"),
        ["query, sorted"] = a => new($"/q/{a.Slowest.Id}?sort=xor&dir=asc"),
        ["query, failed peers"] = a => new($"/q/{a.Slowest.Id}?show=failed"),
        ["query, folded"] = a => new($"/q/{a.Slowest.Id}?folded=1"),
        ["query, why"] = a => new($"/q/{a.Slowest.Id}?tab=why"),
        ["query, what if"] = a => new($"/q/{a.Slowest.Id}?tab=why&alpha=3&dial=1s"),
        ["query, convergence"] = a => new($"/q/{a.Slowest.Id}?tab=convergence"),
        ["query, concurrency"] = a => new($"/q/{a.Slowest.Id}?tab=concurrency"),
        ["query, path"] = a => new($"/q/{a.Slowest.Id}?tab=path"),
        ["query, spans"] = a => new($"/q/{a.Slowest.Id}?tab=spans"),
        ["query of Kubo"] = _ => new(Kubo),
        ["query of Kubo, why"] = _ => new(Kubo + "?tab=why"),
        ["query of Kubo, why, unfolded"] = _ => new(Kubo + "?tab=why") { Act = UnfoldAsync },
        ["query, incomplete"] = _ => new(Incomplete),
        ["query, incomplete, why"] = _ => new(Incomplete + "?tab=why"),
        ["query, incomplete, path"] = _ => new(Incomplete + "?tab=path"),
        ["query, zoomed"] = a => new($"/q/{a.Slowest.Id}?t=0s-0.2s"),
        ["query, a row"] = a => new($"/q/{a.Slowest.Id}?row=p2"),
        ["query, a row by hover"] = a => new($"/q/{a.Slowest.Id}") { Act = HoverAsync },
        ["query, found"] = a => new($"/q/{a.Slowest.Id}?find=12D3KooWA"),
        ["query, nothing found"] = a => new($"/q/{a.Slowest.Id}?find=nothing"),
        ["query, export menu"] = a => new($"/q/{a.Slowest.Id}") { Act = UnfoldAsync },
        ["query, not arrived"] = _ =>
            new($"/q/0123456789abcdef0123456789abcdef-0123456789abcdef?follow={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}"),
        ["keys"] = _ => new("/queries") { Act = page => page.Page.Keyboard.PressAsync("?") },
        ["trace"] = a => new($"/traces/{a.Slowest.Id.TraceId}"),
        ["trace, unfolded"] = a => new($"/traces/{a.Slowest.Id.TraceId}") { Act = UnfoldAsync },
        ["trace of Kubo"] = _ => new("/traces/" + Kubo["/q/".Length..].Split('-')[0]),
        ["compare"] = _ => new("/compare"),
        ["compare, two hours"] = a => new(a.TwoHours),
        ["compare, two hours, unfolded"] = a => new(a.TwoHours) { Act = UnfoldAsync },
        ["compare, an empty set"] = _ => new("/compare?a.from=2020-01-01&a.to=2020-01-02&b.type=find-peer"),
        ["compare, not understood"] = _ => new("/compare?a.from=soon&b.node=nobody"),
        ["compare, single queries"] = a => new($"/compare?q={a.Slowest.Id}&q={a.Days.Queries[0].Id}&q={Kubo["/q/".Length..]}"),
        ["peers"] = _ => new("/peers"),
        ["peers, all"] = _ => new("/peers?range=all"),
        ["peer"] = a => new($"/peers/{a.Slowest.Peers[0].Id}?range=all"),
        ["peer, unknown"] = _ => new("/peers/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo"),
        ["slowest, not understood"] = _ => new("/slowest?share=0%25"),
        ["alarms"] = _ => new("/alarms"),
        ["alarms, not understood"] = _ => new("/alarms?show=some&kind=thing&from=soon"),
        ["sweep"] = _ => new("/sweep"),
        ["sweep, not understood"] = _ => new("/sweep?from=soon&key=x"),
        ["network"] = _ => new("/network"),
        ["network, all"] = _ => new("/network?range=all"),
        ["network, none"] = _ => new("/network?from=2020-01-01&to=2020-01-02"),
        ["network, not understood"] = _ => new("/network?from=soon"),
        ["records"] = _ => new("/records"),
        ["records, alarms"] = _ => new("/records?show=alarms"),
        ["record"] = _ => new("/records/" + Record),
        ["record, unknown"] = _ => new("/records/bafkqaaa", 404),
        ["providers"] = _ => new("/providers"),
        ["providers, none"] = _ => new("/providers?from=2020-01-01&to=2020-01-02"),
        ["run, no node"] = _ => new("/run"),
        ["ingest"] = _ => new("/ingest"),
        ["login, not needed"] = _ => new("/login"),
        ["api"] = _ => new("/api"),
        ["rules"] = _ => new("/rules"),
        ["rule"] = _ => new("/rules/DHT004"),
        ["filters"] = _ => new("/filters"),
        ["no such page"] = _ => new("/nowhere", 404),
        ["no such query"] = _ => new("/q/0123456789abcdef0123456789abcdef-0123456789abcdef", 404),
        ["no such trace"] = _ => new("/traces/0123456789abcdef0123456789abcdef", 404),
        ["not understood"] = _ => new("/error/400", 400),
        ["no longer kept"] = _ => new("/error/410", 410),
        ["failed"] = _ => new("/error/500", 500),
    };

    /// <summary>A successful provider lookup of the simulated Kubo of <c>samples/</c>.</summary>
    public const string Kubo = "/q/667909160a7271623a406062164602a6-5c3735f5dbd3ba11";

    /// <summary>The query of <c>samples/js-libp2p/05…</c>, whose root was never exported.</summary>
    public const string Incomplete = "/q/bc646955ca082d5b4c406c74f9f798ff-cd33c18edb96b5e0";

    /// <summary>A key that the simulated Kubo of <c>samples/</c> provides and looks up.</summary>
    private const string Record = "bafkreibd5p35tkqdpu3ci3bgey3wdp4aftljpd2cqde6mz2ex2sq5shs5u";

    /// <summary>The names of the states.</summary>
    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>A state by its name.</summary>
    public static SiteState Of(string name, Archive archive) => All[name](archive);

    /// <summary>Whether only a script can bring a page into the state.</summary>
    public static bool NeedsScript(string name) => name is "keys" or "query, a row by hover" or "query, not arrived";

    private static Task UnfoldAsync(SitePage page) =>
        page.Page.EvaluateAsync(
            "() => [...document.querySelectorAll('main details')].slice(0, 12).forEach(details => { details.open = true; })"
        );

    private static async Task ChooseAsync(SitePage page)
    {
        await UnfoldAsync(page);
        await page["table.queries input[name=q]"].First.CheckAsync();
    }

    private static async Task HoverAsync(SitePage page)
    {
        await page["tbody.rows tr td.o"].First.HoverAsync();
        await page["#details .row-details"].WaitForAsync();
    }
}

/// <summary>A page in a state.</summary>
/// <param name="Address">Its address, without the host.</param>
/// <param name="Status">The status of the answer.</param>
public sealed record SiteState(string Address, int Status = 200)
{
    /// <summary>What a reader does there to come to the state; null when the address says it all.</summary>
    public Func<SitePage, Task>? Act { get; init; }

    /// <summary>Brings a page into the state.</summary>
    public async Task OpenAsync(SitePage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        await page.GoAsync(Address, Status);
        if (Act is { } act)
        {
            await act(page);
        }
    }
}
