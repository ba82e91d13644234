using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Protobuf;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Identify;

/// <summary>
/// What peers tell about themselves (<see href="https://github.com/libp2p/specs/blob/master/identify/README.md"/>): publicKey = 1,
/// listenAddrs = 2, protocols = 3, observedAddr = 4, protocolVersion = 5, agentVersion = 6, signedPeerRecord = 8. A message may come in
/// several parts; absent fields of a part are null.
/// </summary>
internal sealed record IdentifyMessage
{
    /// <summary>Longest part, in bytes.</summary>
    public const int MaxLength = 8 * 1024;

    private const int MaxAddresses = 128;
    private const int MaxProtocols = 256;
    private const int MaxText = 1024;

    public byte[]? PublicKey { get; init; }

    /// <summary>Addresses that could be read.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    public IReadOnlyList<string> Protocols { get; init; } = [];

    public Multiaddr? ObservedAddress { get; init; }

    public string? ProtocolVersion { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>A <see cref="PeerRecord"/> in a signed envelope, unchecked.</summary>
    public byte[]? SignedPeerRecord { get; init; }

    /// <summary>Reads one part.</summary>
    /// <exception cref="WireException">It is malformed.</exception>
    public static IdentifyMessage Parse(ReadOnlySpan<byte> bytes)
    {
        byte[]? publicKey = null,
            record = null;
        Multiaddr? observed = null;
        string? protocolVersion = null,
            agentVersion = null;
        var addresses = new List<Multiaddr>();
        var protocols = new List<string>();
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    publicKey = reader.Bytes().ToArray();
                    break;
                case 2:
                    // One unreadable address says nothing about the others.
                    if (Multiaddr.TryParse(reader.Bytes(), out var address) && addresses.Count < MaxAddresses)
                    {
                        addresses.Add(address);
                    }

                    break;
                case 3 when protocols.Count < MaxProtocols:
                    protocols.Add(reader.String(MaxText));
                    break;
                case 4:
                    _ = Multiaddr.TryParse(reader.Bytes(), out observed);
                    break;
                case 5:
                    protocolVersion = reader.String(MaxText);
                    break;
                case 6:
                    agentVersion = reader.String(MaxText);
                    break;
                case 8:
                    record = reader.Bytes().ToArray();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new IdentifyMessage
        {
            PublicKey = publicKey,
            ListenAddresses = addresses,
            Protocols = protocols,
            ObservedAddress = observed,
            ProtocolVersion = protocolVersion,
            AgentVersion = agentVersion,
            SignedPeerRecord = record,
        };
    }

    /// <summary>This part and a later one: lists grow, single values are replaced.</summary>
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
        var writer = new ProtobufWriter();
        if (PublicKey is not null)
        {
            writer.Bytes(1, PublicKey);
        }

        foreach (var address in ListenAddresses)
        {
            writer.Bytes(2, address.Bytes);
        }

        foreach (var protocol in Protocols)
        {
            writer.String(3, protocol);
        }

        if (ObservedAddress is not null)
        {
            writer.Bytes(4, ObservedAddress.Bytes);
        }

        if (ProtocolVersion is not null)
        {
            writer.String(5, ProtocolVersion);
        }

        if (AgentVersion is not null)
        {
            writer.String(6, AgentVersion);
        }

        if (SignedPeerRecord is not null)
        {
            writer.Bytes(8, SignedPeerRecord);
        }

        return writer.ToArray();
    }
}
