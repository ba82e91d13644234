using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Model;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static DhtTracer.Jaeger.Tests.QueryApi.SearchedTraces;
using GrpcStatusCode = Grpc.Core.StatusCode;
using Resource = DhtTracer.Traces.Model.Resource;
using RpcException = Grpc.Core.RpcException;
using StringValue = DhtTracer.Traces.Model.StringValue;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>The rules of a search, the same over HTTP v1, HTTP v3 and gRPC.</summary>
public class SearchTests
{
    private const string Service = "/jaeger.api_v2.QueryService/";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "1 2 3")]
    [InlineData("&operation=ask", "1 3")]
    [InlineData("&minDuration=2ms", "2")]
    [InlineData("&maxDuration=1ms", "1 3")]
    [InlineData("&minDuration=1ms&maxDuration=1ms", "1 3")]
    [InlineData("&tags=%7B%22error%22%3A%22true%22%7D", "3")]
    [InlineData("&tag=attempt:7", "1")]
    [InlineData("&tags=%7B%22host.name%22%3A%22alpha%22%7D", "1 2 3")]
    [InlineData("&tags=%7B%22span.kind%22%3A%22client%22%7D", "2")]
    [InlineData("&tags=%7B%22event%22%3A%22dialed%22%7D", "1")]
    [InlineData("&tags=%7B%22attempt%22%3A%227%22%2C%22error%22%3A%22true%22%7D", "")]
    [InlineData("&limit=1", "3")]
    public async Task Http_v1_takes_its_conditions_together_on_one_span(string condition, string expected)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (status, _, json) = await host.GetAsync($"/api/traces?service=kubo&start=0&end=4000000000000000{condition}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            expected,
            string.Join(
                ' ',
                json["data"]!.AsArray().Select(trace => trace!["traceID"]!.GetValue<string>().TrimStart('0')).Order(StringComparer.Ordinal)
            )
        );
    }

    [Theory]
    [InlineData(
        "query.service_name=kubo&query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2027-01-01T00:00:00Z&query.num_traces=10",
        "1 2 3"
    )]
    [InlineData(
        "query.serviceName=kubo&query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2027-01-01T00:00:00Z&query.searchDepth=10",
        "1 2 3"
    )]
    [InlineData(
        "query.service_name=kubo&query.operation_name=ask&query.start_time_min=2026-01-01T00:00:00.000000001Z"
            + "&query.start_time_max=2027-01-01T02:00:00+02:00",
        "1 3"
    )]
    [InlineData(
        "query.serviceName=kubo&query.durationMin=2ms&query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2027-01-01T00:00:00Z",
        "2"
    )]
    [InlineData(
        "query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2027-01-01T00:00:00Z&query.attributes=%7B%22attempt%22:%227%22%7D",
        "1"
    )]
    public async Task Http_v3_takes_both_spellings_of_its_parameters(string query, string expected)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (status, _, json) = await host.GetAsync($"/api/v3/traces?{query}");
        Assert.Equal(HttpStatusCode.OK, status);
        var ids = json["result"]!["resourceSpans"]!
            .AsArray()
            .SelectMany(resource => resource!["scopeSpans"]!.AsArray())
            .SelectMany(scope => scope!["spans"]!.AsArray())
            .Select(span => span!["traceId"]!.GetValue<string>().TrimStart('0'))
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Equal(expected, string.Join(' ', ids));
    }

    [Fact]
    public async Task Grpc_bounds_count_to_the_nanosecond_and_an_empty_bound_means_1970()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        Assert.Equal(["2"], await FindAsync(host, query => Between(query, Start + 1_000_000_000, Start + 1_000_000_000)));
        Assert.Empty(await FindAsync(host, query => Between(query, Start + 1_000_000_001, Start + 1_999_999_999)));
        Assert.Empty(await FindAsync(host, query => Between(query, Start + 2_000_000_000, Start)));
        Assert.Empty(await FindAsync(host, query => query.StartTimeMax = new Timestamp()));
        Assert.Equal(["1", "2", "3"], await FindAsync(host, _ => { }));
        Assert.Equal(["1", "2", "3"], await FindAsync(host, query => query.ServiceName = ""));
        Assert.Equal(["3"], await FindAsync(host, query => query.SearchDepth = 1));
        Assert.Empty(await FindAsync(host, query => query.ServiceName = "nobody"));
    }

    [Fact]
    public async Task The_whole_trace_is_answered_spans_outside_the_window_included()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var request = new FindTracesRequest
        {
            Query = new TraceQueryParameters { ServiceName = "kubo", SearchDepth = 10 },
        };
        Between(request.Query, Start, Start);
        var chunks = await host
            .Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(Service + "FindTraces", request, Long)
            .ToListAsync(Cancel);
        Assert.Equal(25, chunks.Sum(chunk => chunk.Spans.Count));
        Assert.Equal([10, 10, 5], chunks.Select(chunk => chunk.Spans.Count));
    }

    [Fact]
    public async Task Grpc_answers_jaegers_error_codes()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        async Task<GrpcStatusCode> StatusAsync<TRequest>(string method, TRequest request)
            where TRequest : class, IMessage<TRequest>, new() =>
            (
                await Assert.ThrowsAsync<RpcException>(async () =>
                    await host.Grpc.ServerStreamingAsync<TRequest, SpansResponseChunk>(Service + method, request, Long).ToListAsync(Cancel)
                )
            ).StatusCode;

        Assert.Equal(GrpcStatusCode.InvalidArgument, await StatusAsync("FindTraces", new FindTracesRequest()));
        Assert.Equal(
            GrpcStatusCode.NotFound,
            await StatusAsync("GetTrace", new GetTraceRequest { TraceId = ByteString.CopyFrom([.. new byte[15], 99]) })
        );
        Assert.Equal(
            GrpcStatusCode.InvalidArgument,
            await StatusAsync("GetTrace", new GetTraceRequest { TraceId = ByteString.CopyFrom(new byte[16]) })
        );
        Assert.Equal(
            GrpcStatusCode.InvalidArgument,
            await StatusAsync("GetTrace", new GetTraceRequest { TraceId = ByteString.CopyFrom(1, 2, 3) })
        );
        Assert.Equal(GrpcStatusCode.Unimplemented, await StatusAsync("ArchiveTrace", new ArchiveTraceRequest()));
        Assert.Equal(GrpcStatusCode.Unimplemented, await StatusAsync("Invented", new GetTraceRequest()));
    }

    [Fact]
    public async Task Grpc_takes_ids_of_8_bytes_and_answers_16()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var request = new GetTraceRequest { TraceId = ByteString.CopyFrom(0, 0, 0, 0, 0, 0, 0, 2) };
        var chunks = await host
            .Grpc.ServerStreamingAsync<GetTraceRequest, SpansResponseChunk>(Service + "GetTrace", request, Long)
            .ToListAsync(Cancel);
        Assert.Equal(16, chunks.Single().Spans.Single().TraceId.Length);
    }

    [Fact]
    public async Task Large_spans_are_spread_so_that_usual_clients_can_read_them()
    {
        var spans = Enumerable
            .Range(1, 10)
            .Select(i => Make(9, (ulong)i, "big", Start, 1, ("payload", new StringValue(new string('p', 600_000)))))
            .ToList();
        await using var host = await QueryApiHost.StartAsync(spans);

        // The channel has gRPC's usual limit of 4 MiB.
        Assert.Equal(["9"], await FindAsync(host, _ => { }));
    }

    [Theory]
    [InlineData("/api/traces", 400, "'service' is required")]
    [InlineData("/api/operations", 400, "'service' is required")]
    [InlineData("/api/traces?service=kubo&start=x", 400, "'start'")]
    [InlineData("/api/traces?service=kubo&minDuration=5", 400, "'minDuration'")]
    [InlineData("/api/traces?service=kubo&tags=%7B", 400, "'tags'")]
    [InlineData("/api/traces?service=kubo&tag=x", 400, "'tag'")]
    [InlineData("/api/traces/xyz", 400, "traceID")]
    [InlineData("/api/traces/0", 404, "trace not found")]
    [InlineData("/api/traces/AAAA", 404, "trace not found")]
    [InlineData("/api/traces/AAAAAAAAAAA%3D", 404, "trace not found")]
    [InlineData("/api/traces/!AAAAAAAAAA%3D", 400, "traceID")]
    [InlineData("/api/traces?service=kubo&minDuration=2ms&maxDuration=1ms", 400, "'maxDuration'")]
    [InlineData("/api/dependencies?endTs=x", 400, "'endTs'")]
    [InlineData("/api/metrics/calls?service=kubo", 501, "not implemented")]
    [InlineData("/api/nothing", 404, "no such call")]
    public async Task Http_v1_errors_are_json_that_names_the_parameter(string path, int expected, string text)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (status, type, json) = await host.GetAsync(path);
        Assert.Equal(expected, (int)status);
        Assert.Equal("text/plain", type);
        Assert.Null(json["data"]);
        Assert.Equal(expected, json["errors"]![0]!["code"]!.GetValue<int>());
        Assert.Contains(text, json["errors"]![0]!["msg"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v3/traces?query.start_time_min=yesterday&query.start_time_max=2027-01-01T00:00:00Z", 400, "query.start_time_min")]
    [InlineData(
        "/api/v3/traces?query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2027-01-01T00:00:00Z&query.num_traces=many",
        400,
        "query.search_depth"
    )]
    [InlineData(
        "/api/v3/traces?query.start_time_min=2001-01-01T00:00:00Z&query.start_time_max=2002-01-01T00:00:00Z",
        404,
        "No traces found"
    )]
    [InlineData("/api/v3/traces/99", 404, "not found")]
    [InlineData("/api/v3/traces/nothex", 400, "trace_id")]
    [InlineData("/api/v3/traces/0", 404, "not found")]
    [InlineData("/api/v3/traces/1?raw_traces=maybe", 400, "raw_traces")]
    [InlineData("/api/v3/traces/1?start_time=yesterday", 400, "start_time")]
    [InlineData(
        "/api/v3/traces?query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2027-01-01T00:00:00Z&query.raw_traces=maybe",
        400,
        "raw_traces"
    )]
    [InlineData(
        "/api/v3/traces?query.start_time_min=2027-01-01T00:00:00Z&query.start_time_max=2026-01-01T00:00:00Z",
        400,
        "start_time_min"
    )]
    [InlineData(
        "/api/v3/traces?query.start_time_min=2027-01-01T00:00:00Z&query.start_time_max=2027-01-01T00:00:00Z",
        400,
        "start_time_min"
    )]
    [InlineData("/api/v3/nothing", 404, "no such call")]
    public async Task Http_v3_errors_have_jaegers_shape(string path, int expected, string text)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (status, _, json) = await host.GetAsync(path);
        Assert.Equal(expected, (int)status);
        Assert.Equal(expected, json["error"]!["httpCode"]!.GetValue<int>());
        Assert.Contains(text, json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_archive_answers_null_services_and_no_traces()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        Assert.Equal(
            """{"data":null,"total":0,"limit":0,"offset":0,"errors":null}""",
            (await host.GetAsync("/api/services")).Json.ToJsonString()
        );
        Assert.Equal(
            """{"data":[],"total":0,"limit":0,"offset":0,"errors":null}""",
            (await host.GetAsync("/api/traces?service=x")).Json.ToJsonString()
        );
    }

    [Fact]
    public async Task Traces_by_id_name_the_missing_ones()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (status, _, json) = await host.GetAsync("/api/traces?traceID=2&traceID=63");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("0000000000000002", json["data"]!.AsArray().Single()!["traceID"]!.GetValue<string>());
        Assert.Equal("""[{"code":404,"msg":"trace not found","traceID":"0000000000000063"}]""", json["errors"]!.ToJsonString());
    }

    [Fact]
    public async Task A_short_id_in_the_url_finds_its_trace()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/traces/2")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/api/v3/traces/00000000000000000000000000000002")).Status);
    }

    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAg==")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAg")]
    [InlineData("AAAAAAAAAAI=")]
    public async Task An_id_in_base64_finds_its_trace(string id)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        foreach (var path in new[] { "/api/traces/", "/api/v3/traces/" })
        {
            var (status, _, json) = await host.GetAsync(path + Uri.EscapeDataString(id));
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("0000000000000002", json.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ids_whose_base64_has_signs_of_either_alphabet_are_read()
    {
        var id = Convert.FromHexString("fbff3effbffefffbff3effbffefffbff");
        Assert.Contains('/', Convert.ToBase64String(id));
        foreach (
            var text in new[]
            {
                Convert.ToBase64String(id),
                Convert.ToBase64String(id).Replace("/", "%2F", StringComparison.Ordinal),
                System.Buffers.Text.Base64Url.EncodeToString(id),
            }
        )
        {
            Assert.True(JaegerTraceIds.TryParse(text, out var read));
            Assert.Equal(Convert.ToHexStringLower(id), read.ToString());
        }

        await Task.CompletedTask;
    }

    [Fact]
    public async Task Spans_without_a_service_are_those_of_missing_service_name()
    {
        var nameless = Make(4, 1, "lost", Start, 1_000) with
        {
            Resource = new Resource { Attributes = AttributeList.Of(("host.name", new StringValue("beta"))) },
        };
        await using var host = await QueryApiHost.StartAsync([.. ThreeTraces(), nameless]);

        Assert.Equal("""["kubo","missing-service-name"]""", (await host.GetAsync("/api/services")).Json["data"]!.ToJsonString());
        Assert.Equal(
            """[{"name":"lost","spanKind":""}]""",
            (await host.GetAsync("/api/operations?service=missing-service-name")).Json["data"]!.ToJsonString()
        );
        var (_, _, found) = await host.GetAsync("/api/traces?service=missing-service-name&start=0&end=4000000000000000");
        var trace = found["data"]!.AsArray().Single()!;
        Assert.Equal("0000000000000004", trace["traceID"]!.GetValue<string>());
        Assert.Equal("missing-service-name", trace["processes"]!["p1"]!["serviceName"]!.GetValue<string>());
        Assert.Equal("beta", trace["processes"]!["p1"]!["tags"]![0]!["value"]!.GetValue<string>());
        Assert.Contains("missing-service-name", (await host.GetAsync("/api/v3/traces/4")).Json.ToJsonString(), StringComparison.Ordinal);

        // What is stored stays as it came.
        Assert.Equal([nameless], await host.Store.GetTraceAsync(nameless.TraceId));
    }

    [Fact]
    public async Task Dependencies_are_of_now_when_no_end_is_given_and_of_one_service_when_it_is()
    {
        var other = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("gateway"))) };
        await using var host = await QueryApiHost.StartAsync([
            Make(5, 1, "GET", Start, 10) with
            {
                Resource = other,
            },
            Make(5, 2, "ask", Start, 5) with
            {
                ParentSpanId = new SpanId(1),
            },
            Make(6, 1, "x", Start, 10),
            Make(6, 2, "y", Start, 5) with
            {
                ParentSpanId = new SpanId(1),
            },
        ]);

        Assert.Equal("[]", (await host.GetAsync("/api/dependencies")).Json["data"]!.ToJsonString());
        const string Then = "endTs=1795000001000&lookback=3600000";
        Assert.Equal(
            """[{"parent":"gateway","child":"kubo","callCount":1},{"parent":"kubo","child":"kubo","callCount":1}]""",
            (await host.GetAsync($"/api/dependencies?{Then}")).Json["data"]!.ToJsonString()
        );
        Assert.Equal(
            """[{"parent":"gateway","child":"kubo","callCount":1}]""",
            (await host.GetAsync($"/api/dependencies?{Then}&service=gateway")).Json["data"]!.ToJsonString()
        );
    }

    [Fact]
    public async Task Operations_of_nobody_are_an_empty_list_and_a_kind_that_is_not_known_is_left_out_in_v3()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        Assert.Equal("[]", (await host.GetAsync("/api/operations?service=nobody")).Json["data"]!.ToJsonString());
        Assert.Equal("""{"operations":[]}""", (await host.GetAsync("/api/v3/operations")).Json.ToJsonString());
        Assert.Contains(
            """{"name":"ask"}""",
            (await host.GetAsync("/api/v3/operations?service=kubo")).Json.ToJsonString(),
            StringComparison.Ordinal
        );
    }

    /// <summary>
    /// While a search goes through its traces, new ones arrive, and late spans move others to the front of the order, those that were sent
    /// already and those that were not.
    /// </summary>
    [Fact]
    public async Task A_search_gives_each_trace_that_was_there_once_whatever_arrives_meanwhile()
    {
        const int Known = 450;
        await using var host = await QueryApiHost.StartAsync([
            .. Enumerable.Range(1, Known).Select(i => Make((ulong)i, 1, "ask", Start + ((ulong)i * 1000), 10)),
        ]);
        var archive = new JaegerArchive(host.Store);
        var given = new List<ulong>();
        await foreach (var trace in archive.FindAsync(new SpanConditions { Service = "kubo" }, int.MaxValue, Cancel))
        {
            given.Add(trace[0].TraceId.Low);
            if (given.Count % 20 == 0)
            {
                var later = Start + 10_000_000 + (ulong)given.Count;
                await host.AddAsync(Make((ulong)(10_000 + given.Count), 1, "ask", later, 10));
                await host.AddAsync(Make(given[^1], 2, "late", later, 10));
                await host.AddAsync(Make((ulong)(1 + (given.Count / 20)), 2, "late", later, 10));
            }
        }

        Assert.Equal(Known, given.Count(static id => id <= Known));
        Assert.Equal(given.Count, given.Distinct().Count());
    }

    [Fact]
    public async Task Summaries_count_all_spans_of_a_trace()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var (_, _, json) = await host.GetAsync(
            "/api/v3/trace-summaries?query.serviceName=kubo&query.operationName=fail"
                + "&query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2027-01-01T00:00:00Z"
        );
        var expected = JsonNode.Parse(
            $$"""
            {"summaries":[{"traceId":"00000000000000000000000000000003","rootServiceName":"","rootOperationName":"",
              "minStartTimeUnixNano":"{{Start + 2_000_000_000}}","maxEndTimeUnixNano":"{{Start + 2_001_000_000}}",
              "spanCount":2,"errorSpanCount":1,"orphanSpanCount":2,"services":[{"name":"kubo","spanCount":2,"errorSpanCount":1}]}]}
            """
        )!;
        Assert.Equal(expected.ToJsonString(), json.ToJsonString());
    }

    [Fact]
    public async Task The_archive_says_that_there_is_none()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        using var response = await host.Http.PostAsync("/api/archive/2", null, Cancel);
        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Contains("every trace is kept", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transform_turns_otlp_into_jaegers_json()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var otlp = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"kubo"}}]},"scopeSpans":[{"spans":[
              {"traceId":"000000000000000000000000000000ff","spanId":"00000000000000aa","name":"ask",
               "startTimeUnixNano":"1795000000000000000","endTimeUnixNano":"1795000000001000000"}]}]}]}
            """;
        using var good = await host.Http.PostAsync("/api/transform", new StringContent(otlp), Cancel);
        var body = await good.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("\"operationName\":\"ask\"", body, StringComparison.Ordinal);
        Assert.Contains("\"duration\":1000", body, StringComparison.Ordinal);
        using var bad = await host.Http.PostAsync("/api/transform", new StringContent("nonsense"), Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Theory]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData("300ms", 300_000_000)]
    [InlineData("1h2m3s", 3_723_000_000_000)]
    [InlineData("7us", 7_000)]
    [InlineData("7µs", 7_000)]
    [InlineData("9ns", 9)]
    [InlineData("0", 0)]
    public void Go_durations_are_read(string text, long expected)
    {
        Assert.True(GoDuration.TryParse(text, out var nanoseconds));
        Assert.Equal(expected, nanoseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-1s")]
    [InlineData("1x")]
    [InlineData("s")]
    [InlineData("1..2s")]
    [InlineData("99999999999999h")]
    public void What_is_no_go_duration_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));

    private static void Between(TraceQueryParameters query, ulong from, ulong to)
    {
        query.StartTimeMin = new Timestamp { Seconds = (long)(from / 1_000_000_000), Nanos = (int)(from % 1_000_000_000) };
        query.StartTimeMax = new Timestamp { Seconds = (long)(to / 1_000_000_000), Nanos = (int)(to % 1_000_000_000) };
    }

    private static async Task<IReadOnlyList<string>> FindAsync(QueryApiHost host, Action<TraceQueryParameters> change)
    {
        var request = new FindTracesRequest
        {
            Query = new TraceQueryParameters { ServiceName = "kubo", SearchDepth = 100 },
        };
        change(request.Query);
        var chunks = await host
            .Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(Service + "FindTraces", request, Long)
            .ToListAsync(Cancel);
        return
        [
            .. chunks
                .SelectMany(chunk => chunk.Spans)
                .Select(span => Convert.ToHexStringLower(span.TraceId.Span).TrimStart('0'))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }
}
