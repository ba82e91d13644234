using System.Net;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

public sealed class OverviewApiTests(KnownArchive archive)
{
    [Fact]
    public async Task Every_number_is_that_of_the_simulated_queries()
    {
        var answer = await archive.Site.JsonAsync("/api/v1/overview");
        OverviewTruth.Check(answer.GetProperty("figures"), archive.Queries);
        OverviewTruth.CheckHours(answer.GetProperty("hours"), archive.Queries);
    }

    [Theory]
    [InlineData("type=get-providers")]
    [InlineData("service=shaky")]
    [InlineData("alpha=3")]
    [InlineData("outcome=failed")]
    [InlineData("from=2026-11-22T09:00&to=2026-11-22T10:30")]
    [InlineData("from=2026-11-22T08:00&to=2026-11-22T08:01")]
    [InlineData("from=2027-01-01")]
    [InlineData("range=1h")]
    [InlineData("background=1")]
    [InlineData("background=only")]
    public async Task Filters_and_ranges_narrow_it_to_their_queries(string parameters)
    {
        var answer = await archive.Site.JsonAsync("/api/v1/overview?" + parameters);
        OverviewTruth.Check(answer.GetProperty("figures"), [.. archive.All.Where(query => Passes(query, parameters))]);
    }

    [Theory]
    [InlineData("type=nonsense")]
    [InlineData("range=fortnight")]
    [InlineData("from=yesterday")]
    public async Task What_is_not_understood_is_a_problem(string parameters)
    {
        var response = await archive.Site.Client.GetAsync(new Uri("/api/v1/overview?" + parameters, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var detail = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString()!;
        Assert.Contains(parameters.Split('=')[1], detail, StringComparison.Ordinal);
    }

    private static bool Passes(Query query, string parameters) =>
        query.Background == (parameters == "background=only") || parameters == "background=1"
            ? parameters switch
            {
                "type=get-providers" => query.Type == QueryType.GetProviders,
                "service=shaky" => query.Service == "shaky",
                "alpha=3" => query.Parameters.Alpha == 3,
                "outcome=failed" => query.Outcome == QueryOutcome.Failed,
                "from=2026-11-22T09:00&to=2026-11-22T10:30" => Minutes(query) is >= 60 and < 150,
                "from=2026-11-22T08:00&to=2026-11-22T08:01" => Minutes(query) is >= 0 and < 1,
                "from=2027-01-01" => false,
                "range=1h" => query.StartUnixNano >= (ulong)(KnownArchive.Now.AddHours(-1) - DateTimeOffset.UnixEpoch).Ticks * 100,
                _ => true,
            }
            : false;

    private static double Minutes(Query query) => (query.StartUnixNano - SimulatedQueries.Epoch) / 60e9;
}
