using System.Buffers;

namespace DhtTracer.Multiformats;

/// <summary>Decodes hexadecimal, without exceptions for invalid text.</summary>
internal static class HexText
{
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.IsEmpty || text.Length % 2 != 0 || text.Length > 2 * Multibase.MaxLength)
        {
            return false;
        }

        var result = new byte[text.Length / 2];
        if (Convert.FromHexString(text, result, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        bytes = result;
        return true;
    }
}
