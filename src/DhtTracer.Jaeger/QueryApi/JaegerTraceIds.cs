using System.Buffers.Text;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Trace ids in addresses: hex of up to 32 digits, or 8 or 16 bytes in base64 (with or without padding, both alphabets), as the newest
/// Jaeger takes them.
/// </summary>
internal static class JaegerTraceIds
{
    /// <summary>Reads an id.</summary>
    /// <returns>False when it is neither; an id that is all zero is one, and no trace has it.</returns>
    public static bool TryParse(string text, out TraceId id)
    {
        if (TraceId.TryParse(text, out id))
        {
            return true;
        }

        // The route leaves an encoded slash as it is.
        text = text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        System.Span<byte> bytes = stackalloc byte[18];
        if (
            text.Length is not (11 or 22)
            || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var written)
            || written is not (8 or 16)
        )
        {
            return false;
        }

        id =
            written == 16
                ? TraceId.FromBytes(bytes[..16])
                : new TraceId(0, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return true;
    }
}
