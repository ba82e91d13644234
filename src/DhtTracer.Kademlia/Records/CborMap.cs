using System.Formats.Cbor;

namespace DhtTracer.Kademlia.Records;

/// <summary>
/// The subset of DAG-CBOR that an IPNS record needs (https://ipld.io/specs/codecs/dag-cbor/spec/): one map from text keys to byte strings
/// and integers. <c>a1 63 54 54 4c 01</c> is <c>{"TTL": 1}</c>. Values of other types are skipped, because later versions of the record may
/// add them.
/// </summary>
internal sealed class CborMap
{
    private const int MaxDepth = 8;

    private readonly Dictionary<string, byte[]> _bytes = [];
    private readonly Dictionary<string, ulong> _integers = [];

    /// <summary>
    /// Reads a map that fills the whole input. Null if it is malformed, repeats a key, or has a part of indefinite length, which DAG-CBOR
    /// forbids. The order of keys is not checked; go-ipld-prime does not check it either.
    /// </summary>
    public static CborMap? TryParse(ReadOnlyMemory<byte> input)
    {
        // Strict mode refuses repeated keys and invalid UTF-8.
        var reader = new CborReader(input, CborConformanceMode.Strict);
        var map = new CborMap();
        try
        {
            return map.Read(reader) && reader.BytesRemaining == 0 ? map : null;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            // The reader throws these for malformed input, a key that is not text, and a length beyond 2^31.
            return null;
        }
    }

    /// <summary>Writes a map in DAG-CBOR's order: shorter keys first, then by bytes.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, byte[]> bytes, IReadOnlyDictionary<string, ulong> integers)
    {
        // Canonical mode sorts the keys that way.
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(bytes.Count + integers.Count);
        foreach (var (key, value) in bytes)
        {
            writer.WriteTextString(key);
            writer.WriteByteString(value);
        }

        foreach (var (key, value) in integers)
        {
            writer.WriteTextString(key);
            writer.WriteUInt64(value);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    public byte[]? GetBytes(string key) => _bytes.GetValueOrDefault(key);

    public ulong? GetInteger(string key) => _integers.TryGetValue(key, out var value) ? value : null;

    private bool Read(CborReader reader)
    {
        if (reader.ReadStartMap() is null)
        {
            return false;
        }

        while (reader.PeekState() != CborReaderState.EndMap)
        {
            if (reader.PeekState() != CborReaderState.TextString)
            {
                return false;
            }

            var key = reader.ReadTextString();
            switch (reader.PeekState())
            {
                case CborReaderState.UnsignedInteger:
                    _integers[key] = reader.ReadUInt64();
                    break;
                case CborReaderState.ByteString:
                    _bytes[key] = reader.ReadByteString();
                    break;
                default:
                    if (!Skip(reader))
                    {
                        return false;
                    }

                    break;
            }
        }

        reader.ReadEndMap();
        return true;
    }

    /// <summary>Skips one value. <see cref="CborReader.SkipValue"/> would accept parts of indefinite length and any depth.</summary>
    private static bool Skip(CborReader reader)
    {
        var outside = reader.CurrentDepth;
        while (true)
        {
            switch (reader.PeekState())
            {
                case CborReaderState.StartArray when reader.CurrentDepth < MaxDepth && reader.ReadStartArray() is not null:
                case CborReaderState.StartMap when reader.CurrentDepth < MaxDepth && reader.ReadStartMap() is not null:
                    continue;
                case CborReaderState.Tag:
                    _ = reader.ReadTag();
                    continue;
                case CborReaderState.StartArray
                or CborReaderState.StartMap
                or CborReaderState.StartIndefiniteLengthByteString
                or CborReaderState.StartIndefiniteLengthTextString:
                    return false;
                case CborReaderState.EndArray:
                    reader.ReadEndArray();
                    break;
                case CborReaderState.EndMap:
                    reader.ReadEndMap();
                    break;
                default:
                    reader.SkipValue();
                    break;
            }

            if (reader.CurrentDepth == outside)
            {
                return true;
            }
        }
    }
}
