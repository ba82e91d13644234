namespace DhtTracer.Libp2p.Hosting;

/// <summary>A connection opened or closed.</summary>
public sealed class ConnectionEventArgs : EventArgs
{
    /// <summary>Makes the event.</summary>
    public ConnectionEventArgs(Connection connection) => Connection = connection;

    public Connection Connection { get; }
}

/// <summary>Identify received something about a peer.</summary>
public sealed class IdentifiedEventArgs : EventArgs
{
    /// <summary>Makes the event.</summary>
    public IdentifiedEventArgs(Connection connection, PeerInfo info)
    {
        Connection = connection;
        Info = info;
    }

    /// <summary>The connection that carried it.</summary>
    public Connection Connection { get; }

    /// <summary>What is known about the peer now.</summary>
    public PeerInfo Info { get; }
}
