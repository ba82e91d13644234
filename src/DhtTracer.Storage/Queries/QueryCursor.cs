using System.Buffers.Binary;
using System.Buffers.Text;

namespace DhtTracer.Storage.Queries;

/// <summary>
/// A position in a sorted list: the part of the list, and the sort value and number of the adjacent row. Unlike an offset, it does not move
/// when rows are added. A list by key takes the key from that row.
/// </summary>
public readonly record struct QueryCursor(QuerySort Sort, bool Backward, int Part, long Value, long Number)
{
    private const int Length = 18;

    /// <summary>Writes the cursor in base64url, for use in a URL.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = (byte)(((int)Sort << 1) | (Backward ? 1 : 0));
        bytes[1] = (byte)Part;
        BinaryPrimitives.WriteInt64BigEndian(bytes[2..], Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes[10..], Number);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Parses the output of <see cref="ToString"/>.</summary>
    /// <exception cref="InvalidCursorException">The text is not a cursor, or is a cursor of a list in another order.</exception>
    public static QueryCursor Parse(string text, QuerySort sort)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (
            !Base64Url.IsValid(text, out var length)
            || length != Length
            || !Base64Url.TryDecodeFromChars(text, bytes, out _)
            || bytes[0] >> 1 != (int)sort
        )
        {
            throw new InvalidCursorException(text);
        }

        return new QueryCursor(
            sort,
            (bytes[0] & 1) == 1,
            bytes[1],
            BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[10..])
        );
    }
}

/// <summary>This list did not issue the page cursor. Start again without one.</summary>
public sealed class InvalidCursorException(string cursor)
    : Exception(
        $"\"{(cursor.Length > 40 ? cursor[..40] : cursor)}\" is not a cursor of a list in this order. "
            + "Leave it out to start at the first page."
    )
{
    /// <summary>The invalid cursor.</summary>
    public string Cursor { get; } = cursor;
}
