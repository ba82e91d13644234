using System.Net;
using System.Net.Sockets;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Traces.Jaeger.Proto;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Ingestion.Tests.Grpc;

/// <summary>The client against servers that answer in every other way than ours does.</summary>
public class GrpcClientWireTests
{
    private const string Unary = "/test.Service/Unary";
    private static readonly byte[] Answer = [0, 0, 0, 0, 3, 0x0A, 1, (byte)'a'];
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_request_has_the_headers_that_the_protocol_asks_for()
    {
        IHeaderDictionary? headers = null;
        string? contentType = null;
        await using var server = await AnsweringAsync(async context =>
        {
            headers = new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
            contentType = context.Request.ContentType;
            await context.Response.BodyWriter.WriteAsync(Answer, Cancel);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        using var channel = new GrpcChannel(server.Address);

        await CallAsync(channel);

        Assert.Equal("application/grpc", contentType);
        Assert.Equal("trailers", headers!["te"].ToString());
        Assert.Equal("30000000u", headers["grpc-timeout"].ToString());
        Assert.Contains("gzip", headers["grpc-accept-encoding"].ToString(), StringComparison.Ordinal);
        Assert.False(headers.ContainsKey("traceparent"));
    }

    [Theory]
    [InlineData(400, GrpcStatusCode.Internal)]
    [InlineData(401, GrpcStatusCode.Unauthenticated)]
    [InlineData(403, GrpcStatusCode.PermissionDenied)]
    [InlineData(404, GrpcStatusCode.Unimplemented)]
    [InlineData(429, GrpcStatusCode.Unavailable)]
    [InlineData(502, GrpcStatusCode.Unavailable)]
    [InlineData(503, GrpcStatusCode.Unavailable)]
    [InlineData(504, GrpcStatusCode.Unavailable)]
    [InlineData(500, GrpcStatusCode.Unknown)]
    [InlineData(302, GrpcStatusCode.Unknown)]
    public async Task A_bare_http_status_is_mapped(int http, GrpcStatusCode expected)
    {
        await using var server = await AnsweringAsync(context =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        });
        Assert.Equal(expected, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task An_answer_that_is_not_grpc_asks_whether_the_port_is_right()
    {
        await using var server = await AnsweringAsync(async context =>
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html>", Cancel);
        });
        var error = await FailsAsync(server);
        Assert.Equal(GrpcStatusCode.Unknown, error.Status);
        Assert.Contains("gRPC port", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "gone%20away", GrpcStatusCode.NotFound, "gone away")]
    [InlineData("99", "odd", GrpcStatusCode.Unknown, "odd")]
    [InlineData("abc", "", GrpcStatusCode.Unknown, "abc")]
    [InlineData("-1", "", GrpcStatusCode.Unknown, "-1")]
    public async Task A_status_in_the_headers_is_the_end(string status, string message, GrpcStatusCode expected, string text)
    {
        await using var server = await AnsweringAsync(context =>
        {
            context.Response.Headers["grpc-status"] = status;
            context.Response.Headers["grpc-message"] = message;
            return Task.CompletedTask;
        });
        var error = await FailsAsync(server);
        Assert.Equal(expected, error.Status);
        Assert.Contains(text, error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_without_answers_may_say_ok_in_the_headers()
    {
        await using var server = await AnsweringAsync(context =>
        {
            context.Response.Headers["grpc-status"] = "0";
            return Task.CompletedTask;
        });
        using var channel = new GrpcChannel(server.Address);
        Assert.Equal(
            0,
            await channel.ServerStreamingAsync<GetServicesRequest, GetServicesResponse>(Unary, new(), Long, Cancel).CountAsync(Cancel)
        );
    }

    [Fact]
    public async Task A_unary_call_that_succeeds_without_an_answer_has_failed()
    {
        await using var server = await AnsweringAsync(context =>
        {
            context.Response.Headers["grpc-status"] = "0";
            return Task.CompletedTask;
        });
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task A_unary_call_that_answers_twice_has_failed()
    {
        await using var server = await AnsweringAsync(async context =>
        {
            await context.Response.BodyWriter.WriteAsync((byte[])[.. Answer, .. Answer], Cancel);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task A_status_after_the_answer_counts_more_than_the_answer()
    {
        await using var server = await AnsweringAsync(async context =>
        {
            await context.Response.BodyWriter.WriteAsync(Answer, Cancel);
            context.Response.AppendTrailer("grpc-status", "15");
        });
        Assert.Equal(GrpcStatusCode.DataLoss, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task An_answer_that_ends_without_a_status_is_not_a_success()
    {
        await using var server = await AnsweringAsync(async context => await context.Response.BodyWriter.WriteAsync(Answer, Cancel));
        Assert.Equal(GrpcStatusCode.Unavailable, (await FailsAsync(server)).Status);
    }

    [Theory]
    [InlineData(0x2, GrpcStatusCode.Unavailable)]
    [InlineData(0x7, GrpcStatusCode.Unavailable)]
    [InlineData(0x8, GrpcStatusCode.Cancelled)]
    [InlineData(0xb, GrpcStatusCode.ResourceExhausted)]
    public async Task A_reset_in_mid_stream_is_mapped(int errorCode, GrpcStatusCode expected)
    {
        await using var server = await AnsweringAsync(async context =>
        {
            await context.Response.BodyWriter.WriteAsync(Answer, Cancel);
            await context.Response.BodyWriter.FlushAsync(Cancel);
            context.Features.Get<IHttpResetFeature>()!.Reset(errorCode);
        });
        Assert.Equal(expected, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task An_answer_of_garbage_is_internal()
    {
        await using var server = await AnsweringAsync(async context =>
        {
            await context.Response.BodyWriter.WriteAsync((byte[])[0, 0, 0, 0, 2, 0x0A, 0x7F], Cancel);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync(server)).Status);
    }

    [Fact]
    public async Task A_peer_that_talks_no_http2_is_unavailable_whatever_it_says()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var random = new Random(11);
        for (var i = 0; i < 20; i++)
        {
            var call = FailsAsync(new Uri($"http://127.0.0.1:{port}"));
            await ServeGarbageAsync(listener, random);
            var error = await call;
            Assert.Equal(GrpcStatusCode.Unavailable, error.Status);
        }
    }

    private static async Task ServeGarbageAsync(Socket listener, Random random)
    {
        using var socket = await listener.AcceptAsync(Cancel);
        var garbage = new byte[random.Next(0, 300)];
        random.NextBytes(garbage);
        await socket.SendAsync(garbage, Cancel);
        socket.Shutdown(SocketShutdown.Send);
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancel) > 0) { }
        }
        catch (SocketException)
        {
            // The client gave up on us with a reset.
        }
    }

    private static Task<GrpcTestServer> AnsweringAsync(Func<HttpContext, Task> answer) =>
        GrpcTestServer.StartAsync(app =>
            app.MapPost(
                Unary,
                async context =>
                {
                    context.Response.ContentType = "application/grpc";
                    await answer(context);
                }
            )
        );

    private static Task<GetServicesResponse> CallAsync(GrpcChannel channel) =>
        channel.UnaryAsync<GetServicesRequest, GetServicesResponse>(Unary, new GetServicesRequest(), Long, Cancel);

    private static Task<GrpcException> FailsAsync(GrpcTestServer server) => FailsAsync(server.Address);

    private static async Task<GrpcException> FailsAsync(Uri address)
    {
        using var channel = new GrpcChannel(address);
        return await Assert.ThrowsAsync<GrpcException>(() => CallAsync(channel));
    }
}
