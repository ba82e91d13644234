namespace DhtTracer.Multiformats;

/// <summary>
/// Converts between the two forms of a multiaddr: bytes (a varint code and a value per protocol), and text separated by slashes.
/// </summary>
internal static class MultiaddrCodec
{
    /// <summary>The name written before the bytes of an unknown protocol.</summary>
    public const string Unknown = "unknown";

    /// <summary>Splits the binary form into its protocols; only validates it if <paramref name="components"/> is null.</summary>
    public static MultiformatError Read(ReadOnlyMemory<byte> bytes, List<MultiaddrComponent>? components)
    {
        if (bytes.IsEmpty)
        {
            return MultiformatError.Empty;
        }

        var count = 0;
        while (!bytes.IsEmpty)
        {
            if (++count > Multiaddr.MaxComponents)
            {
                return MultiformatError.TooLong;
            }

            if (Varint.Read(bytes.Span, out var code, out var codeLength) is not MultiformatError.None and var codeError)
            {
                return codeError;
            }

            bytes = bytes[codeLength..];
            if (!MultiaddrProtocol.TryGet(code, out var protocol))
            {
                components?.Add(new MultiaddrComponent(code, null, bytes));
                return MultiformatError.None;
            }

            var size = (ulong)Math.Max(0, protocol.Size);
            if (protocol.Size < 0)
            {
                if (Varint.Read(bytes.Span, out size, out var sizeLength) is not MultiformatError.None and var sizeError)
                {
                    return sizeError;
                }

                bytes = bytes[sizeLength..];
            }

            if (size > (ulong)bytes.Length)
            {
                return MultiformatError.Truncated;
            }

            var value = bytes[..(int)size];
            bytes = bytes[(int)size..];
            if (components is not null)
            {
                components.Add(new MultiaddrComponent(code, protocol, value));
            }
            else if (protocol.Size < 0 && protocol.ToText(value) is null)
            {
                // All values of fixed size are valid. The others are validated once, when the address is created.
                return MultiformatError.InvalidValue;
            }
        }

        return MultiformatError.None;
    }

    /// <summary>Converts the text form to the binary form.</summary>
    public static MultiformatError ReadText(string? text, out byte[] binary)
    {
        binary = [];
        if (string.IsNullOrEmpty(text))
        {
            return MultiformatError.Empty;
        }

        if (text.Length > Multiaddr.MaxTextLength)
        {
            return MultiformatError.TooLong;
        }

        if (text[0] != '/')
        {
            return MultiformatError.InvalidCharacter;
        }

        var segments = text.TrimEnd('/').Split('/');
        var bytes = new List<byte>(64);
        Span<byte> number = stackalloc byte[Varint.MaxLength];
        for (var i = 1; i < segments.Length; i++)
        {
            if (segments[i] == Unknown && i + 2 == segments.Length && HexText.TryDecode(segments[i + 1], out var rest))
            {
                bytes.AddRange(rest);
                break;
            }

            if (!MultiaddrProtocol.TryGet(segments[i], out var protocol))
            {
                return MultiformatError.Unsupported;
            }

            bytes.AddRange(number[..Varint.Write(number, protocol.Code)]);
            if (!protocol.HasValue)
            {
                continue;
            }

            if (++i == segments.Length)
            {
                return MultiformatError.Truncated;
            }

            if (protocol.ToBytes(segments[i]) is not { } value)
            {
                return MultiformatError.InvalidValue;
            }

            if (protocol.Size < 0)
            {
                bytes.AddRange(number[..Varint.Write(number, (ulong)value.Length)]);
            }

            bytes.AddRange(value);
        }

        binary = [.. bytes];
        return MultiformatError.None;
    }
}
