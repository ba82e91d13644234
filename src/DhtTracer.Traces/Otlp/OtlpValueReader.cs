using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Protobuf;
using Fields = DhtTracer.Traces.Otlp.OtlpFields;

namespace DhtTracer.Traces.Otlp;

/// <summary>
/// Reads OTLP attributes. Attributes are pushed on a stack and popped as one array of the exact size, so nested lists need no lists of
/// their own.
/// </summary>
internal sealed class OtlpValueReader
{
    private const int LargestKeptScratch = 16_384;

    private static readonly BoolValue Yes = new(true);
    private static readonly BoolValue No = new(false);
    private static readonly BytesValue NoBytes = new(ImmutableArray<byte>.Empty);

    private readonly Utf8StringCache _texts = new(1024);
    private readonly Utf8StringCache _strings = new(16_384);
    private List<KeyValuePair<string, AttributeValue>> _attributes = [];
    private List<AttributeValue> _elements = [];

    /// <summary>The height of the stack, for <see cref="Pop"/>.</summary>
    public int Mark => _attributes.Count;

    /// <summary>Empties the stack. An earlier input that failed may have left items on it.</summary>
    public void Reset()
    {
        _attributes = Emptied(_attributes);
        _elements = Emptied(_elements);
    }

    /// <summary>Returns the list, cleared, or a new one if the list has grown too large to keep.</summary>
    public static List<T> Emptied<T>(List<T> scratch)
    {
        if (scratch.Capacity > LargestKeptScratch)
        {
            return [];
        }

        scratch.Clear();
        return scratch;
    }

    /// <summary>Reads a string field that repeats often: a key, a name, a version.</summary>
    public string ReadText(ref ProtobufReader message) => _texts.GetString(message.ReadBytes());

    /// <summary>Reads a <c>KeyValue</c> and pushes it on the stack.</summary>
    public void PushAttribute(ProtobufReader message, int depth)
    {
        var key = "";
        AttributeValue value = EmptyValue.Instance;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.KeyValue.Key:
                    key = ReadText(ref message);
                    break;
                case Fields.KeyValue.Value:
                    value = ReadValue(message.ReadMessage(), depth);
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        _attributes.Add(KeyValuePair.Create(key, value));
    }

    /// <summary>Pops the attributes pushed since <paramref name="mark"/>.</summary>
    public AttributeList Pop(int mark)
    {
        if (_attributes.Count == mark)
        {
            return AttributeList.Empty;
        }

        var popped = CollectionsMarshal.AsSpan(_attributes)[mark..].ToArray();
        CollectionsMarshal.SetCount(_attributes, mark);
        return new AttributeList(ImmutableCollectionsMarshal.AsImmutableArray(popped));
    }

    private AttributeValue ReadValue(ProtobufReader message, int depth)
    {
        AttributeValue value = EmptyValue.Instance;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case Fields.AnyValue.String:
                    value = _strings.GetValue(message.ReadBytes());
                    break;
                case Fields.AnyValue.Bool:
                    value = message.ReadVarint() != 0 ? Yes : No;
                    break;
                case Fields.AnyValue.Int:
                    value = new IntValue(unchecked((long)message.ReadVarint()));
                    break;
                case Fields.AnyValue.Double:
                    value = new DoubleValue(BitConverter.UInt64BitsToDouble(message.ReadFixed64()));
                    break;
                case Fields.AnyValue.Bytes:
                    var bytes = message.ReadBytes();
                    value = bytes.IsEmpty ? NoBytes : new BytesValue([.. bytes]);
                    break;
                case Fields.AnyValue.Array:
                    value = ReadArray(message.ReadMessage(), Deeper(ref message, depth));
                    break;
                case Fields.AnyValue.KeyValueList:
                    value = ReadList(message.ReadMessage(), Deeper(ref message, depth));
                    break;
                default:
                    message.Skip(tag);
                    break;
            }
        }

        return value;
    }

    private static int Deeper(ref ProtobufReader message, int depth) =>
        depth < Fields.AnyValue.DeepestNesting
            ? depth + 1
            : throw message.Error($"expected values nested at most {Fields.AnyValue.DeepestNesting} deep");

    private ArrayValue ReadArray(ProtobufReader message, int depth)
    {
        var mark = _elements.Count;
        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.AnyValue.Values)
            {
                _elements.Add(ReadValue(message.ReadMessage(), depth));
            }
            else
            {
                message.Skip(tag);
            }
        }

        var popped = CollectionsMarshal.AsSpan(_elements)[mark..].ToArray();
        CollectionsMarshal.SetCount(_elements, mark);
        return new ArrayValue(ImmutableCollectionsMarshal.AsImmutableArray(popped));
    }

    private KeyValueListValue ReadList(ProtobufReader message, int depth)
    {
        var mark = Mark;
        while (message.TryReadTag(out var tag))
        {
            if (tag == Fields.AnyValue.Values)
            {
                PushAttribute(message.ReadMessage(), depth);
            }
            else
            {
                message.Skip(tag);
            }
        }

        return new KeyValueListValue(Pop(mark));
    }
}
