using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DhtTracer.Libp2p.Dns;

/// <summary>A name could not be resolved.</summary>
public sealed class DnsException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public DnsException(string message, Exception? inner = null)
        : base(message, inner) { }
}

/// <summary>
/// Looks up TXT records, which the BCL cannot, for <c>/dnsaddr/</c>. Asks each server in turn over UDP, and over TCP when the
/// answer does not fit; ids and source ports are random, and datagrams that are no answer to the question are ignored.
/// </summary>
internal sealed class DnsTextResolver
{
    private const int MaxServers = 4;

    private readonly IReadOnlyList<IPEndPoint>? _servers;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    /// <summary>Makes a resolver.</summary>
    /// <param name="servers">Servers to ask; null for those of the system at the time of each look-up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long each server may take.</param>
    public DnsTextResolver(IReadOnlyList<IPEndPoint>? servers, TimeProvider time, TimeSpan timeout)
    {
        _servers = servers;
        _time = time;
        _timeout = timeout;
    }

    /// <summary>The TXT records of a name.</summary>
    /// <exception cref="DnsException">The name does not exist, or no server answered.</exception>
    /// <exception cref="WireException">The last server's answer is malformed.</exception>
    public async Task<IReadOnlyList<string>> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        Exception? last = null;
        foreach (var server in (_servers ?? SystemServers()).Take(MaxServers))
        {
            using var timeout = new CancellationTokenSource(_timeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                var query = DnsMessage.Query((ushort)RandomNumberGenerator.GetInt32(0x10000), name);
                var answer = await AskOverUdpAsync(server, query, linked.Token);
                if (DnsMessage.IsTruncated(answer))
                {
                    answer = await AskOverTcpAsync(server, query, linked.Token);
                }

                return DnsMessage.ReadTexts(answer);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                last = new DnsException($"{server} did not answer within {_timeout.TotalSeconds:0} s", e);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                last = e;
            }
        }

        throw last switch
        {
            null => new DnsException("no DNS server is configured"),
            Libp2pException => last,
            _ => new DnsException(last.Message, last),
        };
    }

    private static IEnumerable<IPEndPoint> SystemServers()
    {
        return NetworkInterface
            .GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(network => network.GetIPProperties().DnsAddresses)
            .Distinct()
            .Select(address => new IPEndPoint(address, 53));
    }

    private static async Task<byte[]> AskOverUdpAsync(IPEndPoint server, byte[] query, CancellationToken cancellationToken)
    {
        // Connected, so that the system drops datagrams from anybody else.
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken);
        _ = await socket.SendAsync(query, cancellationToken);
        var buffer = new byte[ushort.MaxValue];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken);
            if (length >= DnsMessage.HeaderLength && DnsMessage.IsAnswerTo(buffer.AsSpan(0, length), query))
            {
                return buffer[..length];
            }
        }
    }

    private static async Task<byte[]> AskOverTcpAsync(IPEndPoint server, byte[] query, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancellationToken);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], cancellationToken);
        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix, cancellationToken);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return answer.Length >= DnsMessage.HeaderLength && DnsMessage.IsAnswerTo(answer, query)
            ? answer
            : throw new WireException(WireLayer.Dns, "the server answered another question");
    }
}
