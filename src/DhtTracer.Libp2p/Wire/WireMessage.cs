using System.Text;
using System.Text.Unicode;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Wire;

/// <summary>Parses protobuf messages from strangers with generated code, and adds the errors and limits of this library.</summary>
internal static class WireMessage
{
    /// <summary>Parses a message. Unknown fields are skipped; a field of another wire type counts as unknown.</summary>
    /// <exception cref="WireException">The message is malformed.</exception>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new WireException(WireLayer.Protobuf, e.Message, e);
        }
    }

    /// <summary>The text of a field.</summary>
    /// <exception cref="WireException">The text is longer than <paramref name="maxLength"/> bytes, or not UTF-8.</exception>
    public static string Text(ByteString bytes, int maxLength) =>
        bytes.Length > maxLength ? throw new WireException(WireLayer.Protobuf, $"a text is longer than {maxLength} bytes")
        : Utf8.IsValid(bytes.Span) ? Encoding.UTF8.GetString(bytes.Span)
        : throw new WireException(WireLayer.Protobuf, "a text is not UTF-8");
}
