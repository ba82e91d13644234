using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Identify;

/// <summary>
/// What peers say about themselves (<see href="https://github.com/libp2p/specs/blob/master/identify/README.md"/>): publicKey = 1,
/// listenAddrs = 2, protocols = 3, observedAddr = 4, protocolVersion = 5, agentVersion = 6, signedPeerRecord = 8. A message can have
/// several parts; fields missing from a part are null.
/// </summary>
internal sealed record IdentifyMessage
{
    /// <summary>Maximum size of a part, in bytes.</summary>
    public const int MaxLength = 8 * 1024;

    private const int MaxAddresses = 128;
    private const int MaxProtocols = 256;
    private const int MaxText = 1024;

    public byte[]? PublicKey { get; init; }

    /// <summary>The addresses that are valid.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    public IReadOnlyList<string> Protocols { get; init; } = [];

    public Multiaddr? ObservedAddress { get; init; }

    public string? ProtocolVersion { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>A <see cref="PeerRecord"/> in a signed envelope, not verified.</summary>
    public byte[]? SignedPeerRecord { get; init; }

    /// <summary>Reads one part.</summary>
    /// <exception cref="WireException">The part is malformed.</exception>
    public static IdentifyMessage Parse(ReadOnlySpan<byte> bytes)
    {
        var part = WireMessage.Parse(IdentifyPart.Parser, bytes);
        var addresses = new List<Multiaddr>();
        foreach (var bytesOfAddress in part.ListenAddrs)
        {
            // One unreadable address says nothing about the others.
            if (addresses.Count < MaxAddresses && Multiaddr.TryParse(bytesOfAddress.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return new IdentifyMessage
        {
            PublicKey = part.HasPublicKey ? part.PublicKey.ToByteArray() : null,
            ListenAddresses = addresses,
            Protocols = [.. part.Protocols.Take(MaxProtocols).Select(protocol => WireMessage.Text(protocol, MaxText))],
            ObservedAddress = Multiaddr.TryParse(part.ObservedAddr.Span, out var observed) ? observed : null,
            ProtocolVersion = part.HasProtocolVersion ? WireMessage.Text(part.ProtocolVersion, MaxText) : null,
            AgentVersion = part.HasAgentVersion ? WireMessage.Text(part.AgentVersion, MaxText) : null,
            SignedPeerRecord = part.HasSignedPeerRecord ? part.SignedPeerRecord.ToByteArray() : null,
        };
    }

    /// <summary>Merges this part with a later one: lists are appended, single values are replaced.</summary>
    public IdentifyMessage Merge(IdentifyMessage later) =>
        new()
        {
            PublicKey = later.PublicKey ?? PublicKey,
            ListenAddresses = [.. ListenAddresses.Concat(later.ListenAddresses).Take(MaxAddresses)],
            Protocols = [.. Protocols.Concat(later.Protocols).Take(MaxProtocols)],
            ObservedAddress = later.ObservedAddress ?? ObservedAddress,
            ProtocolVersion = later.ProtocolVersion ?? ProtocolVersion,
            AgentVersion = later.AgentVersion ?? AgentVersion,
            SignedPeerRecord = later.SignedPeerRecord ?? SignedPeerRecord,
        };

    public byte[] ToBytes()
    {
        var part = new IdentifyPart();
        part.ListenAddrs.AddRange(ListenAddresses.Select(address => ByteString.CopyFrom(address.Bytes)));
        part.Protocols.AddRange(Protocols.Select(ByteString.CopyFromUtf8));
        if (PublicKey is not null)
        {
            part.PublicKey = ByteString.CopyFrom(PublicKey);
        }

        if (ObservedAddress is not null)
        {
            part.ObservedAddr = ByteString.CopyFrom(ObservedAddress.Bytes);
        }

        if (ProtocolVersion is not null)
        {
            part.ProtocolVersion = ByteString.CopyFromUtf8(ProtocolVersion);
        }

        if (AgentVersion is not null)
        {
            part.AgentVersion = ByteString.CopyFromUtf8(AgentVersion);
        }

        if (SignedPeerRecord is not null)
        {
            part.SignedPeerRecord = ByteString.CopyFrom(SignedPeerRecord);
        }

        return part.ToByteArray();
    }
}
