using System.Buffers.Binary;

namespace DhtTracer.Libp2p.Yamux;

internal enum YamuxType : byte
{
    Data = 0,
    WindowUpdate = 1,
    Ping = 2,
    GoAway = 3,
}

[Flags]
internal enum YamuxFlags : ushort
{
    None = 0,
    Syn = 1,
    Ack = 2,
    Fin = 4,
    Rst = 8,
}

/// <summary>
/// The 12-byte header of each frame (<see href="https://github.com/hashicorp/yamux/blob/master/spec.md"/>), big-endian: version (0), type,
/// flags (2), stream id (4), length (4). Only data frames have a body; in other frames the length is a number.
/// </summary>
internal readonly record struct YamuxFrame(YamuxType Type, YamuxFlags Flags, uint StreamId, uint Length)
{
    public const int HeaderLength = 12;

    /// <summary>Reads 12 bytes.</summary>
    /// <exception cref="WireException">The version, type or flag is unknown.</exception>
    public static YamuxFrame Read(ReadOnlySpan<byte> header)
    {
        var frame = new YamuxFrame(
            (YamuxType)header[1],
            (YamuxFlags)BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(header[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(header[8..])
        );
        return header[0] != 0 ? throw new WireException(WireLayer.Yamux, $"a frame has version {header[0]}, only 0 is known")
            : frame.Type > YamuxType.GoAway ? throw new WireException(WireLayer.Yamux, $"a frame has the unknown type {header[1]}")
            : (ushort)frame.Flags > 15 ? throw new WireException(WireLayer.Yamux, $"a frame has the unknown flags {(ushort)frame.Flags:x4}")
            : frame;
    }

    public bool Has(YamuxFlags flag) => (Flags & flag) != YamuxFlags.None;

    public void Write(Span<byte> header)
    {
        header[0] = 0;
        header[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], Length);
    }
}
