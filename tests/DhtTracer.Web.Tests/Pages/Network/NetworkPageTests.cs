using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Network;

/// <summary>A network of 100 peers, 10 dead ones, and one key that 20 peers with ground ids surround.</summary>
public sealed class NetworkPageTests
{
    private const int Lookups = 40;
    private const int Servers = 100;
    private const ulong Second = 1_000_000_000;

    private static readonly string[] Peers = [.. Enumerable.Range(0, Servers + 10).Select(SimulatedQueries.PeerIdOf)];

    [Fact]
    public async Task The_page_the_query_the_csv_and_the_api_show_the_planted_network()
    {
        var victim = Key(1000);
        string[] ground =
        [
            .. Enumerable.Range(10_000, 20_000).Select(SimulatedQueries.PeerIdOf).Where(id => Position(id).CommonPrefixLength(victim) >= 8),
        ];
        Assert.InRange(ground.Length, 20, 200);
        Query[] queries =
        [
            .. Enumerable.Range(1, Lookups).Select(number => Lookup(number, Key(number), Peers)),
            Lookup(1000, victim, [.. Peers, .. ground]),
        ];
        await using var site = await Site.StartRebuiltAsync([.. queries.Select(static query => ReconstructedTrace.Of([query]))]);

        var page = await site.PageAsync("/network");
        Assert.Contains($"Rests on {Lookups + 1} lookups", page.Texts("p.count")[0], StringComparison.Ordinal);
        var suspicious = Assert.Single(page.QuerySelectorAll("#suspicious tbody tr"));
        Assert.Equal($"/q/{queries[^1].Id}", suspicious.QuerySelector("a")!.GetAttribute("href"));
        Assert.Equal(4, page.QuerySelectorAll("figure.density rect.seen").Length);
        Assert.Equal(["10", "100 %"], page.Texts("#errors tbody td"));
        Assert.Equal(["kubo/0.43.1", "unknown"], page.Texts("#agents tbody th"));

        Assert.Contains(
            "suspicious",
            string.Concat((await site.PageAsync($"/q/{queries[^1].Id}")).Texts("dl.tiles")),
            StringComparison.Ordinal
        );
        var honest = string.Concat((await site.PageAsync($"/q/{queries[0].Id}")).Texts("dl.tiles"));
        Assert.Contains("eclipse test", honest, StringComparison.Ordinal);
        Assert.DoesNotContain("suspicious", honest, StringComparison.Ordinal);

        var json = await site.JsonAsync("/api/v1/network");
        var size = json.GetProperty("size");
        Assert.True(size.GetProperty("low").GetDouble() <= Servers && Servers <= size.GetProperty("high").GetDouble(), size.ToString());
        Assert.Equal(10, json.GetProperty("peers").GetProperty("unreachable").GetInt32());
        Assert.Equal(queries[^1].Id.ToString(), json.GetProperty("suspicious")[0].GetProperty("queryId").GetString());

        var csv = await site.Client.GetStringAsync(new Uri("/network.csv", UriKind.Relative));
        Assert.StartsWith("group,name,value,low,high,rests_on\r\n", csv, StringComparison.Ordinal);

        // Every lookup of this network takes one second.
        Assert.Contains($"\"duration p50 (low p25, high p75), s\",get-closest-peers,1,1,1,{Lookups + 1}", csv, StringComparison.Ordinal);
        Assert.Equal([$"{Lookups + 1}", "1s", "1s", "1s", "1s"], page.Texts("#measured table:first-of-type tbody tr td").Take(5));
        var report = await site.Client.GetStringAsync(new Uri("/network/report", UriKind.Relative));
        Assert.Contains($"Rests on {Lookups + 1} lookups", report, StringComparison.Ordinal);
        Assert.Contains("peers,unreachable,10,,," + json.GetProperty("peers").GetProperty("asked"), csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_lookups_none_and_what_is_not_understood_say_so()
    {
        await using var site = await Site.StartRebuiltAsync([ReconstructedTrace.Of([Lookup(1, Key(1), Peers)])]);

        var few = await site.PageAsync("/network");
        Assert.Contains("Too few keys to tell", few.Texts("#suspicious p")[0], StringComparison.Ordinal);
        Assert.Contains("Too few keys for two parts", few.Texts("#parts p")[0], StringComparison.Ordinal);
        Assert.DoesNotContain(
            "eclipse test",
            string.Concat((await site.PageAsync($"/q/{Id(1)}")).Texts("dl.tiles")),
            StringComparison.Ordinal
        );
        Assert.Contains("No lookup", (await site.PageAsync("/network?from=2020-01-01&to=2020-01-02")).Texts("h1"));
        Assert.Single((await site.PageAsync("/network?from=soon")).QuerySelectorAll(".note.warn"));
    }

    private static QueryId Id(int number) => new(new TraceId(7, (ulong)number), new SpanId(1));

    private static KadId Key(int number) => KadId.Of(BitConverter.GetBytes(number));

    private static KadId Position(string id) => KadId.Of(PeerId.Parse(id));

    // A lookup begins with the first 3 peers, as with those of a routing table, and asks the 40 nearest. The last 10 of the known peers do
    // not answer.
    private static Query Lookup(int number, KadId key, string[] peers) =>
        new()
        {
            Id = Id(number),
            OperationId = Id(number),
            Type = QueryType.GetClosestPeers,
            Key = new QueryKey($"key {number}", Convert.ToHexStringLower(BitConverter.GetBytes(number)), key.ToString()),
            Source = TraceSource.Native,
            Service = "simulated",
            StartUnixNano = SimulatedQueries.Epoch + ((ulong)number * Second),
            DurationNs = (long)Second,
            Outcome = QueryOutcome.Success,
            Termination = QueryTermination.Completed,
            Peers =
            [
                .. peers
                    .OrderBy(Position, Comparer<KadId>.Create(key.CompareDistance))
                    .Take(40)
                    .Union(Peers.Take(3))
                    .Select(id =>
                        Array.IndexOf(Peers, id) >= Servers
                            ? new QueryPeer
                            {
                                Id = id,
                                State = PeerState.DialFailed,
                                Dial = new PeerDial(0, 1, false, new TraceError(ErrorClass.DialTimeout, null)),
                            }
                            : new QueryPeer
                            {
                                Id = id,
                                State = PeerState.Answered,
                                Agent = "kubo/0.43.1",
                                Requests =
                                [
                                    new PeerRequest
                                    {
                                        Type = MessageType.FindNode,
                                        StartNs = 0,
                                        DurationNs = 1,
                                        Outcome = RequestOutcome.Answered,
                                    },
                                ],
                            }
                    ),
            ],
        };
}
