using System.Buffers.Binary;
using System.Buffers.Text;

namespace DhtTracer.Storage;

/// <summary>
/// A place in a sorted list: the sort value and number of the row beside it. New rows do not move it, as an offset would be moved.
/// </summary>
internal readonly record struct QueryCursor(QuerySort Sort, bool Backward, long Value, long Number)
{
    private const int Length = 17;

    /// <summary>Base64url, fit for an address.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = (byte)(((int)Sort << 1) | (Backward ? 1 : 0));
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes[9..], Number);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="InvalidCursorException">It is none of ours, or of a list in another order.</exception>
    public static QueryCursor Parse(string text, QuerySort sort)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != Base64Url.GetEncodedLength(Length)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var written) || written != Length
            || bytes[0] >> 1 != (int)sort)
        {
            throw new InvalidCursorException(text);
        }

        return new QueryCursor(
            sort, (bytes[0] & 1) == 1, BinaryPrimitives.ReadInt64BigEndian(bytes[1..]), BinaryPrimitives.ReadInt64BigEndian(bytes[9..]));
    }
}

/// <summary>A page cursor is not one that this list gave out. Start again without one.</summary>
public sealed class InvalidCursorException(string cursor)
    : Exception($"\"{(cursor.Length > 40 ? cursor[..40] : cursor)}\" is no cursor of a list in this order; leave it out to start at the first page.")
{
    /// <summary>What was given.</summary>
    public string Cursor { get; } = cursor;
}
