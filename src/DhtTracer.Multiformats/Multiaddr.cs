using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace DhtTracer.Multiformats;

/// <summary>One protocol of a multiaddr with its value.</summary>
/// <param name="Code">Code of the protocol in the multicodec table.</param>
/// <param name="Protocol">The protocol; null if its code is unknown.</param>
/// <param name="Value">Bytes of the value. For an unknown protocol, all remaining bytes, because its size is unknown.</param>
public readonly record struct MultiaddrComponent(ulong Code, MultiaddrProtocol? Protocol, ReadOnlyMemory<byte> Value)
{
    /// <summary>
    /// The value as text: an address, a port, a name, a peer id. Hexadecimal for an unknown protocol, empty if there is no value.
    /// </summary>
    public string ValueText => Protocol is null ? Convert.ToHexStringLower(Value.Span) : Protocol.ToText(Value) ?? "";
}

/// <summary>
/// A self-describing network address (<see href="https://github.com/multiformats/multiaddr"/>):
/// <c>/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…</c>. An address with an unknown protocol is kept unchanged, so it can be shown and passed on;
/// its text ends in <c>/unknown/</c> and the remaining bytes in hexadecimal.
/// </summary>
public sealed class Multiaddr : IEquatable<Multiaddr>
{
    /// <summary>Maximum size of the binary form, in bytes.</summary>
    public const int MaxLength = 1024;

    /// <summary>Maximum length of the text form, in characters.</summary>
    public const int MaxTextLength = 4096;

    /// <summary>Maximum number of protocols in one address.</summary>
    public const int MaxComponents = 32;

    private readonly byte[] _bytes;

    private Multiaddr(byte[] bytes) => _bytes = bytes;

    /// <summary>The binary form.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The protocols in order, outermost (the IP address) first.</summary>
    public IReadOnlyList<MultiaddrComponent> Components => Split();

    /// <summary>The peer of the address: its last <c>p2p</c>. Null if it has none, or ends at a relay.</summary>
    public PeerId? PeerId =>
        Split() is [.., { Protocol: var last, Value: var value }]
        && last == MultiaddrProtocol.P2p
        && Multiformats.PeerId.TryParse(value.Span, out var peer)
            ? peer
            : null;

    /// <summary>Whether the address goes through a relay.</summary>
    public bool IsCircuit => Components.Any(component => component.Protocol == MultiaddrProtocol.P2pCircuit);

    /// <summary>Makes a plain TCP address from an IP address and port.</summary>
    public static Multiaddr FromTcp(IPEndPoint endPoint)
    {
        var address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        var ip = address.GetAddressBytes();
        return new Multiaddr([(byte)(ip.Length == 4 ? 4 : 41), .. ip, 6, (byte)(endPoint.Port >> 8), (byte)endPoint.Port]);
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="MultiformatException">The text is not a multiaddr.</exception>
    public static Multiaddr Parse(string text) =>
        Decode(text, out var address) is not MultiformatError.None and var error
            ? throw new MultiformatException(error, "multiaddr", text)
            : address!;

    /// <summary>Reads the text form. An unknown protocol name is an error.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Multiaddr? address) =>
        Decode(text, out address) == MultiformatError.None;

    /// <summary>Reads the binary form. Unknown protocols are kept.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address) =>
        Decode(bytes, out address) == MultiformatError.None;

    /// <summary>Reads the binary form and returns what is wrong with it.</summary>
    public static MultiformatError Decode(ReadOnlySpan<byte> bytes, out Multiaddr? address)
    {
        address = null;
        if (bytes.Length > MaxLength)
        {
            return MultiformatError.TooLong;
        }

        var copy = bytes.ToArray();
        var error = MultiaddrCodec.Read(copy, components: null);
        if (error == MultiformatError.None)
        {
            address = new Multiaddr(copy);
        }

        return error;
    }

    /// <summary>
    /// The IP address and TCP port of a plain TCP address: <c>/ip4|ip6/…/tcp/…</c>, optionally followed by a peer id. False for addresses
    /// with another protocol over TCP (<c>/ws</c>, <c>/tls</c>, a relay).
    /// </summary>
    public bool TryGetTcpEndPoint([NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        if (
            Split() is not [{ Protocol: { } ip } host, { Protocol: { } tcp } port, .. var rest]
            || (ip != MultiaddrProtocol.Ip4 && ip != MultiaddrProtocol.Ip6)
            || tcp != MultiaddrProtocol.Tcp
            || !IsPeerOnly(rest)
        )
        {
            return false;
        }

        endPoint = new IPEndPoint(new IPAddress(host.Value.Span), PortOf(port));
        return true;
    }

    /// <summary>The host name and TCP port of <c>/dns|dns4|dns6/…/tcp/…</c>, optionally followed by a peer id.</summary>
    public bool TryGetTcpHost([NotNullWhen(true)] out string? host, out int port, [NotNullWhen(true)] out MultiaddrProtocol? family)
    {
        host = null;
        port = 0;
        family = null;
        if (
            Split() is not [{ Protocol: { } dns } name, { Protocol: { } tcp } portComponent, .. var rest]
            || (dns != MultiaddrProtocol.Dns && dns != MultiaddrProtocol.Dns4 && dns != MultiaddrProtocol.Dns6)
            || tcp != MultiaddrProtocol.Tcp
            || !IsPeerOnly(rest)
        )
        {
            return false;
        }

        host = name.ValueText;
        port = PortOf(portComponent);
        family = dns;
        return true;
    }

    /// <summary>This address followed by a peer id; unchanged if it already ends in that peer id.</summary>
    public Multiaddr WithPeerId(PeerId peer)
    {
        if (PeerId == peer)
        {
            return this;
        }

        Span<byte> head = stackalloc byte[2 * Varint.MaxLength];
        var at = Varint.Write(head, MultiaddrProtocol.P2p.Code);
        at += Varint.Write(head[at..], (ulong)peer.Bytes.Length);
        return new Multiaddr([.. _bytes, .. head[..at], .. peer.Bytes]);
    }

    /// <summary>This address without a trailing peer id.</summary>
    public Multiaddr WithoutPeerId()
    {
        if (PeerId is not { } peer)
        {
            return this;
        }

        var tail = Varint.Length(MultiaddrProtocol.P2p.Code) + Varint.Length((ulong)peer.Bytes.Length) + peer.Bytes.Length;
        return new Multiaddr(_bytes[..^tail]);
    }

    /// <inheritdoc/>
    public bool Equals(Multiaddr? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>The text form, with peer ids in base58.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Span<byte> code = stackalloc byte[Varint.MaxLength];
        foreach (var component in Split())
        {
            text.Append('/').Append(component.Protocol?.Name ?? MultiaddrCodec.Unknown);
            if (component.Protocol is null)
            {
                text.Append('/').Append(Convert.ToHexStringLower(code[..Varint.Write(code, component.Code)])).Append(component.ValueText);
            }
            else if (component.Protocol.HasValue)
            {
                text.Append('/').Append(component.ValueText);
            }
        }

        return text.Length == 0 ? "/" : text.ToString();
    }

    private static bool IsPeerOnly(MultiaddrComponent[] rest) =>
        rest.Length == 0 || (rest.Length == 1 && rest[0].Protocol == MultiaddrProtocol.P2p);

    private static int PortOf(MultiaddrComponent component) => (component.Value.Span[0] << 8) | component.Value.Span[1];

    private MultiaddrComponent[] Split()
    {
        var components = new List<MultiaddrComponent>(4);
        _ = MultiaddrCodec.Read(_bytes, components);
        return [.. components];
    }

    private static MultiformatError Decode(string? text, out Multiaddr? address)
    {
        address = null;
        var error = MultiaddrCodec.ReadText(text, out var bytes);
        return error == MultiformatError.None ? Decode(bytes, out address) : error;
    }
}
