using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Why a dial, or one attempt of it, failed.</summary>
public enum DialError
{
    /// <summary>Nothing answered in time.</summary>
    Timeout,

    /// <summary>The connection was refused.</summary>
    Refused,

    /// <summary>No route, no usable address, or the network is unreachable.</summary>
    NoRoute,

    /// <summary>An earlier dial failed so recently that this one was not tried.</summary>
    Backoff,

    /// <summary>Encryption, authentication or multiplexing could not be agreed on.</summary>
    Handshake,

    /// <summary>Somebody else than the wanted peer answered.</summary>
    WrongPeer,

    /// <summary>The remote speaks none of the security protocols.</summary>
    ProtocolNotSupported,

    /// <summary>The remote reset the connection.</summary>
    Reset,

    /// <summary>A limit of this host on connections was reached.</summary>
    LimitReached,

    /// <summary>Another attempt of the same dial was faster.</summary>
    Superseded,

    /// <summary>Something else: read the text.</summary>
    Other,
}

/// <summary>One address of a dial.</summary>
/// <param name="Address">The address, resolved to what was dialed.</param>
/// <param name="Duration">How long the attempt took; zero when it was not tried.</param>
/// <param name="Tried">Whether a connection was attempted; false for an address that cannot be used.</param>
/// <param name="Error">Why it failed; null for the attempt that succeeded.</param>
/// <param name="Text">What the failing layer said; null for success.</param>
public sealed record DialAttempt(Multiaddr Address, TimeSpan Duration, bool Tried, DialError? Error, string? Text);

/// <summary>A dial failed on every address.</summary>
public sealed class DialException : Libp2pException
{
    /// <summary>Makes the exception.</summary>
    public DialException(DialError error, string message, IReadOnlyList<DialAttempt>? attempts = null, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Attempts = attempts ?? [];
    }

    /// <summary>The error that tells most, of all attempts.</summary>
    public DialError Error { get; }

    /// <summary>Every address with its own error, in the order in which they were tried.</summary>
    public IReadOnlyList<DialAttempt> Attempts { get; }
}

/// <summary>How to dial.</summary>
public sealed record DialOptions
{
    /// <summary>How long the whole dial may take; null for the host's <see cref="Libp2pHostOptions.DialTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether private and loopback addresses are dialed; null for the host's setting.</summary>
    public bool? AllowPrivateAddresses { get; init; }

    /// <summary>Dial even when the last dial failed a moment ago.</summary>
    public bool IgnoreBackoff { get; init; }
}

/// <summary>A dial that succeeded.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Reused">Whether it was there already, so that nothing was dialed.</param>
/// <param name="Address">The address it leads to.</param>
/// <param name="Attempts">The addresses that were tried, this one included; empty when reused.</param>
public sealed record DialResult(Connection Connection, bool Reused, Multiaddr Address, IReadOnlyList<DialAttempt> Attempts)
{
    /// <summary>How many addresses a connection was attempted to.</summary>
    public int AddressesTried => Attempts.Count(attempt => attempt.Tried);
}
