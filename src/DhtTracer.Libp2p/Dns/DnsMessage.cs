using System.Buffers.Binary;
using System.Text;

namespace DhtTracer.Libp2p.Dns;

/// <summary>The one question and the answers that a TXT look-up needs of DNS (RFC 1035, section 4).</summary>
internal static class DnsMessage
{
    public const int HeaderLength = 12;

    private const ushort TypeText = 16;
    private const ushort ClassInternet = 1;
    private const int MaxName = 253;
    private const int MaxRecords = 256;

    /// <summary>A recursive query for the TXT records of a name.</summary>
    /// <exception cref="DnsException">The name is not valid.</exception>
    public static byte[] Query(ushort id, string name)
    {
        using var message = new MemoryStream();
        Span<byte> header = stackalloc byte[HeaderLength];
        header.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header, id);
        header[2] = 1; // recursion desired
        header[5] = 1; // one question
        message.Write(header);
        if (name.Length is 0 or > MaxName)
        {
            throw new DnsException($"\"{name}\" is no host name");
        }

        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            var bytes = Encoding.UTF8.GetBytes(label);
            if (bytes.Length is 0 or > 63)
            {
                throw new DnsException($"\"{name}\" is no host name");
            }

            message.WriteByte((byte)bytes.Length);
            message.Write(bytes);
        }

        message.Write([0, 0, (byte)TypeText, 0, (byte)ClassInternet]);
        return message.ToArray();
    }

    /// <summary>Whether a datagram answers the query: same id, a response, and the same question.</summary>
    public static bool IsAnswerTo(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> query) =>
        answer.Length >= query.Length
        && answer[..2].SequenceEqual(query[..2])
        && (answer[2] & 0x80) != 0
        && EqualsIgnoringCase(answer[HeaderLength..query.Length], query[HeaderLength..]);

    /// <summary>Whether the answer was cut off, so that it must be asked for over TCP.</summary>
    public static bool IsTruncated(ReadOnlySpan<byte> answer) => (answer[2] & 0x02) != 0;

    /// <summary>The texts of the TXT records in an answer; the parts of one record are joined.</summary>
    /// <exception cref="DnsException">The server reports an error.</exception>
    /// <exception cref="WireException">The message is malformed.</exception>
    public static IReadOnlyList<string> ReadTexts(ReadOnlySpan<byte> answer)
    {
        if (answer.Length < HeaderLength)
        {
            throw Malformed();
        }

        var code = answer[3] & 0x0f;
        if (code == 3)
        {
            throw new DnsException("the name does not exist");
        }

        if (code != 0)
        {
            throw new DnsException($"the server answered with error {code}");
        }

        var questions = BinaryPrimitives.ReadUInt16BigEndian(answer[4..]);
        var records = BinaryPrimitives.ReadUInt16BigEndian(answer[6..]);
        var at = HeaderLength;
        for (var i = 0; i < questions; i++)
        {
            at = SkipName(answer, at) + 4;
        }

        var texts = new List<string>();
        for (var i = 0; i < Math.Min((int)records, MaxRecords); i++)
        {
            at = SkipName(answer, at);
            if (at + 10 > answer.Length)
            {
                throw Malformed();
            }

            var type = BinaryPrimitives.ReadUInt16BigEndian(answer[at..]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 8)..]);
            at += 10;
            if (at + length > answer.Length)
            {
                throw Malformed();
            }

            if (type == TypeText)
            {
                texts.Add(ReadText(answer.Slice(at, length)));
            }

            at += length;
        }

        return texts;
    }

    private static string ReadText(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        while (!data.IsEmpty)
        {
            var length = data[0];
            if (length >= data.Length)
            {
                throw Malformed();
            }

            text.Append(Encoding.UTF8.GetString(data.Slice(1, length)));
            data = data[(1 + length)..];
        }

        return text.ToString();
    }

    /// <summary>Passes over a name: labels up to a zero, or up to a pointer, which is not followed.</summary>
    private static int SkipName(ReadOnlySpan<byte> message, int at)
    {
        while (at < message.Length)
        {
            var length = message[at];
            switch (length >> 6)
            {
                case 0 when length == 0:
                    return at + 1;
                case 0:
                    at += 1 + length;
                    break;
                case 3:
                    return at + 2;
                default:
                    throw Malformed();
            }
        }

        throw Malformed();
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (x[i] != y[i] && (!char.IsAsciiLetter((char)x[i]) || (x[i] ^ y[i]) != 0x20))
            {
                return false;
            }
        }

        return x.Length == y.Length;
    }

    private static WireException Malformed() => new(WireLayer.Dns, "the answer is malformed");
}
