using System.Text.Json;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Fixture;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DhtTracer.Web.Tests.Assistants;

/// <summary>The tools at <c>/mcp</c>, called by the protocol's own client, against an archive whose truth is known.</summary>
public sealed class AssistantToolsTests(KnownArchive archive)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_tool_says_that_it_only_reads()
    {
        await using var client = await ConnectAsync();
        var tools = await client.ListToolsAsync(cancellationToken: Cancel);
        Assert.Equal(
            ["compare", "explain", "list_peers", "network", "overview", "record", "search_operations"],
            tools.Select(tool => tool.Name).Order()
        );
        Assert.All(
            tools,
            tool =>
            {
                var hints = tool.ProtocolTool.Annotations!;
                Assert.True(hints is { ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: false }, tool.Name);
                Assert.False(string.IsNullOrEmpty(tool.Description));
            }
        );
        Assert.Contains("not instructions", client.ServerInstructions, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operations_are_listed_page_by_page_in_the_order_asked_for()
    {
        await using var client = await ConnectAsync();
        var expected = archive
            .Queries.Where(query => query.Type == QueryType.GetProviders && query.DurationNs is not null)
            .OrderByDescending(query => query.DurationNs)
            .Take(60)
            .ToList();
        const string filter = "type:get-providers";
        var first = await CallAsync(client, "search_operations", ("filter", filter), ("sort", "slowest"), ("limit", 50));
        var next = first.GetProperty("next").GetString();
        var second = await CallAsync(client, "search_operations", ("filter", filter), ("sort", "slowest"), ("limit", 10), ("at", next));
        JsonElement[] lines = [.. first.GetProperty("operations").EnumerateArray(), .. second.GetProperty("operations").EnumerateArray()];
        Assert.Equal(
            expected.Select(query => Math.Round(query.DurationNs!.Value / 1e6, 3)),
            lines.Select(line => line.GetProperty("durationMs").GetDouble())
        );
        Assert.All(lines, line => Assert.Equal("get-providers", line.GetProperty("type").GetString()));
        var known = expected.ToDictionary(query => query.Id.ToString());
        var (top, truth) = (lines[0], known[lines[0].GetProperty("id").GetString()!]);
        var byKey = await CallAsync(client, "search_operations", ("filter", $"key:{truth.Key!.Text}"));
        Assert.Contains(
            byKey.GetProperty("operations").EnumerateArray(),
            line =>
                line.GetProperty("id").GetString() == top.GetProperty("id").GetString()
                && line.GetProperty("key").GetString() == top.GetProperty("key").GetString()
        );
        Assert.Equal(truth.Counts.Queried, top.GetProperty("queried").GetInt32());
        var page = await archive.Site.Client.GetAsync(new Uri(top.GetProperty("link").GetString()!), Cancel);
        Assert.True(page.IsSuccessStatusCode);
    }

    [Fact]
    public async Task One_operation_is_explained_as_on_its_page()
    {
        await using var client = await ConnectAsync();
        var slow = archive.Queries.MaxBy(query => query.DurationNs)!;
        var answer = await CallAsync(client, "explain", ("id", slow.Id.ToString()));
        var explanation = Explanation.Of(slow);
        Assert.Equal(explanation.Sentence, answer.GetProperty("why").GetString());
        Assert.Equal(slow.Peers.Length, answer.GetProperty("peersSeen").GetInt32());
        Assert.Equal(
            slow.DurationNs!.Value / 1e6,
            answer.GetProperty("spentOn").EnumerateArray().Sum(part => part.GetProperty("ms").GetDouble()),
            0.1
        );
        Assert.Equal(
            explanation.Culprits.Select(culprit => culprit.PeerId),
            answer.GetProperty("waitedFor").EnumerateArray().Select(peer => peer.GetProperty("peer").GetString())
        );
        var stored = await archive.Site.Store.GetQueryAsync(slow.Id, Cancel);
        Assert.Equal(
            QueryLint.Of(stored!).Findings.Select(finding => finding.Rule),
            answer.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("rule").GetString())
        );
    }

    [Fact]
    public async Task Figures_are_those_of_the_operations()
    {
        await using var client = await ConnectAsync();
        var shaky = archive.Queries.Where(query => query.Service == "shaky").ToList();
        var answer = await CallAsync(client, "overview", ("filter", "service:shaky"));
        Assert.Equal(shaky.Count, answer.GetProperty("operations").GetInt32());
        var durations = shaky.Select(query => query.DurationNs).OfType<long>().Order().ToList();
        Assert.Equal(durations.Count, answer.GetProperty("duration").GetProperty("known").GetInt32());
        Assert.Equal(Math.Round(durations[^1] / 1e6, 3), answer.GetProperty("duration").GetProperty("max").GetDouble());
        Assert.Equal(
            Math.Round(durations[(int)Math.Ceiling(durations.Count * 0.9) - 1] / 1e6, 3),
            answer.GetProperty("duration").GetProperty("p90").GetDouble()
        );
        Assert.Equal(10, answer.GetProperty("slowest").GetArrayLength());
    }

    [Fact]
    public async Task Two_sets_are_compared_with_verdicts()
    {
        await using var client = await ConnectAsync();
        var answer = await CallAsync(client, "compare", ("a", "service:steady"), ("b", "service:shaky"));
        Assert.Equal(archive.Queries.Count(query => query.Service == "steady"), answer.GetProperty("operationsOfA").GetInt32());
        var median = answer.GetProperty("figures").EnumerateArray().First(figure => figure.GetProperty("unit").GetString() == "ms");
        Assert.Equal(Median("steady"), median.GetProperty("a").GetDouble(), 0.001);
        Assert.Equal(Median("shaky"), median.GetProperty("b").GetDouble(), 0.001);
        Assert.All(
            answer.GetProperty("figures").EnumerateArray(),
            figure => Assert.False(string.IsNullOrEmpty(figure.GetProperty("verdict").GetString()))
        );

        double Median(string service)
        {
            var durations = archive
                .Queries.Where(query => query.Service == service)
                .Select(query => query.DurationNs)
                .OfType<long>()
                .Order();
            return durations.ElementAt(((durations.Count() + 1) / 2) - 1) / 1e6;
        }
    }

    [Fact]
    public async Task Peers_are_listed_with_what_they_did()
    {
        await using var client = await ConnectAsync();
        var answer = await CallAsync(client, "list_peers", ("order", "queried"), ("limit", 3));
        var top = answer.GetProperty("peers").EnumerateArray().First();
        var id = top.GetProperty("peer").GetString();
        Assert.Equal(
            archive.All.Count(query => query.Peers.Any(peer => peer.Id == id && peer.Requests.Length > 0)),
            top.GetProperty("queried").GetInt32()
        );
    }

    [Fact]
    public async Task A_record_is_told_by_time_with_how_sure_each_statement_is()
    {
        await using var client = await ConnectAsync();
        var key = archive.All.First(query => query is { Type: QueryType.GetProviders, Background: false, Key: not null }).Key!;
        var answer = await CallAsync(client, "record", ("key", key.Text), ("limit", 2));

        // One key can be written in several ways.
        var lookups = archive.All.Where(query => query.Type == QueryType.GetProviders && query.Key?.Bytes == key.Bytes).ToList();
        var told = await archive.Site.JsonAsync("/api/v1/records/" + Uri.EscapeDataString(answer.GetProperty("key").GetString()!));
        Assert.Equal(key.Bytes, told.GetProperty("key").GetProperty("bytes").GetString());
        Assert.Equal(lookups.Count, answer.GetProperty("lookups").GetInt32());
        Assert.InRange(answer.GetProperty("events").GetArrayLength(), 1, 2);
        Assert.All(
            answer.GetProperty("events").EnumerateArray(),
            static item => Assert.Contains(item.GetProperty("is").GetString(), new[] { "seen", "computed" })
        );
    }

    [Fact]
    public async Task The_network_rests_on_every_lookup_that_asked_somebody()
    {
        await using var client = await ConnectAsync();
        var answer = await CallAsync(client, "network", ("range", "all"));
        var lookups = archive.All.Where(static query => !query.Skipped && query.Peers.Any(IsContacted)).ToList();

        Assert.Equal(lookups.Count, answer.GetProperty("lookups").GetInt32());
        Assert.Equal(
            lookups.SelectMany(static query => query.Peers).Where(IsContacted).Select(static peer => peer.Id).Distinct().Count(),
            answer.GetProperty("peersAsked").GetInt32()
        );
        Assert.EndsWith("/network", answer.GetProperty("link").GetString()!.Split('?')[0], StringComparison.Ordinal);

        static bool IsContacted(QueryPeer peer) => peer.Dial is not null || !peer.Requests.IsEmpty;
    }

    [Theory]
    [InlineData("search_operations", "type:nonsense", "nonsense")]
    [InlineData("search_operations", "colour:red", "colour")]
    [InlineData("overview", "from:yesterday", "yesterday")]
    [InlineData("list_peers", "peer:SoooB", "SoooB")]
    [InlineData("network", "peer:SoooB", "SoooB")]
    public async Task What_is_not_understood_is_said(string tool, string filter, string says)
    {
        await using var client = await ConnectAsync();
        var answer = await client.CallToolAsync(tool, new Dictionary<string, object?> { ["filter"] = filter }, cancellationToken: Cancel);
        Assert.True(answer.IsError);
        Assert.Contains(says, Text(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_is_not_there_is_said()
    {
        await using var client = await ConnectAsync();
        foreach (var (id, says) in new[] { ("x", "is not an id"), (new string('a', 32) + "-" + new string('b', 16), "No operation") })
        {
            var answer = await client.CallToolAsync("explain", new Dictionary<string, object?> { ["id"] = id }, cancellationToken: Cancel);
            Assert.True(answer.IsError);
            Assert.Contains(says, Text(answer), StringComparison.Ordinal);
        }
    }

    private Task<McpClient> ConnectAsync() =>
        McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(archive.Site.Client.BaseAddress!, "/mcp") }),
            cancellationToken: Cancel
        );

    private static string Text(CallToolResult answer) =>
        string.Concat(answer.Content.OfType<TextContentBlock>().Select(block => block.Text));

    private static async Task<JsonElement> CallAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments)
    {
        var answer = await client.CallToolAsync(
            tool,
            arguments.ToDictionary(argument => argument.Name, argument => argument.Value),
            cancellationToken: Cancel
        );
        Assert.False(answer.IsError == true, Text(answer));
        return JsonDocument.Parse(Text(answer)).RootElement;
    }
}
