using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Reads IPNS records out of the attribute <c>record</c>: <c>key:"/ipns/\x00$…"
/// value:"\nA/ipfs/bafk…\x12@…\"\x1e2026-11-30T06:58:27Z(\x00…"</c>.
/// The value is the protobuf message <c>IpnsEntry</c> (<see href="https://specs.ipfs.tech/ipns/ipns-record/"/>): 1 value, 4 validity (the
/// end of life as RFC 3339), 5 sequence. Records without these fields, which carry them in signed DAG-CBOR only, are not read.
/// </summary>
internal static class GoIpns
{
    private const int MostValue = 300;
    private const int ValueField = 1;
    private const int ValidityTypeField = 3;
    private const int ValidityField = 4;
    private const int SequenceField = 5;

    /// <summary>The record; null when the text holds none, or a damaged one.</summary>
    public static IpnsValue? Read(string? record)
    {
        if (record is null || !record.Contains("/ipns/", StringComparison.Ordinal) || GoRecord.Value(record) is not { } bytes)
        {
            return null;
        }

        string? value = null;
        string? validity = null;
        ulong? sequence = null;
        ulong validityType = 0;
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            if (!TryVarint(ref rest, out var tag))
            {
                return null;
            }

            switch (tag & 7)
            {
                case 0:
                    if (!TryVarint(ref rest, out var number))
                    {
                        return null;
                    }

                    sequence = tag >> 3 == SequenceField ? number : sequence;
                    validityType = tag >> 3 == ValidityTypeField ? number : validityType;
                    break;
                case 2:
                    if (!TryVarint(ref rest, out var length) || length > (ulong)rest.Length)
                    {
                        return null;
                    }

                    var content = rest[..(int)length];
                    rest = rest[(int)length..];
                    value = tag >> 3 == ValueField ? Encoding.UTF8.GetString(content[..Math.Min(content.Length, MostValue)]) : value;
                    validity = tag >> 3 == ValidityField && length < 64 ? Encoding.UTF8.GetString(content) : validity;
                    break;
                default:
                    return null;
            }
        }

        // Validity type 0 is the end of life, the only one that exists.
        return value is null || sequence is not { } known
            ? null
            : new IpnsValue(value, known, validityType == 0 ? Rfc3339.Parse(validity) : null);
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
