using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Rules;

public sealed class RulesPageTests
{
    [Fact]
    public async Task Rules_findings_and_filters_lead_to_each_other()
    {
        var network = new SimulatedNetwork(seed: 32, size: 150, new NetworkFaults(Refusing: 0.3));
        var healthy = new SimulatedNetwork(seed: 31, size: 150);
        static Query Make(SimulatedNetwork network, int seed) =>
            new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, seed));
        var broken = Make(network, 1);
        await using var site = await Site.StartAsync(broken, Make(healthy, 2) with { Outcome = QueryOutcome.Failed });

        var why = await site.PageAsync($"/q/{broken.Id}?tab=why");
        var finding = QueryLint.Of(broken).Findings.Single(static finding => finding.Rule == "DHT004");
        Assert.Contains(finding.Sentence.TrimEnd('.'), why.GetElementById("rules")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull(why.QuerySelector("#rules a[href='/rules/DHT004']"));

        var rule = await site.PageAsync("/rules/DHT004");
        Assert.Contains("closest", rule.QuerySelector(".rule-text")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(LintRules.All.Length, (await site.PageAsync("/rules")).QuerySelectorAll("table.rules tbody tr").Length);

        foreach (
            var address in new[]
            {
                "/queries?q=lint:dht004",
                "/queries?lint=DHT004",
                "/queries?q=-outcome:failed",
                "/queries?q=slower:1ns+type:get-closest-peers+-outcome:failed",
            }
        )
        {
            var list = await site.PageAsync(address);
            Assert.Equal(
                $"{address}: r-{broken.OperationId}",
                $"{address}: {string.Join(' ', list.QuerySelectorAll("table.queries tbody tr").Select(static row => row.Id))}"
            );
        }

        var overview = await site.PageAsync("/?range=all&q=-outcome:failed");
        Assert.Contains("DHT004", overview.GetElementById("lint")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(
            1,
            (await site.JsonAsync("/api/v1/overview?q=lint:DHT004")).GetProperty("figures").GetProperty("operations").GetInt32()
        );
        Assert.Contains(
            "Column 11:",
            (await site.PageAsync("/queries?q=type:ping+typ:x")).QuerySelector(".note.warn")!.TextContent,
            StringComparison.Ordinal
        );
        Assert.NotNull((await site.PageAsync("/filters")).QuerySelector("table.rules"));
    }
}
