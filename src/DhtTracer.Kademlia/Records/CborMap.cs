using System.Buffers.Binary;
using System.Text;

namespace DhtTracer.Kademlia;

/// <summary>
/// The part of DAG-CBOR that an IPNS record needs (https://ipld.io/specs/codecs/dag-cbor/spec/): one map of text keys to byte strings
/// and integers. <c>a1 63 54 54 4c 01</c> is <c>{"TTL": 1}</c>. Values of other types are passed over, as later versions of the
/// record may add them.
/// </summary>
internal sealed class CborMap
{
    private const int MaxDepth = 8;
    private const int Unsigned = 0;
    private const int Negative = 1;
    private const int ByteString = 2;
    private const int TextString = 3;
    private const int Array = 4;
    private const int Map = 5;
    private const int Tag = 6;

    private readonly Dictionary<string, byte[]> _bytes = [];
    private readonly Dictionary<string, ulong> _integers = [];

    /// <summary>Reads a map that fills the whole input; null when it is not well-formed, not DAG-CBOR, or repeats a key.</summary>
    public static CborMap? TryParse(ReadOnlySpan<byte> input)
    {
        var map = new CborMap();
        var rest = input;
        return map.Read(ref rest) && rest.IsEmpty ? map : null;
    }

    /// <summary>A map of the given entries in DAG-CBOR's order: shorter keys first, then by bytes.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, byte[]> bytes, IReadOnlyDictionary<string, ulong> integers)
    {
        var output = new List<byte>();
        WriteHead(output, Map, (ulong)(bytes.Count + integers.Count));
        foreach (var key in bytes.Keys.Concat(integers.Keys).OrderBy(key => key.Length).ThenBy(key => key, StringComparer.Ordinal))
        {
            WriteHead(output, TextString, (ulong)key.Length);
            output.AddRange(Encoding.ASCII.GetBytes(key));
            if (bytes.TryGetValue(key, out var value))
            {
                WriteHead(output, ByteString, (ulong)value.Length);
                output.AddRange(value);
            }
            else
            {
                WriteHead(output, Unsigned, integers[key]);
            }
        }

        return [.. output];
    }

    public byte[]? GetBytes(string key) => _bytes.GetValueOrDefault(key);

    public ulong? GetInteger(string key) => _integers.TryGetValue(key, out var value) ? value : null;

    private static void WriteHead(List<byte> output, int major, ulong value)
    {
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(buffer, value);
        var (info, size) = value switch
        {
            < 24 => ((int)value, 0),
            <= byte.MaxValue => (24, 1),
            <= ushort.MaxValue => (25, 2),
            <= uint.MaxValue => (26, 4),
            _ => (27, 8),
        };
        output.Add((byte)((major << 5) | info));
        output.AddRange(buffer[(8 - size)..]);
    }

    private static bool ReadHead(ref ReadOnlySpan<byte> rest, out int major, out int info, out ulong value)
    {
        (major, info, value) = (0, 0, 0);
        if (rest.IsEmpty)
        {
            return false;
        }

        major = rest[0] >> 5;
        info = rest[0] & 31;
        rest = rest[1..];
        if (info < 24)
        {
            value = (ulong)info;
            return true;
        }

        // 28 to 30 are undefined, and DAG-CBOR forbids indefinite lengths (31).
        var size = info switch
        {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => 0,
        };
        if (size == 0 || rest.Length < size)
        {
            return false;
        }

        foreach (var part in rest[..size])
        {
            value = (value << 8) | part;
        }

        rest = rest[size..];
        return true;
    }

    private static bool TakeString(ref ReadOnlySpan<byte> rest, ulong length, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (length > (ulong)rest.Length)
        {
            return false;
        }

        content = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }

    private static bool Skip(ref ReadOnlySpan<byte> rest, int depth)
    {
        if (depth == MaxDepth || !ReadHead(ref rest, out var major, out _, out var value))
        {
            return false;
        }

        ulong items = major switch
        {
            Array => value,
            Map => value <= (ulong)rest.Length ? value * 2 : ulong.MaxValue,
            Tag => 1,
            _ => 0,
        };
        if (major is ByteString or TextString)
        {
            return TakeString(ref rest, value, out _);
        }

        // Every item takes a byte at least, so that a count beyond the input is a lie.
        if (items > (ulong)rest.Length)
        {
            return false;
        }

        for (; items > 0; items--)
        {
            if (!Skip(ref rest, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private bool Read(ref ReadOnlySpan<byte> rest)
    {
        if (!ReadHead(ref rest, out var major, out _, out var count) || major != Map || count > (ulong)rest.Length)
        {
            return false;
        }

        var keys = new HashSet<string>();
        for (; count > 0; count--)
        {
            if (!ReadHead(ref rest, out major, out _, out var length) || major != TextString || !TakeString(ref rest, length, out var name))
            {
                return false;
            }

            var key = Encoding.UTF8.GetString(name);
            if (!keys.Add(key) || !ReadValue(ref rest, key))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadValue(ref ReadOnlySpan<byte> rest, string key)
    {
        var whole = rest;
        if (!ReadHead(ref rest, out var major, out _, out var value))
        {
            return false;
        }

        switch (major)
        {
            case Unsigned:
                _integers[key] = value;
                return true;
            case Negative:
                return true;
            case ByteString:
                if (!TakeString(ref rest, value, out var content))
                {
                    return false;
                }

                _bytes[key] = content.ToArray();
                return true;
            default:
                rest = whole;
                return Skip(ref rest, 0);
        }
    }
}
