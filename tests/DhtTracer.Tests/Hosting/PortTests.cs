using System.Net;
using System.Net.Sockets;
using System.Text;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;

namespace DhtTracer.Tests.Hosting;

/// <summary>Every port of the table, bound, and asked under names of this machine and of strangers.</summary>
public sealed class PortTests(RunningPorts ports) : IClassFixture<RunningPorts>
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    public static TheoryData<string, string, bool> Matrix
    {
        get
        {
            var matrix = new TheoryData<string, string, bool>();
            foreach (var port in PortTable.All.Where(static port => port.Protocol != PortProtocol.Udp))
            {
                var control = port.Kind == PortKind.Control;
                foreach (
                    var (host, answers) in new[]
                    {
                        ("localhost", true),
                        ("127.0.0.1", true),
                        ("[::1]", true),
                        ("traces.example", !control),
                        ("lvh.me", control),
                        ("host.docker.internal", port.Receiver is not null),
                        ("evil.example", false),
                        ("127.0.0.1.evil.example", false),
                        ("192.0.2.1", false),
                    }
                )
                {
                    matrix.Add(port.Kind.ToString(), host, answers);
                }
            }

            return matrix;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task A_port_answers_its_own_names_whatever_port_they_carry_and_refuses_others(string port, string host, bool answers)
    {
        var kind = Enum.Parse<PortKind>(port);
        foreach (var suffix in new[] { "", ":7000", ":80" })
        {
            using var response = await AskAsync(kind, Path(kind), host + suffix);
            if (answers)
            {
                Assert.NotEqual(HttpStatusCode.MisdirectedRequest, response.StatusCode);
                continue;
            }

            Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Contains(
                $"'{host.Trim('[', ']')}'",
                text.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
            Assert.Contains(kind == PortKind.Control ? "lvh.me" : $"--host-name {host}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_web_app_of_2019_reaches_its_default_endpoint()
    {
        using var response = await AskAsync(PortKind.Control, "/version", "lvh.me:7000", ("Origin", "http://lvh.me:3000"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["http://lvh.me:3000"], response.Headers.GetValues("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_call_of_grpc_under_a_strangers_name_is_told_why_in_grpcs_own_words()
    {
        using var request = Request(PortKind.JaegerQueryGrpc, HttpMethod.Post, "/jaeger.api_v2.QueryService/GetServices", "evil.example");
        request.Content = new ByteArrayContent(new byte[5]);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(["7"], response.Headers.GetValues("grpc-status"));
        Assert.Contains(
            "--host-name evil.example",
            Uri.UnescapeDataString(response.Headers.GetValues("grpc-message").Single()),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(nameof(PortKind.Site), "/queries", HttpStatusCode.OK)]
    [InlineData(nameof(PortKind.Site), "/status", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.Site), "/v1/traces", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.Site), "/sampling?service=a", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.Health), "/status", HttpStatusCode.OK)]
    [InlineData(nameof(PortKind.Health), "/queries", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.OtlpHttp), "/v1/traces", HttpStatusCode.MethodNotAllowed)]
    [InlineData(nameof(PortKind.OtlpHttp), "/api/traces", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.JaegerThriftHttp), "/api/traces", HttpStatusCode.MethodNotAllowed)]
    [InlineData(nameof(PortKind.JaegerQueryHttp), "/api/services", HttpStatusCode.OK)]
    [InlineData(nameof(PortKind.JaegerQueryHttp), "/cmd?q=exit", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.JaegerSampling), "/sampling?service=a", HttpStatusCode.OK)]
    [InlineData(nameof(PortKind.Zipkin), "/sampling?service=a", HttpStatusCode.NotFound)]
    [InlineData(nameof(PortKind.Control), "/version", HttpStatusCode.OK)]
    [InlineData(nameof(PortKind.Control), "/metrics", HttpStatusCode.NotFound)]
    public async Task A_path_is_found_on_its_own_port_only(string port, string path, HttpStatusCode status)
    {
        using var response = await AskAsync(Enum.Parse<PortKind>(port), path, "localhost");
        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData(nameof(PortKind.Site), 8 << 10)]
    [InlineData(nameof(PortKind.Control), 300_000)]
    public async Task A_target_is_taken_up_to_the_limit_of_its_port(string port, int limit)
    {
        var start = port == nameof(PortKind.Site) ? "/queries?key=" : "/version?a=";
        using var longest = await AskAsync(Enum.Parse<PortKind>(port), start + new string('a', limit - start.Length), "localhost");
        Assert.Equal(HttpStatusCode.OK, longest.StatusCode);
        using var longer = await AskAsync(Enum.Parse<PortKind>(port), start + new string('a', limit + 1 - start.Length), "localhost");
        Assert.Equal(HttpStatusCode.RequestUriTooLong, longer.StatusCode);
    }

    [Theory]
    [InlineData(nameof(PortKind.OtlpHttp), "/v1/traces", "POST", true)]
    [InlineData(nameof(PortKind.JaegerQueryHttp), "/api/services", "GET", true)]
    [InlineData(nameof(PortKind.Site), "/api/v1/queries", "GET", false)]
    [InlineData(nameof(PortKind.Health), "/status", "GET", false)]
    public async Task Pages_of_a_named_origin_may_use_the_receiver_and_the_query_api(string port, string path, string method, bool allowed)
    {
        foreach (var (origin, named) in new[] { ("https://app.example", true), ("https://evil.example", false) })
        {
            using var request = Request(Enum.Parse<PortKind>(port), HttpMethod.Options, path, "localhost");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", method);
            request.Headers.Add("Access-Control-Request-Headers", "content-type,x-mine");
            using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            var expected = allowed && named;
            Assert.Equal(expected, response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.Equal(expected, response.Headers.Contains("Access-Control-Allow-Methods"));
            Assert.Equal(expected, response.Headers.Contains("Access-Control-Allow-Headers"));
        }
    }

    [Fact]
    public async Task A_connection_too_many_is_closed_and_another_ports_are_served_all_the_same()
    {
        var limit = PortTable.Of(PortKind.Zipkin).MaxConnections;
        var held = new List<TcpClient>();
        try
        {
            for (var i = 0; i < limit; i++)
            {
                held.Add(await ConnectAsync(PortKind.Zipkin));
            }

            Assert.Equal("", await ExchangeOrResetAsync(PortKind.Zipkin));
            using var other = await AskAsync(PortKind.Health, "/status", "localhost");
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
            Assert.StartsWith("HTTP/1.1 404", await ExchangeAsync(held[0]), StringComparison.Ordinal);
        }
        finally
        {
            held.ForEach(static client => client.Dispose());
        }

        // The server sees them close one after the other; the next test is to find the port free.
        for (var free = 0; free < 10; )
        {
            free = (await ExchangeOrResetAsync(PortKind.Zipkin)).Length > 0 ? free + 1 : 0;
        }
    }

    [Fact]
    public async Task Two_ports_of_one_number_are_a_usage_error()
    {
        var failure = await Assert.ThrowsAsync<CommandFailedException>(() =>
            TracerHost.StartAsync(
                new ServerOptions
                {
                    DataDirectory = "never made",
                    Ports = new Dictionary<PortKind, int?> { [PortKind.Site] = 5080, [PortKind.Zipkin] = 5080 },
                },
                TextWriter.Null,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains("Port 5080 is given to --site-port and to --zipkin-port", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists("never made"));
    }

    [Fact]
    public async Task The_programs_own_spans_go_to_none_of_its_own_ports()
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-ports-");
        var failure = await Assert.ThrowsAsync<CommandFailedException>(() =>
            TracerHost.StartAsync(
                new ServerOptions
                {
                    DataDirectory = folder.FullName,
                    Ports = new Dictionary<PortKind, int?> { [PortKind.OtlpGrpc] = 4317 },
                    OwnTraces = new Uri("http://localhost:4317"),
                },
                TextWriter.Null,
                TestContext.Current.CancellationToken
            )
        );
        folder.Delete(recursive: true);
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains("OTLP over gRPC", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_start_message_shows_every_port_where_it_is() =>
        Assert.All(
            PortTable.All,
            port =>
                Assert.Matches(
                    $@"(?m)^  {System.Text.RegularExpressions.Regex.Escape(port.Title)} +(http|udp)://127\.0\.0\.1:[1-9]\d*",
                    ports.Output
                )
        );

    private static string Path(PortKind kind) =>
        kind switch
        {
            PortKind.Health => "/status",
            PortKind.JaegerSampling => "/sampling?service=a",
            PortKind.JaegerQueryHttp => "/api/services",
            PortKind.Control => "/version",
            _ => "/",
        };

    private async Task<HttpResponseMessage> AskAsync(PortKind kind, string path, string host, params (string Name, string Value)[] headers)
    {
        using var request = Request(kind, HttpMethod.Get, path, host);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private HttpRequestMessage Request(PortKind kind, HttpMethod method, string path, string host)
    {
        var request = new HttpRequestMessage(method, new Uri(ports.Host.Address(kind)!, path));
        request.Headers.Host = host;
        if (PortTable.Of(kind).Protocol == PortProtocol.Http2)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        return request;
    }

    private async Task<TcpClient> ConnectAsync(PortKind kind)
    {
        var address = ports.Host.Address(kind)!;
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        return client;
    }

    // A connection that is closed at once can be so before it is known to be made.
    private async Task<string> ExchangeOrResetAsync(PortKind kind)
    {
        try
        {
            using var client = await ConnectAsync(kind);
            return await ExchangeAsync(client);
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "";
        }
    }

    private static async Task<string> ExchangeAsync(TcpClient client)
    {
        var buffer = new byte[4096];
        try
        {
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            return Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
