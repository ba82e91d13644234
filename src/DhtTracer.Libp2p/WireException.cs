namespace DhtTracer.Libp2p;

/// <summary>The layer of the stack that met something it could not accept.</summary>
public enum WireLayer
{
    /// <summary>Negotiation of protocols, multistream-select.</summary>
    Multistream,

    /// <summary>Encryption and authentication, Noise.</summary>
    Noise,

    /// <summary>Multiplexing, Yamux.</summary>
    Yamux,

    /// <summary>The identify protocol.</summary>
    Identify,

    /// <summary>The ping protocol.</summary>
    Ping,

    /// <summary>A protobuf message.</summary>
    Protobuf,

    /// <summary>A length-prefixed message of an application protocol.</summary>
    Framing,

    /// <summary>A key, signature, envelope or identity file.</summary>
    Identity,
}

/// <summary>Base of the errors that this library reports on purpose.</summary>
public abstract class Libp2pException : IOException
{
    /// <summary>Makes the exception.</summary>
    protected Libp2pException(string message, Exception? inner = null)
        : base(message, inner) { }
}

/// <summary>
/// The remote sent what its protocol forbids: a frame too long, a wrong signature, a truncated message. The stream or connection
/// that it came on is closed.
/// </summary>
public sealed class WireException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="layer">Where it was noticed.</param>
    /// <param name="message">What was wrong, in a sentence.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public WireException(WireLayer layer, string message, Exception? inner = null)
        : base($"{layer}: {message}", inner) => Layer = layer;

    /// <summary>Where it was noticed.</summary>
    public WireLayer Layer { get; }
}

/// <summary>The stream was reset: by the remote, by this side, or by the end of its connection.</summary>
public sealed class StreamResetException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public StreamResetException(string message, Exception? inner = null)
        : base(message, inner) { }
}

/// <summary>The connection is closed, so nothing can be sent on it.</summary>
public sealed class ConnectionClosedException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public ConnectionClosedException(string message, Exception? inner = null)
        : base(message, inner) { }
}

/// <summary>The remote does not speak a protocol.</summary>
public sealed class ProtocolNotSupportedException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public ProtocolNotSupportedException(string protocol)
        : base($"The remote does not support {protocol}.") => Protocol = protocol;

    /// <summary>The protocol that was asked for.</summary>
    public string Protocol { get; }
}
