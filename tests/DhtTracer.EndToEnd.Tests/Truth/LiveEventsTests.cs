using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Json;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.EventLog2019;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// The event log that a node streams while a query runs, and the one that is exported of the same query from its spans, are the same events
/// with the same state of the runner at the end.
/// </summary>
public sealed class LiveEventsTests(ShownQueries shown) : IClassFixture<ShownQueries>
{
    private readonly VirtualTime _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Live_and_exported_events_of_a_query_are_the_same()
    {
        var network = new SimulatedNetwork(_time, 120, 5);
        foreach (var peer in network.Peers.Where(peer => peer.Index % 5 == 1))
        {
            peer.Fault = Fault.Refuses;
        }

        var content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("content"u8));
        var key = "/v/live"u8.ToArray();
        var provider = network.CreateNode(40);
        _time.Run(() => provider.AddProviderAsync(content, null, Token));
        _time.Run(() => provider.PutValueAsync(key, "value"u8.ToArray(), null, Token));
        var wanted = network.Peers[50].Id;
        Func<DhtNode, QueryOptions, Task<QueryResult>>[] queries =
        [
            (dht, options) => dht.FindPeerAsync(wanted, options, Token),
            (dht, options) => dht.GetProvidersAsync(content, options, Token),
            (dht, options) => dht.GetValueAsync(key, options, Token),
            (dht, options) => dht.GetClosestPeersAsync(key, options, Token),
        ];
        var runs = new List<(QueryResult Result, List<JsonObject> Live)>();
        foreach (var (index, query) in queries.Index())
        {
            var live = new List<JsonObject>();
            var node = network.CreateNode(2 + index);
            var result = _time.Run(() =>
                query(node, new QueryOptions { Observers = [new EventLogObserver(text => live.Add(JsonNode.Parse(text)!.AsObject()))] })
            );
            runs.Add((result, live));
        }

        shown.Send();
        foreach (var (result, live) in runs)
        {
            var json = await shown.ReadAsync(result.Span!.Value, Token);
            var output = new ArrayBufferWriter<byte>();
            EventLogWriter.Write(output, QueryJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString())));
            var exported = Encoding
                .UTF8.GetString(output.WrittenSpan)
                .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line["data: ".Length..])!.AsObject())
                .Where(e => (string?)e["system"] == "dht")
                .ToList();

            Assert.Equal(Told(live), Told(exported));
            Assert.Equal(Runner(live[^1]), Runner(exported[^1]));
        }
    }

    /// <summary>Every event with what it says of itself, by time; those of one moment in a fixed order.</summary>
    private static List<string> Told(IEnumerable<JsonObject> events) =>
        [
            .. events
                .Select(e =>
                    string.Join(
                        ' ',
                        e.Where(field => field.Key != "QueryRunner")
                            .OrderBy(field => field.Key, StringComparer.Ordinal)
                            .Select(field => $"{field.Key}={field.Value?.ToJsonString()}")
                    )
                )
                .OrderBy(text => text[text.IndexOf("time=", StringComparison.Ordinal)..], StringComparer.Ordinal)
                .ThenBy(text => text, StringComparer.Ordinal),
        ];

    private static List<string> Runner(JsonObject last) => [.. Fields("QueryRunner", last["QueryRunner"])];

    /// <summary>Each field by its path. What happened in one moment stands in a list in no particular order.</summary>
    private static IEnumerable<string> Fields(string path, JsonNode? node) =>
        node switch
        {
            JsonObject fields => fields
                .OrderBy(field => field.Key, StringComparer.Ordinal)
                .SelectMany(field => Fields($"{path}.{field.Key}", field.Value)),
            JsonArray items => [$"{path}=[{string.Join(' ', items.Select(item => item?.ToJsonString()).Order(StringComparer.Ordinal))}]"],
            null => [$"{path}=null"],
            _ => [$"{path}={node.ToJsonString()}"],
        };
}
