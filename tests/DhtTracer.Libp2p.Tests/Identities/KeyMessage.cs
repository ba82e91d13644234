using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Identities;

/// <summary>A key message, written by hand: type = 1 as a varint, data = 2 behind its length.</summary>
internal static class KeyMessage
{
    public static byte[] Of(byte type, byte[] data)
    {
        Span<byte> length = stackalloc byte[Varint.MaxLength];
        return [0x08, type, 0x12, .. length[..Varint.Write(length, (ulong)data.Length)], .. data];
    }
}
