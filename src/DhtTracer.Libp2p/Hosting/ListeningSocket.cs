using System.Net;
using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Accepts TCP connections on one address.</summary>
internal sealed class ListeningSocket : IDisposable
{
    private readonly Socket _socket;

    /// <summary>Binds and listens.</summary>
    /// <exception cref="SocketException">The address is in use, or does not belong to this machine.</exception>
    public ListeningSocket(IPEndPoint endPoint)
    {
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // /ip6/::/… means IPv6 only. IPv4 needs its own address.
                _socket.DualMode = false;
            }

            _socket.Bind(endPoint);
            _socket.Listen(512);
            EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>The bound address with its actual port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The addresses where others can reach it: those of all interfaces if it listens on all.</summary>
    public IEnumerable<Multiaddr> Addresses()
    {
        if (!EndPoint.Address.Equals(IPAddress.Any) && !EndPoint.Address.Equals(IPAddress.IPv6Any))
        {
            return [Multiaddr.FromTcp(EndPoint)];
        }

        return System
            .Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .Where(network =>
                network.OperationalStatus
                    is System.Net.NetworkInformation.OperationalStatus.Up
                        or System.Net.NetworkInformation.OperationalStatus.Unknown
            )
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily == EndPoint.AddressFamily && !address.IsIPv6LinkLocal)
            .Select(address => Multiaddr.FromTcp(new IPEndPoint(address, EndPoint.Port)));
    }

    /// <summary>Returns the next connection. A connection that broke before it was accepted is skipped.</summary>
    public async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var socket = await _socket.AcceptAsync(cancellationToken);
                socket.NoDelay = true;
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The remote left before it was accepted.
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
