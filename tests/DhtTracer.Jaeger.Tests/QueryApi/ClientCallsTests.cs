using System.Net;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Calls as Jaeger UI and Grafana's data source make them, in the forms that differ from release to release.</summary>
public class ClientCallsTests
{
    private const ulong Start = 1_795_000_000_000_000_000;
    private const string Times = "query.start_time_min=2026-11-18T00:00:00.000Z&query.start_time_max=2026-11-19T00:00:00.000Z";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/services/team%2Fnode%20a/operations")]
    [InlineData("/api/services/team%2fnode%20a/operations")]
    [InlineData("/api/services/team/node%20a/operations")]
    public async Task Operations_of_a_service_with_a_slash_in_its_name_are_found(string path)
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        var (status, _, json) = await host.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"data":["ask"],"total":1,"limit":0,"offset":0,"errors":null}""", json.ToJsonString());
    }

    [Fact]
    public async Task What_is_below_services_and_no_list_of_operations_is_no_call()
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/api/services/kubo")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/api/services/operations")).Status);
    }

    [Fact]
    public async Task The_search_of_jaeger_ui_by_summaries_filters_by_the_name_of_a_span()
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        async Task<string> SearchAsync(string more) =>
            string.Join(
                ' ',
                (await host.GetAsync($"/api/v3/trace-summaries?query.service_name=kubo&{Times}&query.num_traces=20{more}")).Json[
                    "summaries"
                ]!
                    .AsArray()
                    .Select(summary => summary!["traceId"]!.GetValue<string>().TrimStart('0'))
                    .Order(StringComparer.Ordinal)
            );

        Assert.Equal("1 2", await SearchAsync(""));
        Assert.Equal("2", await SearchAsync("&query.span_name=dial"));
        Assert.Equal("2", await SearchAsync("&query.operation_name=dial"));
        Assert.Equal("2", await SearchAsync("&query.attributes=%7B%22attempt%22%3A%227%22%7D"));
        Assert.Equal("", await SearchAsync("&query.span_name=nothing"));
    }

    [Theory]
    [InlineData("query.filter=%7B%22op%22%3A%22eq%22%7D", "query.filter")]
    [InlineData("query.pagination.pageSize=10", "query.pagination.pageSize")]
    [InlineData("query.pagination.pageToken=abc", "query.pagination.pageToken")]
    public async Task A_condition_that_is_not_understood_is_refused_and_not_ignored(string parameter, string named)
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        foreach (var call in new[] { "traces", "trace-summaries" })
        {
            var (status, _, json) = await host.GetAsync($"/api/v3/{call}?query.service_name=kubo&{Times}&{parameter}");
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains(named, json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("start_time=2026-11-18T00:00:00Z&end_time=2026-11-19T00:00:00Z")]
    [InlineData("startTime=2026-11-18T00:00:00Z&endTime=2026-11-19T00:00:00Z")]
    public async Task Dependencies_over_http_v3_count_calls_between_services(string times)
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        var (status, _, json) = await host.GetAsync($"/api/v3/dependencies?{times}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"dependencies":[{"parent":"kubo","child":"team/node a","callCount":"1"}]}""", json.ToJsonString());
    }

    [Theory]
    [InlineData("", "startTime")]
    [InlineData("startTime=2026-11-18T00:00:00Z", "endTime")]
    [InlineData("startTime=2026-11-18T00:00:00Z&endTime=soon", "endTime")]
    [InlineData("startTime=2026-11-18T00:00:00Z&endTime=2026-11-18T00:00:00Z", "endTime")]
    public async Task Dependencies_over_http_v3_need_a_range(string times, string named)
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        var (status, _, json) = await host.GetAsync($"/api/v3/dependencies?{times}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(named, json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("&tags=&minDuration=&maxDuration=&operation=&lookback=1h&limit=20")]
    [InlineData("&end=9223372036854775807")]
    [InlineData("&end=18446744073709551")]
    [InlineData("&limit=0")]
    public async Task Fields_that_were_left_empty_and_times_beyond_all_traces_leave_the_search_whole(string more)
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        var end = more.Contains("&end=", StringComparison.Ordinal) ? "" : "&end=4000000000000000";
        var (status, _, json) = await host.GetAsync($"/api/traces?service=kubo&start=0{end}{more}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, json["data"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_check_by_head_finds_the_calls_there()
    {
        await using var host = await QueryApiHost.StartAsync(Spans());
        foreach (
            var (path, expected) in new[]
            {
                ("/api/services", HttpStatusCode.OK),
                ("/api/v3/services", HttpStatusCode.OK),
                ("/api/traces/99", HttpStatusCode.NotFound),
            }
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using var response = await host.Http.SendAsync(request, Cancel);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Fact]
    public async Task An_error_reads_in_the_terminal_as_jaegers_does()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        using var response = await host.Http.GetAsync("/api/traces", Cancel);
        Assert.Equal(
            """{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}""" + "\n",
            await response.Content.ReadAsStringAsync(Cancel)
        );
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    /// <summary>Trace 1 goes from kubo to a service with a slash in its name; trace 2 is a dial of kubo.</summary>
    private static List<Span> Spans()
    {
        static Span Make(ulong trace, ulong id, string service, string name, params (string Key, AttributeValue Value)[] attributes) =>
            new()
            {
                TraceId = new TraceId(0, trace),
                SpanId = new SpanId(id),
                Name = name,
                StartUnixNano = Start + trace,
                EndUnixNano = Start + trace + 1_000_000,
                Attributes = AttributeList.Of(attributes),
                Resource = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue(service))) },
                Scope = InstrumentationScope.Empty,
            };
        return
        [
            Make(1, 1, "kubo", "lookup"),
            Make(1, 2, "team/node a", "ask") with
            {
                ParentSpanId = new SpanId(1),
            },
            Make(2, 1, "kubo", "dial", ("attempt", new IntValue(7))),
        ];
    }
}
