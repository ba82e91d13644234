using DhtTracer.Analysis;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Every page of the site in every state worth looking at, over the archive of <see cref="SharedSite"/>.</summary>
public static class SiteStates
{
    private static readonly Dictionary<string, (Func<Archive, string> Address, int Status)> All = new(StringComparer.Ordinal)
    {
        ["overview"] = (_ => "/", 200),
        ["overview of everything"] = (_ => "/?range=all", 200),
        ["overview, filtered"] = (_ => "/?range=24h&type=find-peer&service=simulated", 200),
        ["overview, nothing"] = (_ => "/?from=2020-01-01&to=2020-01-02", 200),
        ["queries"] = (_ => "/queries", 200),
        ["queries, filtered"] = (_ => "/queries?type=find-peer&outcome=success&min=100ms&sort=slowest&background=1", 200),
        ["queries, none"] = (_ => "/queries?key=no-such-key", 200),
        ["queries, not understood"] = (_ => "/queries?min=soon&peer=nobody&type=guess&from=yesterday", 200),
        ["query"] = (a => $"/q/{a.Slowest.Id}", 200),
        ["query, sorted"] = (a => $"/q/{a.Slowest.Id}?sort=xor&dir=asc", 200),
        ["query, failed peers"] = (a => $"/q/{a.Slowest.Id}?show=failed", 200),
        ["query, folded"] = (a => $"/q/{a.Slowest.Id}?folded=1", 200),
        ["query, why"] = (a => $"/q/{a.Slowest.Id}?tab=why", 200),
        ["query, what if"] = (a => $"/q/{a.Slowest.Id}?tab=why&alpha=3&dial=1s", 200),
        ["query, convergence"] = (a => $"/q/{a.Slowest.Id}?tab=convergence", 200),
        ["query, concurrency"] = (a => $"/q/{a.Slowest.Id}?tab=concurrency", 200),
        ["query, path"] = (a => $"/q/{a.Slowest.Id}?tab=path", 200),
        ["query of Kubo"] = (_ => Kubo, 200),
        ["query of Kubo, why"] = (_ => Kubo + "?tab=why", 200),
        ["query, incomplete"] = (_ => Incomplete, 200),
        ["query, incomplete, why"] = (_ => Incomplete + "?tab=why", 200),
        ["query, incomplete, path"] = (_ => Incomplete + "?tab=path", 200),
        ["trace"] = (a => $"/traces/{a.Slowest.Id.TraceId}", 200),
        ["trace of Kubo"] = (_ => "/traces/" + Kubo["/q/".Length..].Split('-')[0], 200),
        ["compare"] = (_ => "/compare", 200),
        ["compare, two hours"] = (a => a.TwoHours, 200),
        ["compare, an empty set"] = (_ => "/compare?a.from=2020-01-01&a.to=2020-01-02&b.type=find-peer", 200),
        ["compare, not understood"] = (_ => "/compare?a.from=soon&b.node=nobody", 200),
        ["compare, single queries"] = (a => $"/compare?q={a.Slowest.Id}&q={a.Days.Queries[0].Id}&q={Kubo["/q/".Length..]}", 200),
        ["peers"] = (_ => "/peers", 200),
        ["peers, all"] = (_ => "/peers?range=all", 200),
        ["peer"] = (a => $"/peers/{a.Slowest.Peers[0].Id}?range=all", 200),
        ["peer, unknown"] = (_ => "/peers/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo", 200),
        ["no such page"] = (_ => "/nowhere", 404),
        ["no such query"] = (_ => "/q/0123456789abcdef0123456789abcdef-0123456789abcdef", 404),
        ["no such trace"] = (_ => "/traces/0123456789abcdef0123456789abcdef", 404),
        ["not understood"] = (_ => "/error/400", 400),
        ["no longer kept"] = (_ => "/error/410", 410),
        ["failed"] = (_ => "/error/500", 500),
    };

    /// <summary>A successful provider lookup of the simulated Kubo of <c>samples/</c>.</summary>
    public const string Kubo = "/q/5c31459ad7d8cf293d70cb68c17577b2-25f024337d42dbce";

    /// <summary>The query of <c>samples/js-libp2p/05…</c>, whose root was never exported.</summary>
    public const string Incomplete = "/q/667909160a7271623a406062164602a6-5c3735f5dbd3ba11";

    /// <summary>The names of the states.</summary>
    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>Where a state is, and the status that its page has.</summary>
    public static (string Address, int Status) Of(string name, Archive archive) => (All[name].Address(archive), All[name].Status);
}
