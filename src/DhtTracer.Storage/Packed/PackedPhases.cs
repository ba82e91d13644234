using System.Buffers;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// <see cref="PhaseTimes"/> as varints, in parameter order. New phases are added at the end.
/// </summary>
internal static class PackedPhases
{
    /// <summary>Packs; empty for null.</summary>
    public static ReadOnlySpan<byte> Write(PhaseTimes? phases)
    {
        if (phases is null)
        {
            return [];
        }

        var output = new ArrayBufferWriter<byte>(48);
        foreach (var part in phases.ToArray())
        {
            Varint.Write(output, (ulong)part);
        }

        return output.WrittenSpan;
    }

    /// <summary>Unpacks; null for null.</summary>
    /// <exception cref="InvalidDataException">The bytes end within a number.</exception>
    public static PhaseTimes? Read(byte[]? packed)
    {
        if (packed is null)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = packed;
        Span<long> parts = stackalloc long[8];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = (long)Varint.Read(ref bytes);
        }

        return new PhaseTimes(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]);
    }
}
