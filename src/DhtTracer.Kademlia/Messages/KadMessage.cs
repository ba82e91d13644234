using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Messages;

/// <summary>The connection between the sender of a message and a peer that it names.</summary>
public enum KadConnectionType
{
    /// <summary>Not connected, and nothing known.</summary>
    NotConnected = 0,

    /// <summary>Connected now.</summary>
    Connected = 1,

    /// <summary>Was connected recently.</summary>
    CanConnect = 2,

    /// <summary>Failed to connect recently.</summary>
    CannotConnect = 3,
}

/// <summary>A peer named in a message.</summary>
/// <param name="Id">The peer.</param>
/// <param name="Addresses">Its addresses as known by the sender; unverified.</param>
/// <param name="Connection">The sender's connection to it.</param>
public sealed record KadPeer(PeerId Id, IReadOnlyList<Multiaddr> Addresses, KadConnectionType Connection = KadConnectionType.NotConnected);

/// <summary>A record as sent and stored.</summary>
/// <param name="Key">The record key, for example <c>/ipns/</c> followed by the bytes of a peer id.</param>
/// <param name="Value">The value. Its format depends on the key's namespace.</param>
/// <param name="TimeReceived">RFC 3339 time set by the storing peer; null if it set none.</param>
public sealed record KadRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, string? TimeReceived = null);

/// <summary>A message of <c>/ipfs/kad/1.0.0</c>, validated against <see cref="KadMessageLimits"/>.</summary>
public sealed record KadMessage
{
    /// <summary>The type of the request or of the request answered.</summary>
    public required MessageType Type { get; init; }

    /// <summary>The key; empty if the message has none (answers to FIND_NODE, PING).</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The record, in PUT_VALUE and answers to GET_VALUE.</summary>
    public KadRecord? Record { get; init; }

    /// <summary>Peers closer to the key, in the order sent, including repeats.</summary>
    public IReadOnlyList<KadPeer> CloserPeers { get; init; } = [];

    /// <summary>Providers of the key, in the order sent, including repeats.</summary>
    public IReadOnlyList<KadPeer> ProviderPeers { get; init; } = [];
}

/// <summary>Limits of messages from remote peers.</summary>
public sealed record KadMessageLimits
{
    /// <summary>The defaults. Every known implementation stays well below them.</summary>
    public static KadMessageLimits Default { get; } = new();

    /// <summary>
    /// Maximum message size of rust-libp2p in bytes, unless configured otherwise (<c>set_max_packet_size</c>). It resets the stream of a
    /// larger message.
    /// </summary>
    public const int RustMessageBytes = 16 * 1024;

    /// <summary>Maximum size of a message, in bytes.</summary>
    /// <value>4 MiB, as in go-libp2p.</value>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Maximum size of a key, in bytes.</summary>
    /// <value>1024.</value>
    public int MaxKeyBytes { get; init; } = 1024;

    /// <summary>Maximum number of closer peers, and of provider peers, in one message.</summary>
    /// <value>1000.</value>
    public int MaxPeers { get; init; } = 1000;

    /// <summary>Maximum number of addresses kept per peer. The rest is ignored, because an address is only a hint.</summary>
    /// <value>32.</value>
    public int MaxAddressesPerPeer { get; init; } = 32;
}

/// <summary>A message breaks the protocol or a limit. The text says which part. The stream must be reset.</summary>
public sealed class KadMessageException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">The problem and its place.</param>
    /// <param name="innerException">The parser's error, if any.</param>
    public KadMessageException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
