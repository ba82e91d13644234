using System.Net;
using System.Net.Sockets;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.LocalNet;

/// <summary>A node of a <see cref="LocalNetwork"/>.</summary>
public sealed class LocalNode : IAsyncDisposable
{
    private readonly FaultyResponder _responder;
    private readonly FaultShare _fault;
    private Socket? _silentListener;

    internal LocalNode(int number, HostedDhtNode node, FaultShare fault, FaultyResponder responder)
    {
        Number = number;
        Node = node;
        Peer = new KadPeer(node.Dht.Id, [.. node.Host.ListenAddresses]);
        _fault = fault;
        _responder = responder;
    }

    /// <summary>Its number, from 0.</summary>
    public int Number { get; }

    /// <summary>The node. For a dead or silent node, its last state.</summary>
    public HostedDhtNode Node { get; }

    /// <summary>Its id and address.</summary>
    public KadPeer Peer { get; }

    /// <summary>What is wrong with it.</summary>
    public NodeFault Fault => _fault.Fault;

    /// <summary>Whether its host runs. False if it is dead, silent or stopped.</summary>
    public bool IsRunning { get; private set; } = true;

    /// <summary>Stops the node as if its process had died: closes its connections and refuses new ones.</summary>
    public async Task KillAsync()
    {
        if (IsRunning)
        {
            IsRunning = false;
            await Node.DisposeAsync();
        }
    }

    /// <summary>Stops the node.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _silentListener?.Dispose();
    }

    internal async Task BeginFaultAsync()
    {
        _responder.IsActive = true;
        switch (Fault)
        {
            case NodeFault.Dead:
                await KillAsync();
                break;
            case NodeFault.Silent:
                await KillAsync();
                ListenSilently();
                break;
            case NodeFault.RefusesProtocol:
                Node.Host.RemoveProtocolHandler(Node.Dht.Options.Protocol);
                break;
        }
    }

    private void ListenSilently()
    {
        // The kernel completes connections from the backlog, and nothing ever reads from them.
        if (!Peer.Addresses[0].TryGetTcpEndPoint(out IPEndPoint? endPoint))
        {
            throw new InvalidOperationException($"{Peer.Addresses[0]} is not a TCP address");
        }

        _silentListener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _silentListener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _silentListener.Bind(endPoint);
        _silentListener.Listen(backlog: 128);
    }
}
