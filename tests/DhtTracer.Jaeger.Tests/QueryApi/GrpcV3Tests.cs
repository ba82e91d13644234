using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Otlp.Proto;
using Google.Protobuf;
using Grpc.Core;
using static DhtTracer.Jaeger.Tests.QueryApi.SearchedTraces;
using ProtoDuration = Google.Protobuf.WellKnownTypes.Duration;
using ProtoSpan = DhtTracer.Traces.Otlp.Proto.Span;
using Resource = DhtTracer.Traces.Model.Resource;
using Span = DhtTracer.Traces.Model.Span;
using SpanKind = DhtTracer.Traces.Model.SpanKind;
using StatusCode = Grpc.Core.StatusCode;
using StringValue = DhtTracer.Traces.Model.StringValue;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary><c>jaeger.api_v3.QueryService</c>, asked through the stubs that are generated from its public definition.</summary>
public class GrpcV3Tests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Traces_are_those_that_the_real_server_gave_over_http_v3(string release)
    {
        var expected = Captured.V3Spans(release);
        await using var host = await QueryApiHost.StartAsync(expected);
        var client = new QueryService.QueryServiceClient(host.Grpc);

        var found = await ReadAsync(client.FindTraces(Find(query => query.SearchDepth = 1000), cancellationToken: Cancel));
        AssertSame(expected, found);
        Assert.All(found, message => Assert.Single(Spans(message).Select(span => span.TraceId).Distinct()));

        var one = expected[0].TraceId;
        var got = await ReadAsync(client.GetTrace(new GetTraceRequest { TraceId = one.ToString() }, cancellationToken: Cancel));
        AssertSame([.. expected.Where(span => span.TraceId == one)], got);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("0000000000000002")]
    [InlineData("00000000000000000000000000000002")]
    public async Task An_id_is_hex_of_any_length(string id)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var client = new QueryService.QueryServiceClient(host.Grpc);
        var answer = Assert.Single(await ReadAsync(client.GetTrace(new GetTraceRequest { TraceId = id }, cancellationToken: Cancel)));
        var span = Assert.Single(Spans(answer));
        Assert.Equal("00000000000000000000000000000002", Convert.ToHexStringLower(span.TraceId.Span));
        Assert.Equal("dial", span.Name);
    }

    [Theory]
    [InlineData("99", StatusCode.NotFound, "trace not found")]
    [InlineData("", StatusCode.InvalidArgument, "trace_id")]
    [InlineData("0", StatusCode.InvalidArgument, "trace_id")]
    [InlineData("xyz", StatusCode.InvalidArgument, "trace_id")]
    [InlineData("000000000000000000000000000000002", StatusCode.InvalidArgument, "trace_id")]
    public async Task A_trace_that_cannot_be_given_is_an_error_that_says_why(string id, StatusCode status, string named)
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var client = new QueryService.QueryServiceClient(host.Grpc);
        var error = await Assert.ThrowsAsync<RpcException>(() =>
            ReadAsync(client.GetTrace(new GetTraceRequest { TraceId = id }, cancellationToken: Cancel))
        );
        Assert.Equal(status, error.StatusCode);
        Assert.Contains(named, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_takes_its_conditions_together_on_one_span()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var client = new QueryService.QueryServiceClient(host.Grpc);
        Assert.Equal("1 2 3", await IdsAsync(client, _ => { }));
        Assert.Equal("1 2 3", await IdsAsync(client, query => query.ServiceName = "kubo"));
        Assert.Equal("", await IdsAsync(client, query => query.ServiceName = "nobody"));
        Assert.Equal("1 3", await IdsAsync(client, query => query.OperationName = "ask"));
        Assert.Equal("2", await IdsAsync(client, query => query.DurationMin = Milliseconds(2)));
        Assert.Equal("1 3", await IdsAsync(client, query => query.DurationMax = Milliseconds(1)));
        Assert.Equal("1 3", await IdsAsync(client, query => query.DurationMin = query.DurationMax = Milliseconds(1)));
        Assert.Equal("1 2 3", await IdsAsync(client, query => query.DurationMax = new ProtoDuration()));
        Assert.Equal("1", await IdsAsync(client, query => query.Attributes["attempt"] = "7"));
        Assert.Equal("3", await IdsAsync(client, query => query.Attributes["error"] = "true"));
        Assert.Equal("1 2 3", await IdsAsync(client, query => query.Attributes["host.name"] = "alpha"));
        Assert.Equal(
            "",
            await IdsAsync(
                client,
                query =>
                {
                    query.Attributes["attempt"] = "7";
                    query.OperationName = "lookup";
                }
            )
        );
    }

    [Fact]
    public async Task Both_ends_of_the_time_count_to_the_nanosecond()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var client = new QueryService.QueryServiceClient(host.Grpc);
        const ulong Second = Start + 1_000_000_000;
        Assert.Equal("2", await IdsAsync(client, query => Between(query, Second, Second + 1)));
        Assert.Equal("2", await IdsAsync(client, query => Between(query, Second - 1, Second)));
        Assert.Equal("", await IdsAsync(client, query => Between(query, Second + 1, Second + 999_999_999)));
    }

    [Fact]
    public async Task A_search_that_is_not_clear_is_refused_by_name()
    {
        await using var host = await QueryApiHost.StartAsync(ThreeTraces());
        var client = new QueryService.QueryServiceClient(host.Grpc);
        foreach (
            var (request, named) in new (FindTracesRequest, string)[]
            {
                (new FindTracesRequest(), "missing query"),
                (Find(query => query.StartTimeMin = null), "start_time_min"),
                (Find(query => query.StartTimeMax = null), "start_time_max"),
                (Find(query => Between(query, Start, Start)), "start_time_min must be before start_time_max"),
                (Find(query => Between(query, Start + 1, Start)), "start_time_min must be before start_time_max"),
                (Find(query => query.Filter = ByteString.CopyFromUtf8("x")), "filter is not supported"),
            }
        )
        {
            var traces = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.FindTraces(request, cancellationToken: Cancel)));
            Assert.Equal(StatusCode.InvalidArgument, traces.StatusCode);
            Assert.Contains(named, traces.Status.Detail, StringComparison.Ordinal);

            var summaries = await Assert.ThrowsAsync<RpcException>(() =>
                ReadAsync(client.FindTraceSummaries(new FindTraceSummariesRequest { Query = request.Query }, cancellationToken: Cancel))
            );
            Assert.Equal(traces.Status, summaries.Status);
        }
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(-5, 100)]
    [InlineData(3, 3)]
    [InlineData(110, 110)]
    [InlineData(1000, 115)]
    [InlineData(int.MaxValue, 115)]
    public async Task A_search_gives_the_latest_traces_up_to_its_depth_and_the_servers_limit(int depth, int expected)
    {
        await using var host = await QueryApiHost.StartAsync(
            [.. Enumerable.Range(1, 120).Select(i => Make((ulong)i, 1, "ask", Start + (ulong)i, 10))],
            new JaegerApiOptions { MaxTraces = 115 }
        );
        var client = new QueryService.QueryServiceClient(host.Grpc);
        var request = Find(query => query.SearchDepth = depth);
        var found = await ReadAsync(client.FindTraces(request, cancellationToken: Cancel));
        Assert.Equal(
            Enumerable.Range(121 - expected, expected).Select(i => Start + (ulong)i).Order(),
            found.SelectMany(Spans).Select(span => span.StartTimeUnixNano).Order()
        );

        var summaries = await ReadAsync(
            client.FindTraceSummaries(new FindTraceSummariesRequest { Query = request.Query }, cancellationToken: Cancel)
        );
        Assert.Equal(expected, summaries.Sum(answer => answer.Summaries.Count));
        Assert.All(summaries.SkipLast(1), answer => Assert.Equal(100, answer.Summaries.Count));
    }

    [Fact]
    public async Task A_long_trace_and_one_of_large_spans_come_in_messages_that_usual_clients_can_read()
    {
        var many = Enumerable.Range(1, 2500).Select(i => Make(1, (ulong)i, "step", Start, 1));
        var large = Enumerable
            .Range(1, 10)
            .Select(i => Make(2, (ulong)i, "big", Start, 1, ("payload", new StringValue(new string('p', 600_000)))));
        await using var host = await QueryApiHost.StartAsync([.. many, .. large]);

        // The channel has gRPC's usual limit of 4 MiB.
        var client = new QueryService.QueryServiceClient(host.Grpc);
        var found = await ReadAsync(client.GetTrace(new GetTraceRequest { TraceId = "1" }, cancellationToken: Cancel));
        Assert.Equal([1000, 1000, 500], found.Select(message => Spans(message).Count()));
        Assert.Equal(2500, found.SelectMany(Spans).Select(span => span.SpanId).Distinct().Count());

        found = await ReadAsync(client.GetTrace(new GetTraceRequest { TraceId = "2" }, cancellationToken: Cancel));
        Assert.Equal(10, found.SelectMany(Spans).Select(span => span.SpanId).Distinct().Count());
        Assert.All(found, message => Assert.InRange(message.CalculateSize(), 600_000, 4 << 20));
    }

    [Fact]
    public async Task A_summary_counts_all_spans_of_its_trace()
    {
        var gateway = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("gateway"))) };
        await using var host = await QueryApiHost.StartAsync([
            .. ThreeTraces(),
            Make(5, 1, "GET", Start + 10, 900) with
            {
                Resource = gateway,
            },
            Make(5, 2, "lookup", Start + 20, 2000) with
            {
                ParentSpanId = new SpanId(1),
                Status = new SpanStatus(DhtTracer.Traces.Model.StatusCode.Error),
            },
        ]);
        var client = new QueryService.QueryServiceClient(host.Grpc);
        async Task<TraceSummary> OneAsync(string operation) =>
            Assert.Single(
                (
                    await ReadAsync(
                        client.FindTraceSummaries(
                            new FindTraceSummariesRequest { Query = Find(query => query.OperationName = operation).Query },
                            cancellationToken: Cancel
                        )
                    )
                ).SelectMany(answer => answer.Summaries)
            );

        Assert.Equal(
            new TraceSummary
            {
                TraceId = "00000000000000000000000000000005",
                RootServiceName = "gateway",
                RootOperationName = "GET",
                MinStartTimeUnixNano = Start + 10,
                MaxEndTimeUnixNano = Start + 2020,
                SpanCount = 2,
                ErrorSpanCount = 1,
                Services =
                {
                    new ServiceSummary { Name = "gateway", SpanCount = 1 },
                    new ServiceSummary
                    {
                        Name = "kubo",
                        SpanCount = 1,
                        ErrorSpanCount = 1,
                    },
                },
            },
            await OneAsync("GET")
        );

        // The root of trace 3 never came: no name is made up for it, and its children are orphans.
        var rootless = await OneAsync("fail");
        Assert.Equal(("", "", 2, 2), (rootless.RootServiceName, rootless.RootOperationName, rootless.SpanCount, rootless.OrphanSpanCount));
    }

    [Fact]
    public async Task Services_and_operations_are_listed_with_a_kind_for_each()
    {
        var js = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("js"))) };
        await using var host = await QueryApiHost.StartAsync([
            Make(1, 1, "ask", Start, 1) with
            {
                Kind = SpanKind.Client,
            },
            Make(2, 1, "ask", Start, 1) with
            {
                Kind = SpanKind.Internal,
            },
            Make(3, 1, "old", Start, 1),
            Make(4, 1, "serve", Start, 1) with
            {
                Resource = js,
            },
        ]);
        var client = new QueryService.QueryServiceClient(host.Grpc);
        Assert.Equal(["js", "kubo"], (await client.GetServicesAsync(new GetServicesRequest(), cancellationToken: Cancel)).Services.Order());

        async Task<string> OperationsAsync(string service, string kind) =>
            string.Join(
                ' ',
                (
                    await client.GetOperationsAsync(
                        new GetOperationsRequest { Service = service, SpanKind = kind },
                        cancellationToken: Cancel
                    )
                )
                    .Operations.Select(operation => $"{operation.Name}/{operation.SpanKind}")
                    .Order(StringComparer.Ordinal)
            );

        // A span without a kind is internal, as in Jaeger; whoever asks for that kind finds it.
        Assert.Equal("ask/client ask/internal old/internal", await OperationsAsync("kubo", ""));
        Assert.Equal("ask/internal old/internal", await OperationsAsync("kubo", "internal"));
        Assert.Equal("ask/client", await OperationsAsync("kubo", "client"));
        Assert.Equal("", await OperationsAsync("kubo", "server"));
        Assert.Equal("", await OperationsAsync("nobody", ""));
    }

    [Fact]
    public async Task Dependencies_count_calls_between_services_in_a_range()
    {
        var js = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("js"))) };
        await using var host = await QueryApiHost.StartAsync([
            Make(1, 1, "ask", Start, 10),
            Make(1, 2, "serve", Start, 5) with
            {
                ParentSpanId = new SpanId(1),
                Resource = js,
            },
            Make(1, 3, "serve", Start, 5) with
            {
                ParentSpanId = new SpanId(1),
                Resource = js,
            },
        ]);
        var client = new QueryService.QueryServiceClient(host.Grpc);
        async Task<DependenciesResponse> AskAsync(ulong? from, ulong? to) =>
            await client.GetDependenciesAsync(
                new GetDependenciesRequest { StartTime = Time(from), EndTime = Time(to) },
                cancellationToken: Cancel
            );

        Assert.Equal(
            [
                new Proto.V3.Dependency
                {
                    Parent = "kubo",
                    Child = "js",
                    CallCount = 2,
                },
            ],
            (await AskAsync(Start - 1, Start + 1)).Dependencies
        );
        Assert.Empty((await AskAsync(Start + 3_600_000_000_000, Start + 7_200_000_000_000)).Dependencies);
        foreach (
            var (from, to, named) in new (ulong?, ulong?, string)[]
            {
                (null, Start, "start_time"),
                (Start, null, "end_time"),
                (Start, Start, "start_time must be before end_time"),
            }
        )
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(from, to));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.Contains(named, error.Status.Detail, StringComparison.Ordinal);
        }
    }

    private static FindTracesRequest Find(Action<TraceQueryParameters> change)
    {
        var query = new TraceQueryParameters();
        Between(query, 0, Start + (30 * 86_400_000_000_000));
        change(query);
        return new FindTracesRequest { Query = query };
    }

    private static void Between(TraceQueryParameters query, ulong from, ulong to) =>
        (query.StartTimeMin, query.StartTimeMax) = (Time(from), Time(to));

    private static Timestamp? Time(ulong? unixNano) =>
        unixNano is { } time ? new Timestamp { Seconds = (long)(time / 1_000_000_000), Nanos = (int)(time % 1_000_000_000) } : null;

    private static ProtoDuration Milliseconds(int count) => new() { Nanos = count * 1_000_000 };

    private static async Task<string> IdsAsync(QueryService.QueryServiceClient client, Action<TraceQueryParameters> change)
    {
        var found = await ReadAsync(client.FindTraces(Find(change), cancellationToken: Cancel));
        return string.Join(
            ' ',
            found
                .SelectMany(Spans)
                .Select(span => Convert.ToHexStringLower(span.TraceId.Span).TrimStart('0'))
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
    }

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            return await call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel);
        }
    }

    private static IEnumerable<ProtoSpan> Spans(TracesData message) =>
        message.ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans);

    private static void AssertSame(IReadOnlyList<Span> expected, IReadOnlyList<TracesData> messages)
    {
        var decoded = messages.SelectMany(message => OtlpProtobuf.Decode(message.ToByteArray()));
        Assert.Equal(
            expected.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId),
            decoded.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId)
        );
    }
}
