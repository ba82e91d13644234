using System.Buffers;
using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.Tests.EventLog2019;

/// <summary>What the formats of 2019 keep of a query and what they lose, field by field: the table in docs/exports.md.</summary>
public class LossTests
{
    private static readonly SimulatedNetwork Network = new(7, 1500, new NetworkFaults(0.1, 0.1, 0.1));

    /// <summary>Fields that come back from an event log other than they were, in some query, and why.</summary>
    private static readonly Dictionary<string, string[]> Lost = new()
    {
        ["the log names a query by key and start"] = ["id", "traceId", "spanId", "operationId", "source"],
        ["the log has no word for it"] =
        [
            "service",
            "side",
            "background",
            "error",
            "termination",
            "terminatedNs",
            "discoveryNs",
            "discoveredBy",
            "parameters.beta",
            "parameters.k",
            "counts.results",
            "counts.sent",
            "peers.takenNs",
            "peers.hopsAtLeast",
            "peers.addresses",
            "peers.agent",
            "peers.protocols",
            "peers.dial.error.text",
            "peers.requests.error",
            "peers.requests.error.class",
            "peers.requests.error.text",
            "peers.requests.providers",
            "peers.requests.records",
        ],
        ["the runner says whether its goal was reached and that it ended, no more"] = ["outcome"],
        ["a dial succeeds or fails, also when it was cancelled"] = ["peers.dial.error.class", "counts.dialFailed"],
        ["finding a connection is one moment"] = ["peers.dial.durationNs"],
        ["a request is answered or over, also when it was never sent"] = ["peers.requests.outcome", "peers.state", "counts.queried"],
        ["lines of one moment have no order"] = ["peers.order"],
        ["it adds every peer at some moment, the latest possible when it is unknown, and counts who is left"] =
        [
            "peers.heardNs",
            "counts.remaining",
            "counts.seenComplete",
        ],
        ["what triggered a request is not in it"] = ["peers.askedAfter"],
        ["what was waited for follows from outcomes that the log does not tell"] = ["peers.timeLostNs", "phases"],
        ["an answer that came after the lookup had stopped names peers that it never took in"] = ["peers.requests.named"],
        ["rules of lookups rest on what the log does not tell, and are then silent"] = ["lint"],
        ["only what answers name is in it"] = ["peers.referrer", "peers.referrerInferred"],
    };

    private static readonly Dictionary<string, Query> Queries = new(
        from name in Captures.Labels.Concat([
            .. Enum.GetNames<KuboOperation>().Select(name => "kubo " + name),
            "native FindPeer",
            "native GetProviders",
            "native GetClosestPeers",
        ])
        select KeyValuePair.Create(name, QueryOf(name))
    );

    public static TheoryData<string> Sources => [.. Queries.Keys];

    [Fact]
    public void An_event_log_keeps_every_field_but_those_it_is_said_to_lose()
    {
        var changed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (source, query) in Queries)
        {
            var (before, after) = (Fields(query), Fields(ReadBack(query)));
            foreach (var (name, value) in before.Where(field => after.GetValueOrDefault(field.Key) != field.Value))
            {
                changed.TryAdd(name, $"{source}: {value} became {after.GetValueOrDefault(name) ?? "nothing"}");
            }
        }

        Assert.Equal(Lost.Values.SelectMany(names => names).Order(StringComparer.Ordinal), changed.Keys);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void What_a_query_does_not_tell_does_not_become_a_number_in_an_event_log(string source)
    {
        var query = Queries[source];
        var (before, after) = (Fields(query), Fields(ReadBack(query)));

        Assert.NotEmpty(before);
        Assert.All(
            before.Where(field => field.Key is not ("peers.heardNs" or "counts.remaining")),
            field =>
            {
                var values = field.Value.Split(';');
                var again = after.GetValueOrDefault(field.Key, "null").Split(';');

                // Requests whose error is unknown have no class and no text: their lists are shorter.
                if (values.Length == again.Length)
                {
                    Assert.All(values.Zip(again).Where(pair => pair.First == "null"), pair => Assert.Equal("null", pair.Second));
                }
            }
        );
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Vis_state_holds_what_it_has_names_for(string source)
    {
        var query = Queries[source];
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            VisStateWriter.Write(json, [query]);
        }

        var root = JsonDocument.Parse(output.WrittenMemory).RootElement[0];
        var runner = root.GetProperty("RunnerState");
        Assert.Equal(query.Id.ToString(), root.GetProperty("QueryID").GetString());
        Assert.Equal(
            (query.Counts.Seen, query.Counts.Queried, query.Counts.Dialed, query.Counts.ToQuery, query.Counts.Remaining),
            (
                Number(runner, "PeersSeen"),
                Number(runner, "PeersQueried"),
                Number(runner, "PeersDialed"),
                Number(runner, "PeersToQuery"),
                Number(runner, "PeersRemaining")
            )
        );
        Assert.Equal(query.Outcome == QueryOutcome.Success, runner.GetProperty("Result").GetProperty("Success").GetBoolean());
        Assert.Equal(query.Parameters.Alpha, Number(runner.GetProperty("RateLimit"), "Capacity"));
        Assert.Equal(query.StartUnixNano, UnixNano(runner, "StartTime"));
        Assert.Equal(query.StartUnixNano + (ulong?)query.DurationNs, UnixNano(runner, "EndTime"));
        var rows = root.GetProperty("PeerQueries").EnumerateArray().ToList();

        // A row without spans blanks the page of 2019: peers that were never dialed nor asked count only in PeersSeen.
        var drawn = query.Peers.Where(peer => peer.Dial is not null || peer.Requests.Any(request => request.StartNs is not null)).ToList();
        Assert.Equal(drawn.Select(peer => peer.Id), rows.Select(row => row.GetProperty("PeerID").GetString()));
        Assert.All(rows, row => Assert.NotEqual(0, row.GetProperty("Spans").GetArrayLength()));
        Assert.Equal(query.Counts.Queried, Number(runner.GetProperty("Result"), "QueriedPeers"));
        foreach (var (peer, row) in drawn.Zip(rows))
        {
            Assert.Equal((peer.Order, peer.Xor, peer.Hops), (Number(row, "Order"), Number(row, "XORDistance"), Number(row, "Hops")));
            Assert.Equal(
                (
                    Sum(peer, request => request.Records),
                    Sum(peer, request => request.Returned),
                    Sum(peer, request => request.New),
                    Sum(peer, request => request.Providers)
                ),
                (Number(row, "Records"), Number(row, "CloserPeersRecv"), Number(row, "CloserPeersNew"), Number(row, "ProviderPeersRecv"))
            );
            var spans = row.GetProperty("Spans").EnumerateArray().ToList();
            var expected = peer.Requests.Select(request => ("Request", request.StartNs, request.DurationNs));
            expected = peer.Dial is { } dial ? expected.Prepend(("Dial", (long?)dial.StartNs, dial.DurationNs)) : expected;
            Assert.Equal(
                expected.Select(span =>
                    (
                        span.Item1,
                        (ulong?)(query.StartUnixNano + (ulong)span.StartNs!),
                        query.StartUnixNano + (ulong?)(span.StartNs + span.DurationNs),
                        span.DurationNs / 1000
                    )
                ),
                spans.Select(span =>
                    (span.GetProperty("Type").GetString()!, UnixNano(span, "Start"), UnixNano(span, "End"), Long(span, "Duration"))
                )
            );
        }
    }

    private static Query QueryOf(string source)
    {
        if (source.StartsWith("kubo ", StringComparison.Ordinal))
        {
            var trace = new KuboTraceSimulator(4).Simulate(new KuboScenario { Operation = Enum.Parse<KuboOperation>(source[5..]) });
            return TraceReconstruction.Reconstruct(trace.Spans).Queries[0];
        }

        if (!source.StartsWith("native ", StringComparison.Ordinal))
        {
            return Captures.OnlyQuery(source);
        }

        var lookup = new LookupSimulator(Network).Run(LookupSimulator.NewLookup(Network, Enum.Parse<QueryType>(source[7..]), 1));
        var query = Assert.Single(TraceReconstruction.Reconstruct(NativeTrace.Of(lookup with { Background = true })).Queries);
        var fresh = query.Peers.ToLookup(peer => peer.Referrer, peer => peer.Id);
        return query with
        {
            Peers =
            [
                .. query.Peers.Select(peer =>
                    peer with
                    {
                        Protocols = ["/ipfs/kad/1.0.0"],
                        Requests =
                        [
                            .. peer.Requests.Select(request =>
                                request with
                                {
                                    New = request.Named.IsDefault ? null : fresh[peer.Id].Intersect(request.Named).Count(),
                                }
                            ),
                        ],
                    }
                ),
            ],
        };
    }

    private static Query ReadBack(Query query)
    {
        var output = new ArrayBufferWriter<byte>();
        EventLogWriter.Write(output, query);
        return Assert.Single(TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(output.WrittenSpan)).Queries);
    }

    /// <summary>Every field of a query by its name in the JSON of the API; those of peers, dials and requests as one text over all peers by
    /// id.</summary>
    private static Dictionary<string, string> Fields(Query query)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in JsonDocument.Parse(QueryJson.ToUtf8(query)).RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "peers":
                    foreach (
                        var peer in member
                            .Value.EnumerateArray()
                            .OrderBy(peer => peer.GetProperty("id").GetString(), StringComparer.Ordinal)
                    )
                    {
                        Add("peers", peer);
                    }

                    break;
                case "parameters" or "counts":
                    Add(member.Name, member.Value);
                    break;
                default:
                    fields[member.Name] = member.Value.GetRawText();
                    break;
            }
        }

        return fields;

        void Add(string prefix, JsonElement element)
        {
            foreach (var member in element.EnumerateObject())
            {
                var name = $"{prefix}.{member.Name}";
                switch (member.Value.ValueKind)
                {
                    case JsonValueKind.Object:
                        Add(name, member.Value);
                        break;
                    case JsonValueKind.Array when member.Name == "requests":
                        foreach (var item in member.Value.EnumerateArray())
                        {
                            Add(name, item);
                        }

                        break;
                    default:
                        fields[name] = fields.GetValueOrDefault(name) + member.Value.GetRawText() + ";";
                        break;
                }
            }
        }
    }

    private static int? Sum(QueryPeer peer, Func<PeerRequest, int?> value) =>
        peer.Requests.Any(request => value(request) is not null) ? peer.Requests.Sum(request => value(request) ?? 0) : null;

    private static int? Number(JsonElement element, string name) => (int?)Long(element, name);

    private static long? Long(JsonElement element, string name) =>
        element.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;

    // A DateTimeOffset would round what is smaller than 100 ns.
    private static ulong? UnixNano(JsonElement element, string name)
    {
        if (element.GetProperty(name).GetString() is not { } time)
        {
            return null;
        }

        var parts = time.TrimEnd('Z').Split('.');
        var seconds = (ulong)DateTimeOffset.Parse(parts[0] + "Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        return (seconds * 1_000_000_000) + (parts.Length == 1 ? 0 : ulong.Parse(parts[1].PadRight(9, '0'), CultureInfo.InvariantCulture));
    }
}
