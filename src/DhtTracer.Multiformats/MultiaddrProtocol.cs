using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DhtTracer.Multiformats;

/// <summary>
/// A protocol of a multiaddr: its code and name in the multicodec table, and the conversion of its value between bytes and text
/// (<see href="https://github.com/multiformats/multiaddr/blob/master/protocols.csv"/>).
/// </summary>
public sealed class MultiaddrProtocol
{
    /// <summary>An IPv4 address.</summary>
    public static readonly MultiaddrProtocol Ip4 = new(4, "ip4", 4, WriteIp4, ReadIp);

    /// <summary>A TCP port.</summary>
    public static readonly MultiaddrProtocol Tcp = new(6, "tcp", 2, WritePort, ReadPort);

    /// <summary>An IPv6 address.</summary>
    public static readonly MultiaddrProtocol Ip6 = new(41, "ip6", 16, WriteIp6, ReadIp);

    /// <summary>A host name, IPv4 or IPv6.</summary>
    public static readonly MultiaddrProtocol Dns = new(53, "dns", Variable, WriteName, ReadName);

    /// <summary>A host name, resolved to IPv4 addresses.</summary>
    public static readonly MultiaddrProtocol Dns4 = new(54, "dns4", Variable, WriteName, ReadName);

    /// <summary>A host name, resolved to IPv6 addresses.</summary>
    public static readonly MultiaddrProtocol Dns6 = new(55, "dns6", Variable, WriteName, ReadName);

    /// <summary>A host name whose TXT records hold multiaddrs.</summary>
    public static readonly MultiaddrProtocol DnsAddr = new(56, "dnsaddr", Variable, WriteName, ReadName);

    /// <summary>A UDP port.</summary>
    public static readonly MultiaddrProtocol Udp = new(273, "udp", 2, WritePort, ReadPort);

    /// <summary>A relay: the part before it is the address of the relay, the part after it the destination.</summary>
    public static readonly MultiaddrProtocol P2pCircuit = Flag(290, "p2p-circuit");

    /// <summary>A peer id.</summary>
    public static readonly MultiaddrProtocol P2p = new(421, "p2p", Variable, WritePeer, ReadPeer);

    /// <summary>QUIC, version 1.</summary>
    public static readonly MultiaddrProtocol QuicV1 = Flag(461, "quic-v1");

    /// <summary>WebSocket.</summary>
    public static readonly MultiaddrProtocol Ws = Flag(477, "ws");

    /// <summary>WebSocket over TLS.</summary>
    public static readonly MultiaddrProtocol Wss = Flag(478, "wss");

    /// <summary>The value's size is written before it.</summary>
    private const int Variable = -1;

    private static readonly MultiaddrProtocol[] All =
    [
        Ip4,
        Tcp,
        Ip6,
        Dns,
        Dns4,
        Dns6,
        DnsAddr,
        Udp,
        P2pCircuit,
        P2p,
        QuicV1,
        Ws,
        Wss,
        new(42, "ip6zone", Variable, WriteName, ReadName),
        Flag(280, "webrtc-direct"),
        Flag(281, "webrtc"),
        Flag(443, "https"),
        Flag(448, "tls"),
        Flag(454, "noise"),
        Flag(460, "quic"),
        Flag(465, "webtransport"),
        Flag(480, "http"),
        new(449, "sni", Variable, WriteName, ReadName),
        new(466, "certhash", Variable, WriteCertHash, ReadCertHash),
    ];

    private static readonly Dictionary<string, MultiaddrProtocol> ByName = MakeByName();
    private static readonly Dictionary<ulong, MultiaddrProtocol> ByCode = All.ToDictionary(protocol => protocol.Code);

    private readonly Func<string, byte[]?> _write;
    private readonly Func<ReadOnlyMemory<byte>, string?> _read;

    private MultiaddrProtocol(ulong code, string name, int size, Func<string, byte[]?> write, Func<ReadOnlyMemory<byte>, string?> read)
    {
        Code = code;
        Name = name;
        Size = size;
        _write = write;
        _read = read;
    }

    /// <summary>The code in the multicodec table.</summary>
    public ulong Code { get; }

    /// <summary>The name between slashes.</summary>
    public string Name { get; }

    /// <summary>Whether a value follows.</summary>
    public bool HasValue => Size != 0;

    /// <summary>Size of the value in bytes; 0 for none, -1 if the value has a length prefix.</summary>
    internal int Size { get; }

    /// <summary>Finds a protocol by name; <c>ipfs</c> is the old name of <c>p2p</c>.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out MultiaddrProtocol? protocol) => ByName.TryGetValue(name, out protocol);

    /// <summary>Finds a protocol by code.</summary>
    public static bool TryGet(ulong code, [NotNullWhen(true)] out MultiaddrProtocol? protocol) => ByCode.TryGetValue(code, out protocol);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Converts the text of a value to bytes; null if it is invalid.</summary>
    internal byte[]? ToBytes(string value) => _write(value);

    /// <summary>Converts the bytes of a value to text; null if they are invalid.</summary>
    internal string? ToText(ReadOnlyMemory<byte> value) => _read(value);

    private static MultiaddrProtocol Flag(ulong code, string name) => new(code, name, 0, _ => null, _ => "");

    private static Dictionary<string, MultiaddrProtocol> MakeByName()
    {
        var names = All.ToDictionary(protocol => protocol.Name);
        names["ipfs"] = P2p;
        return names;
    }

    private static byte[]? WriteIp4(string text) =>
        text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork
            ? ip.GetAddressBytes()
            : null;

    private static byte[]? WriteIp6(string text) =>
        text.Contains(':', StringComparison.Ordinal)
        && !text.AsSpan().ContainsAny("%[]")
        && IPAddress.TryParse(text, out var ip)
        && ip.AddressFamily == AddressFamily.InterNetworkV6
            ? ip.GetAddressBytes()
            : null;

    private static string ReadIp(ReadOnlyMemory<byte> value) => new IPAddress(value.Span).ToString();

    private static byte[]? WritePort(string text)
    {
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return bytes;
    }

    private static string ReadPort(ReadOnlyMemory<byte> value) =>
        BinaryPrimitives.ReadUInt16BigEndian(value.Span).ToString(CultureInfo.InvariantCulture);

    private static byte[]? WriteName(string text) => IsName(text) ? Encoding.UTF8.GetBytes(text) : null;

    private static string? ReadName(ReadOnlyMemory<byte> value)
    {
        if (!System.Text.Unicode.Utf8.IsValid(value.Span))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(value.Span);
        return IsName(text) ? text : null;
    }

    /// <summary>A slash would change the meaning of the text form. DNS names have at most 253 characters.</summary>
    private static bool IsName(string text) =>
        text.Length is > 0 and <= 253 && !text.Any(c => c == '/' || char.IsControl(c) || char.IsWhiteSpace(c));

    private static byte[]? WritePeer(string text) => PeerId.TryParse(text, out var peer) ? peer.Bytes.ToArray() : null;

    private static string? ReadPeer(ReadOnlyMemory<byte> value) => PeerId.TryParse(value.Span, out var peer) ? peer.ToString() : null;

    private static byte[]? WriteCertHash(string text) =>
        Multibase.Decode(text, out var bytes, out _) == MultiformatError.None && Multihash.TryParse(bytes, out _) ? bytes : null;

    private static string? ReadCertHash(ReadOnlyMemory<byte> value) =>
        Multihash.TryParse(value.Span, out _) ? Multibase.Encode(MultibaseEncoding.Base64Url, value.Span) : null;
}
