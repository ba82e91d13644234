using System.Buffers;

namespace DhtTracer.Storage.Packed;

/// <summary>Unsigned LEB128, as in Protocol Buffers: small numbers take one byte.</summary>
internal static class Varint
{
    public static void Write(IBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    /// <summary>Reads a number and removes it from the front of <paramref name="bytes"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes end within a number.</exception>
    public static ulong Read(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("A stored list ends within a number.");
    }

    /// <summary>Writes null as 0, and a value as value + 1.</summary>
    public static void WriteNullable(IBufferWriter<byte> output, long? value) =>
        Write(output, value is { } known ? unchecked((ulong)known + 1) : 0);

    /// <summary>Reads the output of <see cref="WriteNullable"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes end within a number.</exception>
    public static long? ReadNullable(ref ReadOnlySpan<byte> bytes) =>
        Read(ref bytes) is var value and > 0 ? unchecked((long)(value - 1)) : null;
}
