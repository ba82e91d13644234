namespace DhtTracer.Traces.Thrift;

/// <summary>Skips fields of any type.</summary>
internal static class ThriftSkipping
{
    private const int DeepestNesting = 32;

    /// <summary>Skips the value of a field.</summary>
    public static void Skip<TReader>(ref TReader reader, ThriftType type)
        where TReader : IThriftReader, allows ref struct => Skip(ref reader, type, inList: false, depth: 0);

    private static void Skip<TReader>(ref TReader reader, ThriftType type, bool inList, int depth)
        where TReader : IThriftReader, allows ref struct
    {
        if (depth > DeepestNesting)
        {
            throw reader.Error($"expected values nested at most {DeepestNesting} deep");
        }

        switch (type)
        {
            case ThriftType.Struct:
                short id = 0;
                while (reader.TryReadField(ref id, out var fieldType))
                {
                    Skip(ref reader, fieldType, inList: false, depth + 1);
                }

                break;
            case ThriftType.List or ThriftType.Set:
                for (var left = reader.ReadListHeader(out var elementType); left > 0; left--)
                {
                    Skip(ref reader, elementType, inList: true, depth + 1);
                }

                break;
            case ThriftType.Map:
                for (var left = reader.ReadMapHeader(out var keyType, out var valueType); left > 0; left--)
                {
                    Skip(ref reader, keyType, inList: true, depth + 1);
                    Skip(ref reader, valueType, inList: true, depth + 1);
                }

                break;
            default:
                reader.SkipScalar(type, inList);
                break;
        }
    }
}
