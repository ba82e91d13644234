using System.Net;
using System.Net.Sockets;
using System.Text;
using DhtTracer.Libp2p.Dns;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Dns;

public class DnsTextResolverTests
{
    // RFC 1035, section 4.1: header, question _dnsaddr.a.io TXT IN; answers point back to the name (c00c) and hold character strings.
    private const string Question = "085f646e7361646472016102696f0000100001";

    [Fact]
    public void The_query_is_that_of_the_rfc() =>
        Assert.Equal(
            "1234" + "0100" + "0001" + "000000000000" + Question,
            Convert.ToHexStringLower(DnsMessage.Query(0x1234, "_dnsaddr.a.io"))
        );

    [Fact]
    public void The_parts_of_a_text_are_joined_and_other_records_passed_over()
    {
        var answer = Convert.FromHexString(
            "123481800001000300000000"
                + Question
                + "c00c000500010000003c0002c00c" // a CNAME
                + "c00c001000010000003c000703616263"
                + "026465" // "abc" "de"
                + "c00c001000010000003c00020178"
        ); // "x"
        Assert.Equal(["abcde", "x"], DnsMessage.ReadTexts(answer));
    }

    [Theory]
    [InlineData("1234818300010000")] // cut off
    [InlineData("123481800001000100000000" + Question + "c00c001000010000003c0006036162")] // record ends early
    [InlineData("123481800001000100000000" + Question + "c00c001000010000003c000205616263")] // string longer than its record
    [InlineData("123481800001000100000000" + "ff")] // label type that does not exist
    [InlineData("123481800001000100000000")] // no question
    public void Malformed_answers_are_refused_by_type(string hex) =>
        Assert.Throws<WireException>(() => DnsMessage.ReadTexts(Convert.FromHexString(hex)));

    [Fact]
    public void A_name_that_does_not_exist_is_said_to_be_so() =>
        Assert.Contains(
            "does not exist",
            Assert.Throws<DnsException>(() => DnsMessage.ReadTexts(Convert.FromHexString("123481830001000000000000" + Question))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Mutated_answers_are_read_or_refused_by_type()
    {
        var random = new Random(18);
        var valid = Convert.FromHexString(
            "123481800001000200000000" + Question + "c00c001000010000003c000703616263026465" + "c00c001000010000003c00020178"
        );
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            try
            {
                _ = DnsMessage.ReadTexts(Fuzz.Mutate(random, valid));
            }
            catch (Exception e) when (e is WireException or DnsException)
            {
                // As it should.
            }
        }
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_over_tcp()
    {
        using var server = new DnsServer(query => [.. query[..2], 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, .. query[12..]], Answer("from tcp"));
        Assert.Equal(["from tcp"], await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Fact]
    public async Task A_datagram_that_answers_something_else_is_ignored()
    {
        using var server = new DnsServer(
            query => [(byte)(query[0] ^ 1), .. Answer("forged")(query)[1..]],
            Answer("unused"),
            Answer("genuine")
        );
        Assert.Equal(["genuine"], await Resolver(server.EndPoint).ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    [Fact]
    public async Task A_silent_server_is_passed_over_for_the_next()
    {
        using var silent = new DnsServer(null, null);
        using var server = new DnsServer(Answer("second"), null);
        var resolver = new DnsTextResolver([silent.EndPoint, server.EndPoint], TimeProvider.System, TimeSpan.FromMilliseconds(200));
        Assert.Equal(["second"], await resolver.ResolveAsync("_dnsaddr.a.io", Deadline));
        var alone = new DnsTextResolver([silent.EndPoint], TimeProvider.System, TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAsync<DnsException>(() => alone.ResolveAsync("_dnsaddr.a.io", Deadline));
    }

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    private static DnsTextResolver Resolver(IPEndPoint server) => new([server], TimeProvider.System, TimeSpan.FromSeconds(5));

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
                .. query[12..],
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

    /// <summary>A server on loopback that answers each datagram with each of its answers, and TCP with its own.</summary>
    private sealed class DnsServer : IDisposable
    {
        private readonly UdpClient _udp;
        private readonly TcpListener _tcp;

        public DnsServer(Func<byte[], byte[]>? first, Func<byte[], byte[]>? overTcp, Func<byte[], byte[]>? second = null)
        {
            (_udp, _tcp) = Bind();
            EndPoint = (IPEndPoint)_udp.Client.LocalEndPoint!;
            _ = ServeUdpAsync(first, second);
            _ = ServeTcpAsync(overTcp);
        }

        public IPEndPoint EndPoint { get; }

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
            _udp.Dispose();
            _tcp.Dispose();
        }

        private async Task ServeUdpAsync(Func<byte[], byte[]>? first, Func<byte[], byte[]>? second)
        {
            var query = await _udp.ReceiveAsync();
            foreach (var answer in new[] { first, second })
            {
                if (answer is not null)
                {
                    _ = await _udp.SendAsync(answer(query.Buffer), query.RemoteEndPoint);
                }
            }
        }

        private async Task ServeTcpAsync(Func<byte[], byte[]>? answer)
        {
            using var client = await _tcp.AcceptTcpClientAsync();
            var prefix = new byte[2];
            await client.GetStream().ReadExactlyAsync(prefix);
            var query = new byte[(prefix[0] << 8) | prefix[1]];
            await client.GetStream().ReadExactlyAsync(query);
            var bytes = answer!(query);
            await client.GetStream().WriteAsync((byte[])[(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes]);
        }
    }
}
