using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// A port that this process opens. Each of its connections carries it as a feature, so that a request is known by the port that accepted
/// it: neither a forged <c>Host</c> nor a number that a container maps to another can lead to another port's endpoints.
/// </summary>
/// <param name="row">What the table says of it.</param>
/// <param name="endPoint">Address and number to bind; 0 for a free one.</param>
/// <param name="names">Names that it answers.</param>
internal sealed class OpenPort(Port row, IPEndPoint endPoint, HostNames names)
{
    private volatile Func<IPEndPoint?> _bound = static () => null;
    private int _connections;

    /// <summary>What the table says of it.</summary>
    public Port Row => row;

    /// <summary>Address and number to bind; 0 for a free one.</summary>
    public IPEndPoint EndPoint => endPoint;

    /// <summary>Names that it answers.</summary>
    public HostNames Names => names;

    /// <summary>Answers requests, once the application is built.</summary>
    public RequestDelegate Pipeline { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Host and port that were bound; null before.</summary>
    public string? Authority => _bound()?.ToString();

    /// <summary>Where it is, as it is shown; null before it is bound.</summary>
    public string? Url => Authority is { } authority ? string.Format(null, row.Url, authority) : null;

    /// <summary>Says where to read what was bound.</summary>
    public void BoundAt(Func<IPEndPoint?> bound) => _bound = bound;

    /// <summary>Counts a connection; false when there are too many already.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _connections) <= row.MaxConnections)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>A counted connection has ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _connections);
}
