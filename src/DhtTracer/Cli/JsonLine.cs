using System.Buffers;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Cli;

/// <summary>A query or an operation as one line of JSON.</summary>
internal static class JsonLine
{
    /// <summary>A query with its peers.</summary>
    public static string Of(Query query) => Encoding.UTF8.GetString(QueryJson.ToUtf8(query));

    /// <summary>An operation.</summary>
    public static string Of(Operation operation) => Encoding.UTF8.GetString(OperationJson.ToUtf8(operation));

    /// <summary>A query without its peers.</summary>
    public static string Of(QuerySummary query)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, QueryJson.Compact))
        {
            QueryJson.WriteWithoutPeers(json, query);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
