using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Why a dial, or one of its attempts, failed.</summary>
public enum DialError
{
    /// <summary>There was no answer in time.</summary>
    Timeout,

    /// <summary>The connection was refused.</summary>
    Refused,

    /// <summary>No route, no usable address, or the network is unreachable.</summary>
    NoRoute,

    /// <summary>Not tried, because an earlier dial failed very recently.</summary>
    Backoff,

    /// <summary>Encryption, authentication or multiplexing could not be negotiated.</summary>
    Handshake,

    /// <summary>A different peer answered.</summary>
    WrongPeer,

    /// <summary>The remote supports none of the security protocols.</summary>
    ProtocolNotSupported,

    /// <summary>The remote reset the connection.</summary>
    Reset,

    /// <summary>This host reached its limit of connections.</summary>
    LimitReached,

    /// <summary>Another attempt of the same dial was faster.</summary>
    Superseded,

    /// <summary>Another error: see the text.</summary>
    Other,
}

/// <summary>One attempt of a dial, for one address.</summary>
/// <param name="Address">The address that was dialed, after resolution.</param>
/// <param name="Duration">Duration of the attempt; zero if it was not tried.</param>
/// <param name="Tried">Whether a connection was attempted; false for an address that cannot be used.</param>
/// <param name="Error">Why it failed; null for the attempt that succeeded.</param>
/// <param name="Text">The text of the layer that failed; null for success.</param>
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

    /// <summary>The most specific error of all attempts.</summary>
    public DialError Error { get; }

    /// <summary>Every address with its own error, in the order tried.</summary>
    public IReadOnlyList<DialAttempt> Attempts { get; }
}

/// <summary>How to dial.</summary>
public sealed record DialOptions
{
    /// <summary>Maximum duration of the whole dial; null for the host's <see cref="Libp2pHostOptions.DialTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether to dial private and loopback addresses; null for the host's setting.</summary>
    public bool? AllowPrivateAddresses { get; init; }

    /// <summary>Whether to dial even if the last dial failed very recently.</summary>
    public bool IgnoreBackoff { get; init; }
}

/// <summary>A dial that succeeded.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Reused">Whether the connection already existed, so nothing was dialed.</param>
/// <param name="Address">The remote address of the connection.</param>
/// <param name="Attempts">The addresses tried, including the successful one; empty if reused.</param>
public sealed record DialResult(Connection Connection, bool Reused, Multiaddr Address, IReadOnlyList<DialAttempt> Attempts)
{
    /// <summary>Number of addresses for which a connection was attempted.</summary>
    public int AddressesTried => Attempts.Count(attempt => attempt.Tried);
}
