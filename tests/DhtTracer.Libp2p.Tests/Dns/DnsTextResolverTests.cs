using System.Net;
using System.Net.Sockets;
using System.Text;
using DhtTracer.Libp2p.Dns;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Dns;

public class DnsTextResolverTests
{
    // RFC 1035, section 4.1: the question _dnsaddr.a.io TXT IN; answers point back to the name (c00c) and hold character strings.
    private const string Question = "085f646e7361646472016102696f0000100001";

    [Fact]
    public async Task The_question_is_that_of_the_rfc()
    {
        using var server = new DnsServer(Answer("x"), null);
        _ = await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline);
        var query = Convert.ToHexStringLower(server.LastQuery!);
        Assert.StartsWith("0100" + "0001", query[4..], StringComparison.Ordinal); // recursion desired, one question
        Assert.Equal(Question, query[24..(24 + Question.Length)]);
    }

    [Fact]
    public async Task The_parts_of_a_text_are_joined_and_other_records_passed_over()
    {
        using var server = new DnsServer(
            Raw(
                "81800001000300000000"
                    + Question
                    + "c00c000500010000003c0002c00c" // a CNAME
                    + "c00c001000010000003c000703616263026465" // "abc" "de"
                    + "c00c001000010000003c00020178" // "x"
            ),
            null
        );
        Assert.Equal(["abcde", "x"], await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Theory]
    [InlineData("81800001000100000000" + Question + "c00c001000010000003c0006036162")] // record ends early
    [InlineData("81800001000100000000" + "ff")] // label type that does not exist
    [InlineData("81800001000100000000")] // no question
    [InlineData("8183")] // cut off
    public async Task Malformed_answers_are_refused_by_type(string hex)
    {
        using var server = new DnsServer(Raw(hex), Raw(hex));
        await Assert.ThrowsAsync<DnsException>(() => Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_said_to_be_so()
    {
        using var server = new DnsServer(Raw("81830001000000000000" + Question), null);
        var error = await Assert.ThrowsAsync<DnsException>(() => Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example")]
    public async Task A_name_that_is_no_host_name_is_refused_by_type(string name)
    {
        using var server = new DnsServer(Answer("x"), null);
        await Assert.ThrowsAsync<DnsException>(() => Resolver(server.EndPoint).ResolveAsync(name, Deadline));
    }

    [Fact]
    public async Task Mutated_answers_are_read_or_refused_by_type()
    {
        var random = new Random(18);
        var valid = Convert.FromHexString(Question + "c00c001000010000003c000703616263026465" + "c00c001000010000003c00020178");
        byte[] Mutated(byte[] query) => [.. query[..2], 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, .. Fuzz.Mutate(random, valid)];
        using var server = new DnsServer(Mutated, Mutated);
        var resolver = Resolver(server.EndPoint);
        for (var i = 0; i < 300; i++)
        {
            try
            {
                _ = await resolver.ResolveAsync("_dnsaddr.a.io", Deadline);
            }
            catch (DnsException)
            {
                // As it should.
            }
        }
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_control_back()
    {
        using var silent = new DnsServer(null, null);
        using var caller = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var resolver = new DnsTextResolver([silent.EndPoint], TimeSpan.FromMinutes(5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resolver.ResolveAsync("_dnsaddr.a.io", caller.Token));
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_over_tcp()
    {
        using var server = new DnsServer(
            query => [.. query[..2], 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, .. QuestionOf(query)],
            Answer("from tcp")
        );
        Assert.Equal(["from tcp"], await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Fact]
    public async Task A_datagram_that_answers_something_else_is_not_believed()
    {
        var asked = 0;
        using var server = new DnsServer(
            query => [(byte)(query[0] ^ (asked++ == 0 ? 1 : 0)), .. Answer(asked == 1 ? "forged" : "genuine")(query)[1..]],
            Answer("unused")
        );
        Assert.Equal(["genuine"], await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Fact]
    public async Task A_silent_server_is_passed_over_for_the_next()
    {
        using var silent = new DnsServer(null, null);
        using var server = new DnsServer(Answer("second"), null);
        var resolver = new DnsTextResolver([silent.EndPoint, server.EndPoint], TimeSpan.FromMilliseconds(200));
        Assert.Equal(["second"], await resolver.ResolveAsync("_dnsaddr.a.io", Deadline));
        var alone = new DnsTextResolver([silent.EndPoint], TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAsync<DnsException>(() => alone.ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    private static DnsTextResolver Resolver(IPEndPoint server) => new([server], TimeSpan.FromSeconds(5));

    /// <summary>The bytes behind the id, whatever the question.</summary>
    private static Func<byte[], byte[]> Raw(string hex) => query => [.. query[..2], .. Convert.FromHexString(hex)];

    /// <summary>The question without what stands behind it, the EDNS record of the client.</summary>
    private static byte[] QuestionOf(byte[] query) => query[12..(12 + (Question.Length / 2))];

    private static Func<byte[], byte[]> Answer(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        return query =>
            [
                .. query[..2],
                0x81,
                0x80,
                0,
                1,
                0,
                1,
                0,
                0,
                0,
                0,
                .. QuestionOf(query),
                0xc0,
                0x0c,
                0,
                16,
                0,
                1,
                0,
                0,
                0,
                60,
                0,
                (byte)(bytes.Length + 1),
                (byte)bytes.Length,
                .. bytes,
            ];
    }

    /// <summary>A server on loopback that answers each datagram with one answer, and each TCP connection with another.</summary>
    private sealed class DnsServer : IDisposable
    {
        private readonly UdpClient _udp;
        private readonly TcpListener _tcp;
        private volatile bool _disposed;

        public DnsServer(Func<byte[], byte[]>? answer, Func<byte[], byte[]>? overTcp)
        {
            (_udp, _tcp) = Bind();
            EndPoint = (IPEndPoint)_udp.Client.LocalEndPoint!;
            _ = ServeUdpAsync(answer);
            _ = ServeTcpAsync(overTcp);
        }

        public IPEndPoint EndPoint { get; }

        /// <summary>The newest question.</summary>
        public byte[]? LastQuery { get; private set; }

        /// <summary>One port for both protocols: what is free over one may be taken over the other.</summary>
        private static (UdpClient Udp, TcpListener Tcp) Bind()
        {
            while (true)
            {
                var tcp = new TcpListener(IPAddress.Loopback, 0);
                tcp.Start();
                try
                {
                    return (new UdpClient((IPEndPoint)tcp.LocalEndpoint), tcp);
                }
                catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
                {
                    tcp.Dispose();
                }
            }
        }

        public void Dispose()
        {
            _disposed = true;
            _udp.Dispose();
            _tcp.Dispose();
        }

        private async Task ServeUdpAsync(Func<byte[], byte[]>? answer)
        {
            while (!_disposed)
            {
                UdpReceiveResult query;
                try
                {
                    query = await _udp.ReceiveAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }

                LastQuery = query.Buffer;
                if (answer is not null)
                {
                    _ = await _udp.SendAsync(answer(query.Buffer), query.RemoteEndPoint);
                }
            }
        }

        private async Task ServeTcpAsync(Func<byte[], byte[]>? answer)
        {
            while (!_disposed)
            {
                try
                {
                    using var client = await _tcp.AcceptTcpClientAsync();
                    var prefix = new byte[2];
                    await client.GetStream().ReadExactlyAsync(prefix);
                    var query = new byte[(prefix[0] << 8) | prefix[1]];
                    await client.GetStream().ReadExactlyAsync(query);
                    var bytes = answer!(query);
                    await client.GetStream().WriteAsync((byte[])[(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes]);
                }
                catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
                {
                    // The client went away, or the test has ended.
                }
            }
        }
    }
}
