using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// A port that this process opens. Each connection carries its port as a feature, so the port that accepted the connection decides which
/// endpoints a request can reach. A forged <c>Host</c>, or a port number that a container maps to another, cannot change that.
/// </summary>
/// <param name="row">The port's row in the table.</param>
/// <param name="endPoint">Address and number to bind; 0 for a free port.</param>
/// <param name="names">The host names that it accepts.</param>
/// <param name="withoutKey">Whether the operator opened it to requests without a key.</param>
/// <param name="isTls">Whether its connections are encrypted.</param>
internal sealed class OpenPort(Port row, IPEndPoint endPoint, HostNames names, bool withoutKey, bool isTls)
{
    private volatile Func<IPEndPoint?> _bound = static () => null;
    private int _connections;

    /// <summary>The port's row in the table.</summary>
    public Port Row => row;

    /// <summary>Address and number to bind; 0 for a free port.</summary>
    public IPEndPoint EndPoint => endPoint;

    /// <summary>The host names that it accepts.</summary>
    public HostNames Names => names;

    /// <summary>Whether the operator opened it to requests without a key.</summary>
    public bool IsOpenWithoutKey => withoutKey;

    /// <summary>Whether its connections are encrypted.</summary>
    public bool IsTls => isTls;

    /// <summary>Handles requests, once the application is built.</summary>
    public RequestDelegate Pipeline { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The bound host and port; null before binding.</summary>
    public string? Authority => _bound()?.ToString();

    /// <summary>The address shown to users; null before binding.</summary>
    public string? Url =>
        Authority is { } authority
            ? string.Format(null, isTls ? row.Url.Replace("http:", "https:", StringComparison.Ordinal) : row.Url, authority)
            : null;

    /// <summary>Sets the source of the bound end point.</summary>
    public void BoundAt(Func<IPEndPoint?> bound) => _bound = bound;

    /// <summary>Counts a new connection; false if there are too many.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _connections) <= row.MaxConnections)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Counts the end of a connection.</summary>
    public void Leave() => Interlocked.Decrement(ref _connections);
}
