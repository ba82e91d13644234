namespace DhtTracer.Libp2p;

/// <summary>The layer of the stack that found the error.</summary>
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

/// <summary>Base class of the errors that this library throws on purpose.</summary>
public abstract class Libp2pException : IOException
{
    /// <summary>Makes the exception.</summary>
    protected Libp2pException(string message, Exception? inner = null)
        : base(message, inner) { }
}

/// <summary>
/// The remote sent something that its protocol forbids: an overlong frame, a wrong signature, a truncated message. The stream or connection
/// it came on is closed.
/// </summary>
public sealed class WireException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="layer">The layer that found the error.</param>
    /// <param name="message">What is wrong, as a sentence.</param>
    /// <param name="inner">The cause, if any.</param>
    public WireException(WireLayer layer, string message, Exception? inner = null)
        : base($"{layer}: {message}", inner) => Layer = layer;

    /// <summary>The layer that found the error.</summary>
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

/// <summary>The remote does not support a protocol.</summary>
public sealed class ProtocolNotSupportedException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public ProtocolNotSupportedException(string protocol)
        : base($"The remote does not support {protocol}.") => Protocol = protocol;

    /// <summary>The requested protocol.</summary>
    public string Protocol { get; }
}
