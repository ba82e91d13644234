using System.Runtime.CompilerServices;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;

namespace DhtTracer.Ingestion.Tests.Grpc;

/// <summary>Our client against our server; each side is also tested alone against hostile or foreign peers.</summary>
public class GrpcCallTests
{
    private const string Unary = "/test.Service/Unary";
    private const string Stream = "/test.Service/Stream";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_unary_call_carries_its_messages_plain_or_gzipped_either_way(bool compressRequest, bool compressResponse)
    {
        var big = new string('b', 300_000);
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (request, _) => Task.FromResult(new GetServicesResponse { Services = { request.Service, request.SpanKind } }),
                new GrpcServerOptions { CompressResponses = compressResponse }
            )
        );
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { CompressRequests = compressRequest });

        var response = await CallAsync(channel, new GetOperationsRequest { Service = big, SpanKind = "server" });

        Assert.Equal([big, "server"], response.Services);
    }

    [Fact]
    public async Task Bytes_handlers_get_and_give_the_serialized_message()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnaryBytes(Unary, (request, _) => Task.FromResult<ReadOnlyMemory<byte>>(request.ToArray().Reverse().ToArray()))
        );
        using var channel = new GrpcChannel(server.Address);

        Assert.Equal([3, 2, 1], await channel.UnaryBytesAsync(Unary, new byte[] { 1, 2, 3 }, Long, Cancel));
        Assert.Empty(await channel.UnaryBytesAsync(Unary, ReadOnlyMemory<byte>.Empty, Long, Cancel));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task A_stream_yields_every_answer_in_order(int count)
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcServerStreaming<GetServicesRequest, GetServicesResponse>(Stream, (_, call) => Numbers(count, call.Cancellation))
        );
        using var channel = new GrpcChannel(server.Address);

        var numbers = new List<string>();
        await foreach (var answer in StreamAsync(channel))
        {
            numbers.Add(answer.Services.Single());
        }

        Assert.Equal(Enumerable.Range(0, count).Select(i => i.ToString()), numbers);
    }

    [Fact]
    public async Task An_error_before_the_first_answer_carries_status_and_text()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (_, _) => throw new GrpcException(GrpcStatusCode.NotFound, "no trace – 100%\nlost")
            )
        );
        using var channel = new GrpcChannel(server.Address);

        var error = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(channel, new GetOperationsRequest()));

        Assert.Equal(GrpcStatusCode.NotFound, error.Status);
        Assert.Equal("no trace – 100%\nlost", error.Detail);
    }

    [Fact]
    public async Task An_error_after_some_answers_comes_after_them()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcServerStreaming<GetServicesRequest, GetServicesResponse>(
                Stream,
                (_, call) => Numbers(3, call.Cancellation, new GrpcException(GrpcStatusCode.Internal, "cut"))
            )
        );
        using var channel = new GrpcChannel(server.Address);

        var seen = 0;
        var error = await Assert.ThrowsAsync<GrpcException>(async () =>
        {
            await foreach (var _ in StreamAsync(channel))
            {
                seen++;
            }
        });

        Assert.Equal(3, seen);
        Assert.Equal((GrpcStatusCode.Internal, "cut"), (error.Status, error.Detail));
    }

    [Fact]
    public async Task What_a_handler_throws_by_accident_is_unknown_and_its_text_stays_here()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (_, _) => throw new InvalidOperationException("the password is 1234")
            )
        );
        using var channel = new GrpcChannel(server.Address);

        var error = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(channel, new GetOperationsRequest()));

        Assert.Equal(GrpcStatusCode.Unknown, error.Status);
        Assert.DoesNotContain("1234", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unmapped_method_is_unimplemented(bool fallback)
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
        {
            if (fallback)
            {
                app.MapGrpcUnimplemented();
            }
        });
        using var channel = new GrpcChannel(server.Address);

        var error = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(channel, new GetOperationsRequest()));

        Assert.Equal(GrpcStatusCode.Unimplemented, error.Status);
    }

    [Fact]
    public async Task A_request_that_is_no_message_is_an_invalid_argument()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(Unary, (_, _) => Task.FromResult(new GetServicesResponse()))
        );
        using var channel = new GrpcChannel(server.Address);

        var error = await Assert.ThrowsAsync<GrpcException>(() =>
            channel.UnaryBytesAsync(Unary, new byte[] { 0x0A, 0x7F, 1 }, Long, Cancel)
        );

        Assert.Equal(GrpcStatusCode.InvalidArgument, error.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_above_the_servers_limit_is_resource_exhausted(bool compress)
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (_, _) => Task.FromResult(new GetServicesResponse()),
                new GrpcServerOptions { MaxReceiveMessageBytes = 1000 }
            )
        );
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { CompressRequests = compress });

        var error = await Assert.ThrowsAsync<GrpcException>(() =>
            CallAsync(channel, new GetOperationsRequest { Service = new string('s', 2_000_000) })
        );

        Assert.Equal(GrpcStatusCode.ResourceExhausted, error.Status);
    }

    [Fact]
    public async Task An_answer_above_the_clients_limit_is_resource_exhausted_and_a_higher_limit_takes_it()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcServerStreaming<GetServicesRequest, GetServicesResponse>(Stream, (_, _) => Large())
        );
        using var usual = new GrpcChannel(server.Address);
        using var raised = new GrpcChannel(server.Address, new GrpcChannelOptions { MaxReceiveMessageBytes = 64 * 1024 * 1024 });

        var error = await Assert.ThrowsAsync<GrpcException>(async () => await StreamAsync(usual).CountAsync(Cancel));
        Assert.Equal(GrpcStatusCode.ResourceExhausted, error.Status);
        Assert.Equal(2, await StreamAsync(raised).CountAsync(Cancel));
    }

    [Fact]
    public async Task The_servers_deadline_cancels_its_handler_and_is_told_as_such()
    {
        var cancelled = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                async (_, call) =>
                {
                    Assert.NotNull(call.Deadline);
                    try
                    {
                        await Task.Delay(Timeout.Infinite, call.Cancellation);
                    }
                    finally
                    {
                        cancelled.SetResult();
                    }

                    return new GetServicesResponse();
                }
            )
        );
        using var http = RawHttp(server.Address);

        using var response = await PostAsync(http, Unary, [0, 0, 0, 0, 0], request => request.Headers.Add("grpc-timeout", "50m"));

        await cancelled.Task.WaitAsync(Long, Cancel);
        Assert.Equal("4", response.Headers.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task The_clients_deadline_ends_a_call_that_nobody_answers()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapPost(Unary, async context => await Task.Delay(Timeout.Infinite, context.RequestAborted))
        );
        using var channel = new GrpcChannel(server.Address);

        var error = await Assert.ThrowsAsync<GrpcException>(() =>
            channel.UnaryAsync<GetOperationsRequest, GetServicesResponse>(
                Unary,
                new GetOperationsRequest(),
                TimeSpan.FromMilliseconds(50),
                Cancel
            )
        );

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, error.Status);
    }

    [Fact]
    public async Task The_callers_own_cancellation_is_no_grpc_error_and_reaches_the_server()
    {
        var cancelled = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                async (_, call) =>
                {
                    call.Cancellation.Register(cancelled.SetResult);
                    started.SetResult();
                    await Task.Delay(Timeout.Infinite, call.Cancellation);
                    return new GetServicesResponse();
                }
            )
        );
        using var channel = new GrpcChannel(server.Address);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var call = channel.UnaryAsync<GetOperationsRequest, GetServicesResponse>(Unary, new GetOperationsRequest(), null, source.Token);
        await started.Task.WaitAsync(Long, Cancel);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task Leaving_a_stream_early_cancels_it_on_the_server()
    {
        var ended = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcServerStreaming<GetServicesRequest, GetServicesResponse>(Stream, (_, call) => Endless(ended, call.Cancellation))
        );
        using var channel = new GrpcChannel(server.Address);

        await foreach (var _ in StreamAsync(channel))
        {
            break;
        }

        await ended.Task.WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task A_client_on_a_port_where_nobody_listens_gets_unavailable()
    {
        using var channel = new GrpcChannel(new Uri("http://127.0.0.1:1"));
        var error = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(channel, new GetOperationsRequest()));
        Assert.Equal(GrpcStatusCode.Unavailable, error.Status);
    }

    [Fact]
    public void An_address_of_another_scheme_is_refused() =>
        Assert.Throws<ArgumentException>(() => new GrpcChannel(new Uri("jaeger://localhost:16685")));

    internal static HttpClient RawHttp(Uri address) =>
        new()
        {
            BaseAddress = address,
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

    internal static async Task<HttpResponseMessage> PostAsync(
        HttpClient http,
        string path,
        byte[] body,
        Action<HttpRequestMessage>? change = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = http.DefaultRequestVersion,
            VersionPolicy = http.DefaultVersionPolicy,
        };
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        change?.Invoke(request);
        return await http.SendAsync(request, Cancel);
    }

    private static Task<GetServicesResponse> CallAsync(GrpcChannel channel, GetOperationsRequest request) =>
        channel.UnaryAsync<GetOperationsRequest, GetServicesResponse>(Unary, request, Long, Cancel);

    private static IAsyncEnumerable<GetServicesResponse> StreamAsync(GrpcChannel channel) =>
        channel.ServerStreamingAsync<GetServicesRequest, GetServicesResponse>(Stream, new GetServicesRequest(), Long, Cancel);

    private static async IAsyncEnumerable<GetServicesResponse> Numbers(
        int count,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        Exception? then = null
    )
    {
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new GetServicesResponse { Services = { i.ToString() } };
            await Task.Yield();
        }

        if (then is not null)
        {
            throw then;
        }
    }

    private static async IAsyncEnumerable<GetServicesResponse> Large()
    {
        for (var i = 0; i < 2; i++)
        {
            yield return new GetServicesResponse { Services = { new string('s', 6_000_000) } };
            await Task.Yield();
        }
    }

    private static async IAsyncEnumerable<GetServicesResponse> Endless(
        TaskCompletionSource ended,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new GetServicesResponse { Services = { "again" } };
                await Task.Yield();
            }
        }
        finally
        {
            ended.SetResult();
        }
    }
}
