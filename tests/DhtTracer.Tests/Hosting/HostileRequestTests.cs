using System.Net.Sockets;
using System.Text;
using DhtTracer.Hosting.Ports;

namespace DhtTracer.Tests.Hosting;

/// <summary>Requests that no honest client sends are answered with 4xx and no trace of the program.</summary>
public sealed class HostileRequestTests(RunningPorts ports) : IClassFixture<RunningPorts>
{
    public static TheoryData<string> HttpPorts =>
        [.. PortTable.All.Where(static port => port.Protocol == PortProtocol.Http1).Select(static port => port.Kind.ToString())];

    [Theory]
    [MemberData(nameof(HttpPorts))]
    public async Task Trace_is_refused(string port)
    {
        foreach (var path in new[] { "/", "/queries", "/v1/traces", "/api/traces", "/api/v2/spans", "/status", "/mcp" })
        {
            await RefusedAsync(port, $"TRACE {path} HTTP/1.1\r\nHost: localhost\r\nX-Secret: mine\r\nConnection: close\r\n\r\n");
        }
    }

    [Theory]
    [InlineData(nameof(PortKind.OtlpHttp), "/v1/traces")]
    [InlineData(nameof(PortKind.JaegerThriftHttp), "/api/traces")]
    [InlineData(nameof(PortKind.Zipkin), "/api/v2/spans")]
    [InlineData(nameof(PortKind.JaegerQueryHttp), "/api/transform")]
    [InlineData(nameof(PortKind.Site), "/mcp")]
    public async Task A_chunk_of_a_size_that_is_none_is_refused(string port, string path)
    {
        foreach (var size in new[] { "zz", "-1", "ffffffffffffffffffff", "5;" + new string('a', 20_000) })
        {
            await RefusedAsync(
                port,
                $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Accept: application/json, text/event-stream\r\n"
                    + $"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n"
            );
        }
    }

    private async Task RefusedAsync(string port, string request)
    {
        var cancel = TestContext.Current.CancellationToken;
        var address = ports.Host.Address(Enum.Parse<PortKind>(port))!;
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancel);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var answer = await reader.ReadToEndAsync(cancel);
        Assert.Matches("^HTTP/1\\.1 4\\d\\d ", answer);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Secret", answer, StringComparison.OrdinalIgnoreCase);
    }
}
