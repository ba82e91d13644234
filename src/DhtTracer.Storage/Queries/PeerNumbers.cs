using System.Buffers;

namespace DhtTracer.Storage;

/// <summary>A set of peer numbers in few bytes: ascending, each as its difference from the one before, in LEB128.</summary>
internal static class PeerNumbers
{
    public static ReadOnlySpan<byte> Write(IReadOnlyCollection<long> numbers)
    {
        var sorted = numbers.ToArray();
        Array.Sort(sorted);
        var output = new ArrayBufferWriter<byte>((sorted.Length * 3) + 1);
        long last = 0;
        foreach (var number in sorted)
        {
            WriteVarint(output, (ulong)(number - last));
            last = number;
        }

        return output.WrittenSpan;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes end within a number.</exception>
    public static List<long> Read(ReadOnlySpan<byte> bytes)
    {
        var numbers = new List<long>(bytes.Length);
        long last = 0;
        while (!bytes.IsEmpty)
        {
            last += (long)ReadVarint(ref bytes);
            numbers.Add(last);
        }

        return numbers;
    }

    /// <summary>The same without sorting: each number as it is.</summary>
    public static ReadOnlySpan<byte> WriteInOrder(ReadOnlySpan<long> numbers)
    {
        var output = new ArrayBufferWriter<byte>((numbers.Length * 3) + 1);
        foreach (var number in numbers)
        {
            WriteVarint(output, (ulong)number);
        }

        return output.WrittenSpan;
    }

    /// <summary>Reads what <see cref="WriteInOrder"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes end within a number.</exception>
    public static List<long> ReadInOrder(ReadOnlySpan<byte> bytes)
    {
        var numbers = new List<long>(bytes.Length);
        while (!bytes.IsEmpty)
        {
            numbers.Add((long)ReadVarint(ref bytes));
        }

        return numbers;
    }

    public static void WriteVarint(IBufferWriter<byte> output, ulong value)
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

    public static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
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

        throw new InvalidDataException("A stored list of peers ends within a number.");
    }
}
