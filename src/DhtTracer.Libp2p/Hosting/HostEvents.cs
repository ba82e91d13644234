namespace DhtTracer.Libp2p.Hosting;

/// <summary>Something happened to a connection.</summary>
public sealed class ConnectionEventArgs : EventArgs
{
    /// <summary>Makes the event.</summary>
    public ConnectionEventArgs(Connection connection) => Connection = connection;

    /// <summary>The connection.</summary>
    public Connection Connection { get; }
}

/// <summary>A peer has told something about itself.</summary>
public sealed class IdentifiedEventArgs : EventArgs
{
    /// <summary>Makes the event.</summary>
    public IdentifiedEventArgs(Connection connection, PeerInfo info)
    {
        Connection = connection;
        Info = info;
    }

    /// <summary>The connection on which it told.</summary>
    public Connection Connection { get; }

    /// <summary>What is known about the peer now.</summary>
    public PeerInfo Info { get; }
}
