using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>What the sender of a message says about its connection to a peer it names.</summary>
public enum KadConnectionType
{
    /// <summary>Not connected and nothing known.</summary>
    NotConnected = 0,

    /// <summary>Connected now.</summary>
    Connected = 1,

    /// <summary>Was connected lately.</summary>
    CanConnect = 2,

    /// <summary>Failed to connect lately.</summary>
    CannotConnect = 3,
}

/// <summary>A peer named in a message.</summary>
/// <param name="Id">The peer.</param>
/// <param name="Addresses">Its addresses, as the sender knows them; unverified.</param>
/// <param name="Connection">The sender's connection to it.</param>
public sealed record KadPeer(PeerId Id, IReadOnlyList<Multiaddr> Addresses, KadConnectionType Connection = KadConnectionType.NotConnected);

/// <summary>A record as it travels and is stored.</summary>
/// <param name="Key">The record key, for example <c>/ipns/</c> and the bytes of a peer id.</param>
/// <param name="Value">The value; its form depends on the key's namespace.</param>
/// <param name="TimeReceived">RFC 3339 time set by the peer that stored it; null when it did not say.</param>
public sealed record KadRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, string? TimeReceived = null);

/// <summary>A message of <c>/ipfs/kad/1.0.0</c>, checked against <see cref="KadMessageLimits"/>.</summary>
public sealed record KadMessage
{
    /// <summary>What it asks or answers.</summary>
    public required MessageType Type { get; init; }

    /// <summary>The key; empty when the message has none (answers to FIND_NODE, PING).</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The record, in PUT_VALUE and answers to GET_VALUE.</summary>
    public KadRecord? Record { get; init; }

    /// <summary>Peers closer to the key, in the order sent, repeats included.</summary>
    public IReadOnlyList<KadPeer> CloserPeers { get; init; } = [];

    /// <summary>Providers of the key, in the order sent, repeats included.</summary>
    public IReadOnlyList<KadPeer> ProviderPeers { get; init; } = [];
}

/// <summary>What is accepted from a remote.</summary>
public sealed record KadMessageLimits
{
    /// <summary>The defaults, which every known implementation stays well below.</summary>
    public static KadMessageLimits Default { get; } = new();

    /// <summary>
    /// Bytes of the largest message that rust-libp2p accepts unless it is told otherwise (<c>set_max_packet_size</c>); it resets the stream
    /// of a larger one.
    /// </summary>
    public const int RustMessageBytes = 16 * 1024;

    /// <summary>Bytes of one message.</summary>
    /// <value>4 MiB, as in go-libp2p.</value>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of a key.</summary>
    /// <value>1024.</value>
    public int MaxKeyBytes { get; init; } = 1024;

    /// <summary>Closer peers, and provider peers, of one message.</summary>
    /// <value>1000.</value>
    public int MaxPeers { get; init; } = 1000;

    /// <summary>Addresses kept of one peer; the rest is ignored, as an address is only a hint.</summary>
    /// <value>32.</value>
    public int MaxAddressesPerPeer { get; init; } = 32;
}

/// <summary>A message that breaks the protocol or a limit. The text says which part; the stream it came on is to be reset.</summary>
public sealed class KadMessageException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and where.</param>
    /// <param name="innerException">What the parser below said.</param>
    public KadMessageException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
