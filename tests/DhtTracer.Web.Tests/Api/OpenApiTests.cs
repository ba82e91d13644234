using System.Text.Json;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

public sealed class OpenApiTests(KnownArchive archive)
{
    [Theory]
    [InlineData("/api/v1/overview", "/api/v1/overview")]
    [InlineData("/api/v1/overview", "/api/v1/overview?from=2027-01-01")]
    [InlineData("/api/v1/overview", "/api/v1/overview?type=find-peer&from=2026-11-22T08:00&to=2026-11-22T09:00")]
    [InlineData("/api/v1/compare", "/api/v1/compare?a.service=steady&b.service=shaky")]
    [InlineData("/api/v1/compare", "/api/v1/compare?a.from=2027-01-01&b.type=find-peer")]
    [InlineData("/api/v1/peers", "/api/v1/peers")]
    [InlineData("/api/v1/peers/{id}", "/api/v1/peers/PEER")]
    [InlineData("/api/v1/queries", "/api/v1/queries?limit=200")]
    [InlineData("/api/v1/queries/{id}", "/api/v1/queries/QUERY")]
    [InlineData("/api/v1/queries/{id}/explanation", "/api/v1/queries/QUERY/explanation")]
    public async Task What_is_answered_is_what_the_document_says(string path, string address)
    {
        var document = await archive.Site.JsonAsync("/api/v1/openapi.json");
        var schema = Schema(document, path);
        Assert.True(schema.TryGetProperty("$ref", out _), $"{path} has no schema of its own: {schema}");

        // Queries of every outcome, for what is null in some of them.
        foreach (var query in address.Contains("QUERY", StringComparison.Ordinal) ? archive.Queries.Take(30) : archive.Queries.Take(1))
        {
            var answer = await archive.Site.JsonAsync(
                address
                    .Replace("QUERY", query.Id.ToString(), StringComparison.Ordinal)
                    .Replace("PEER", query.Peers[0].Id, StringComparison.Ordinal)
            );
            Assert.Empty(new SchemaCheck(document).Problems(schema, answer));
        }
    }

    [Fact]
    public async Task Queries_with_everything_that_a_trace_may_tell_are_what_the_document_says_too()
    {
        var full = SimulatedQueries.Make(
            3,
            30,
            query =>
                query with
                {
                    Peers = [.. query.Peers.Select(peer => peer with { Addresses = ["/ip4/192.0.2.1/tcp/4001"], Duplicate = true })],
                }
        );
        var bare = SimulatedQueries.Make(4, 5, query => query with { Outcome = QueryOutcome.Incomplete });
        await using var site = await Site.StartAsync(full, bare);
        var document = await site.JsonAsync("/api/v1/openapi.json");
        foreach (var query in new[] { full, bare })
        {
            Assert.Empty(
                new SchemaCheck(document).Problems(
                    Schema(document, "/api/v1/queries/{id}"),
                    await site.JsonAsync($"/api/v1/queries/{query.Id}")
                )
            );
            Assert.Empty(
                new SchemaCheck(document).Problems(
                    Schema(document, "/api/v1/queries/{id}/explanation"),
                    await site.JsonAsync($"/api/v1/queries/{query.Id}/explanation")
                )
            );
        }
    }

    [Fact]
    public async Task The_check_itself_finds_what_is_wrong()
    {
        var document = await archive.Site.JsonAsync("/api/v1/openapi.json");
        var check = new SchemaCheck(document);
        var schema = Schema(document, "/api/v1/queries");
        Assert.Empty(check.Problems(schema, JsonDocument.Parse("""{"queries": [], "next": null, "previous": null}""").RootElement));
        Assert.Single(check.Problems(schema, JsonDocument.Parse("""{"queries": [], "next": null}""").RootElement));
        Assert.Single(check.Problems(schema, JsonDocument.Parse("""{"queries": [], "next": 1, "previous": null}""").RootElement));
        Assert.Single(
            check.Problems(schema, JsonDocument.Parse("""{"queries": [], "next": null, "previous": null, "more": 1}""").RootElement)
        );
        Assert.NotEmpty(check.Problems(schema, JsonDocument.Parse("""{"queries": [{}], "next": null, "previous": null}""").RootElement));
    }

    [Fact]
    public async Task Every_parameter_is_listed_with_what_it_means_and_wrong_requests_are_problems()
    {
        var document = await archive.Site.JsonAsync("/api/v1/openapi.json");
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "q",
                "key",
                "peer",
                "type",
                "outcome",
                "error",
                "peererror",
                "lint",
                "agent",
                "source",
                "service",
                "node",
                "min",
                "max",
                "minhops",
                "maxhops",
                "alpha",
                "from",
                "to",
                "background",
                "skipped",
                "sort",
                "at",
                "limit",
            ],
            Parameters("/api/v1/queries").Select(parameter => parameter.GetProperty("name").GetString()!)
        );
        Assert.Equal(42, Parameters("/api/v1/compare").Count);
        Assert.Equal(
            ["format", "redact", "id", "sort"],
            Parameters("/api/v1/export").Take(4).Select(parameter => parameter.GetProperty("name").GetString()!)
        );
        foreach (
            var path in document
                .GetProperty("paths")
                .EnumerateObject()
                .Where(path => path.Name.StartsWith("/api/", StringComparison.Ordinal))
        )
        {
            var operation = path.Value.GetProperty("get");
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            var names = path.Name.Split('{').Skip(1).Select(part => part.Split('}')[0]);
            var given = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
            Assert.All(given, parameter => Assert.NotEmpty(parameter.GetProperty("description").GetString()!));
            Assert.Equal(
                names,
                given
                    .Where(parameter => parameter.GetProperty("in").GetString() == "path")
                    .Select(parameter => parameter.GetProperty("name").GetString()!)
            );
        }

        foreach (
            var (path, parameter) in new[] { "/api/v1/overview", "/api/v1/queries", "/api/v1/peers", "/api/v1/compare" }.SelectMany(path =>
                Parameters(path).Select(parameter => (path, parameter))
            )
        )
        {
            if (parameter.GetProperty("schema").TryGetProperty("enum", out var values))
            {
                // Each value that is offered is taken.
                var name = parameter.GetProperty("name").GetString()!;
                foreach (var value in values.EnumerateArray().Take(path.EndsWith("compare", StringComparison.Ordinal) ? 1 : 20))
                {
                    _ = await archive.Site.JsonAsync(
                        $"{path}?{name}={Uri.EscapeDataString(value.GetString()!)}&from=2026-11-22T08:00&to=2026-11-22T09:00"
                    );
                }
            }
        }

        List<JsonElement> Parameters(string path) =>
            [.. document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("parameters").EnumerateArray()];
    }

    [Fact]
    public async Task A_page_describes_every_endpoint_to_people()
    {
        var document = await archive.Site.JsonAsync("/api/v1/openapi.json");
        var page = await archive.Site.PageAsync("/api");
        Assert.Equal(document.GetProperty("paths").EnumerateObject().Select(path => "GET " + path.Name), page.Texts("section h2"));
        Assert.DoesNotContain('`', page.QuerySelector("main")!.TextContent);
        Assert.Contains("background", page.Texts("#listPeers p code"));
        Assert.NotNull((await archive.Site.PageAsync("/queries")).QuerySelector("footer a[href='/api']"));
    }

    internal static JsonElement Schema(JsonElement document, string path) =>
        document
            .GetProperty("paths")
            .GetProperty(path)
            .GetProperty("get")
            .GetProperty("responses")
            .GetProperty("200")
            .GetProperty("content")
            .GetProperty("application/json")
            .GetProperty("schema");
}
