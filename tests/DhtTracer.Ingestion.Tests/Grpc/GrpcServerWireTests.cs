using System.Net;
using System.Net.Sockets;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Ingestion.Tests.Grpc;

/// <summary>What the server puts on the wire, seen by a plain HTTP/2 client, and what it does with peers that do not play by the
/// rules.</summary>
public class GrpcServerWireTests
{
    private const string Unary = "/test.Service/Unary";
    private static readonly byte[] Empty = [0, 0, 0, 0, 0];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Success_is_http_200_with_the_status_in_the_trailers()
    {
        await using var server = await StartAsync();
        using var http = GrpcCallTests.RawHttp(server.Address);

        using var response = await GrpcCallTests.PostAsync(http, Unary, Empty);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.ToString());
        Assert.False(response.Headers.Contains("grpc-status"));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        // GetServicesResponse { services: "a" } after its prefix, by hand.
        Assert.Equal([0, 0, 0, 0, 3, 0x0A, 1, (byte)'a'], await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("", "the request holds no message")]
    [InlineData("0000000000" + "0000000000", "after its one message")]
    [InlineData("0000000001", "ends after 0 bytes of a message of 1")]
    [InlineData("000000", "ends after 3 of the 5 bytes")]
    [InlineData("0900000000", "flag 9")]
    [InlineData("0100000000", "grpc-encoding names no compression")]
    public async Task A_broken_request_is_internal_and_says_what_is_broken(string hex, string expected)
    {
        await using var server = await StartAsync();
        using var http = GrpcCallTests.RawHttp(server.Address);

        using var response = await GrpcCallTests.PostAsync(http, Unary, Convert.FromHexString(hex));

        Assert.Equal("13", response.Headers.GetValues("grpc-status").Single());
        Assert.Contains(expected, GrpcText.DecodeMessage(response.Headers.GetValues("grpc-message").Single()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_encoding_is_unimplemented_and_the_known_ones_are_named()
    {
        await using var server = await StartAsync();
        using var http = GrpcCallTests.RawHttp(server.Address);

        using var response = await GrpcCallTests.PostAsync(
            http,
            Unary,
            [1, 0, 0, 0, 0],
            request => request.Headers.Add("grpc-encoding", "zstd")
        );

        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal("identity,gzip", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [Fact]
    public async Task A_timeout_that_is_none_is_refused()
    {
        await using var server = await StartAsync();
        using var http = GrpcCallTests.RawHttp(server.Address);

        using var response = await GrpcCallTests.PostAsync(http, Unary, Empty, request => request.Headers.Add("grpc-timeout", "soon"));

        Assert.Equal("13", response.Headers.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    [InlineData("application/grpc;charset=x", HttpStatusCode.OK)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    public async Task Only_grpc_content_types_are_taken(string contentType, HttpStatusCode expected)
    {
        await using var server = await StartAsync();
        using var http = GrpcCallTests.RawHttp(server.Address);

        using var response = await GrpcCallTests.PostAsync(
            http,
            Unary,
            Empty,
            request =>
            {
                request.Content!.Headers.Remove("content-type");
                request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
            }
        );

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Over_long_varints_are_taken_as_the_dotnet_exporter_writes_them()
    {
        await using var server = await GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (request, _) => Task.FromResult(new GetServicesResponse { Services = { request.Service } })
            )
        );
        using var http = GrpcCallTests.RawHttp(server.Address);

        // Field 1, length 1 written in four bytes.
        using var response = await GrpcCallTests.PostAsync(http, Unary, [0, 0, 0, 0, 6, 0x0A, 0x81, 0x80, 0x80, 0x00, (byte)'k']);

        Assert.Equal([0, 0, 0, 0, 3, 0x0A, 1, (byte)'k'], await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Garbage_on_the_socket_closes_that_connection_and_harms_no_other()
    {
        await using var server = await StartAsync();
        var random = new Random(7);
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
        for (var i = 0; i < FuzzInputs.Count(60); i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
            var garbage = new byte[random.Next(1, 400)];
            random.NextBytes(garbage);
            await SendAsync(socket, i % 2 == 0 ? garbage : [.. preface, 0, 0, 0, 4, 0, 0, 0, 0, 0, .. garbage]);
            socket.Shutdown(SocketShutdown.Send);
            await DrainAsync(socket);
        }

        using var channel = new GrpcChannel(server.Address);
        var response = await channel.UnaryAsync<GetOperationsRequest, GetServicesResponse>(
            Unary,
            new GetOperationsRequest(),
            TimeSpan.FromSeconds(30),
            Cancel
        );
        Assert.Equal(["a"], response.Services);
    }

    [Fact]
    public async Task A_call_by_hand_of_frames_is_answered()
    {
        await using var server = await StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);

        // HPACK (RFC 7541) by hand: indexed fields of the static table, then literals without indexing.
        byte[] headers =
        [
            0x83,
            0x86,
            .. Literal(":path", Unary),
            .. Literal(":authority", "x"),
            .. Literal("content-type", "application/grpc"),
            .. Literal("te", "trailers"),
        ];
        byte[] wire =
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            0,
            0,
            0,
            4,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            (byte)headers.Length,
            1,
            4,
            0,
            0,
            0,
            1,
            .. headers,
            0,
            0,
            2,
            0,
            0,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            0,
            3,
            0,
            1,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
        ];
        await SendAsync(socket, wire);

        // The DATA frame (type 0) of the answer carries the message.
        byte[] expected = [0, 0, 0, 0, 3, 0x0A, 1, (byte)'a'];
        var received = new List<byte>();
        var buffer = new byte[4096];
        while (Find(received, expected) < 0)
        {
            var count = await socket.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.NotEqual(0, count);
            received.AddRange(buffer.AsSpan(0, count));
        }
    }

    private static Task<GrpcTestServer> StartAsync() =>
        GrpcTestServer.StartAsync(app =>
            app.MapGrpcUnary<GetOperationsRequest, GetServicesResponse>(
                Unary,
                (_, _) => Task.FromResult(new GetServicesResponse { Services = { "a" } })
            )
        );

    private static byte[] Literal(string name, string value) =>
        [
            0,
            (byte)name.Length,
            .. System.Text.Encoding.ASCII.GetBytes(name),
            (byte)value.Length,
            .. System.Text.Encoding.ASCII.GetBytes(value),
        ];

    private static int Find(List<byte> bytes, byte[] wanted) => bytes.ToArray().AsSpan().IndexOf(wanted);

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes, Cancel);
        }
        catch (SocketException)
        {
            // The server may have closed already.
        }
    }

    private static async Task DrainAsync(Socket socket)
    {
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel) > 0) { }
        }
        catch (SocketException)
        {
            // A reset is as good an end as any.
        }
    }
}
