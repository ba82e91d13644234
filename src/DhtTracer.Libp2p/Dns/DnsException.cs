namespace DhtTracer.Libp2p.Dns;

/// <summary>A name could not be resolved.</summary>
public sealed class DnsException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public DnsException(string message, Exception? inner = null)
        : base(message, inner) { }
}
