using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>
/// The open connections of a host. Two peers that dial each other at the same time get two connections; both work, and the older one is
/// used.
/// </summary>
internal sealed class ConnectionTable(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Connection>> _connections = [];
    private bool _closed;

    public int Count { get; private set; }

    /// <summary>The connection to use for a peer; null if there is none.</summary>
    public Connection? Find(PeerId peer)
    {
        lock (_gate)
        {
            return _connections.TryGetValue(peer, out var list) ? list.Find(connection => connection.IsOpen) : null;
        }
    }

    public List<Connection> All()
    {
        lock (_gate)
        {
            return [.. _connections.Values.SelectMany(list => list)];
        }
    }

    /// <summary>
    /// Adds a connection. If the table is full, the connection that was idle longest is removed and returned; the caller must close it.
    /// </summary>
    /// <returns>False if the table is closed, or is full of connections in use.</returns>
    public bool TryAdd(Connection connection, out Connection? evicted)
    {
        evicted = null;
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            if (Count >= capacity)
            {
                evicted = _connections
                    .Values.SelectMany(list => list)
                    .Where(other => other.StreamCount == 0)
                    .MinBy(other => other.LastUsed);
                if (evicted is null)
                {
                    return false;
                }

                RemoveLocked(evicted);
            }

            if (!_connections.TryGetValue(connection.RemotePeer, out var list))
            {
                _connections.Add(connection.RemotePeer, list = new List<Connection>(1));
            }

            list.Add(connection);
            Count++;
            return true;
        }
    }

    public void Remove(Connection connection)
    {
        lock (_gate)
        {
            RemoveLocked(connection);
        }
    }

    /// <summary>Stops accepting connections, and returns the open ones.</summary>
    public List<Connection> Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        return All();
    }

    private void RemoveLocked(Connection connection)
    {
        if (_connections.TryGetValue(connection.RemotePeer, out var list) && list.Remove(connection))
        {
            Count--;
            if (list.Count == 0)
            {
                _connections.Remove(connection.RemotePeer);
            }
        }
    }
}
