using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Analysis.Tests.Redaction;

/// <summary>A redacted file names nobody of the original, and every figure of it is the original's.</summary>
public sealed partial class RedactorTests
{
    /// <summary>Traces of one dialect. More say nothing new, and cost the tests time.</summary>
    private const int MostTraces = 2;

    private static readonly Redactor Redactor = new(RedactionSecret.Of("of a test"));

    public static TheoryData<string> Dialects => [.. DialectCaptures.Names];

    [Theory]
    [MemberData(nameof(Dialects))]
    public void No_peer_key_address_or_trace_of_the_original_is_in_any_file(string dialect)
    {
        foreach (var trace in DialectCaptures.Traces(dialect).Take(MostTraces))
        {
            var hidden = trace.Queries.SelectMany(Identities).Concat(trace.Operations.SelectMany(Identities)).ToHashSet();
            Assert.NotEmpty(hidden);
            foreach (var operation in trace.Operations)
            {
                var queries = trace.Queries.Where(query => query.OperationId == operation.Id);
                var spans = Redactor.Spans(operation, queries);
                foreach (var file in Files(operation, queries).Append(OtlpJson.Encode(spans)))
                {
                    var text = Encoding.UTF8.GetString(file);
                    Assert.DoesNotContain(
                        Words().Matches(text).Concat(Addresses().Matches(text)).Select(static match => match.Value),
                        hidden.Contains
                    );
                    Assert.All(hidden.Where(static word => word.Contains('/')), word => Assert.DoesNotContain(word, text));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Every_figure_of_a_query_is_the_same_after_redaction_and_import(string dialect)
    {
        foreach (var trace in DialectCaptures.Traces(dialect).Take(MostTraces))
        {
            var spans = trace.Operations.SelectMany(operation => Redactor.Spans(operation, trace.Queries)).ToList();
            var back = TraceReconstruction.Reconstruct(spans);

            Assert.Equal(
                trace.Queries.Select(Figures).Order(StringComparer.Ordinal),
                back.Queries.Select(Figures).Order(StringComparer.Ordinal)
            );
            Assert.Equal(
                trace
                    .Operations.Select(static one => (one.StartUnixNano, one.DurationNs, one.Outcome, one.DiscoveryNs, one.Results))
                    .Order(),
                back.Operations.Select(static one => (one.StartUnixNano, one.DurationNs, one.Outcome, one.DiscoveryNs, one.Results)).Order()
            );
        }
    }

    [Fact]
    public void Distances_between_any_two_peers_stay_what_they_are()
    {
        var original = DialectCaptures.Traces("Kubo").SelectMany(static trace => trace.Queries).MaxBy(static query => query.Peers.Length)!;
        var redacted = Redactor.Redact(original);

        var before = original.Peers.Select(static peer => PeerText.KadId(peer.Id)!.Value).ToList();
        var after = redacted.Peers.Select(static peer => Pseudonym.KadId(peer.Id)!.Value).ToList();
        Assert.True(before.Count > 20);
        Assert.DoesNotContain(before, after.Contains);
        for (var i = 1; i < before.Count; i++)
        {
            Assert.Equal(Xor(before[0], before[i]), Xor(after[0], after[i]));
        }
    }

    [Fact]
    public void The_same_secret_gives_the_same_pseudonyms_and_another_gives_others()
    {
        var trace = DialectCaptures.Traces("js-libp2p")[0];
        byte[] File(RedactionSecret secret) => OtlpJson.Encode(new Redactor(secret).Spans(trace.Operations[0], trace.Queries));

        Assert.Equal(File(RedactionSecret.Of("of a test")), OtlpJson.Encode(Redactor.Spans(trace.Operations[0], trace.Queries)));
        Assert.NotEqual(File(RedactionSecret.Random()), File(RedactionSecret.Random()));
    }

    [Theory]
    [InlineData("/ip4/8.8.8.8/udp/4001/quic-v1", "^/ip4/198\\.18\\.\\d+\\.\\d+/udp/4001/quic-v1$")]
    [InlineData("/ip4/192.168.1.7/tcp/34567", "^/ip4/10\\.255\\.\\d+\\.\\d+/tcp/0$")]
    [InlineData("/ip4/127.0.0.1/tcp/4001", "^/ip4/127\\.255\\.\\d+\\.\\d+/tcp/4001$")]
    [InlineData("/ip6/2606:4700::1111/tcp/443/tls/sni/example.org/ws", "^/ip6/2001:db8::[0-9a-f]{4}:[0-9a-f]{4}/tcp/443/tls/ws$")]
    [InlineData("/ip6/fe80::1/tcp/4001", "^/ip6/fe80::[0-9a-f]{4}:[0-9a-f]{4}/tcp/4001$")]
    [InlineData("/dns4/node.example.org/tcp/443/wss", "^/dns4/host-[0-9a-f]{8}\\.invalid/tcp/443/wss$")]
    [InlineData(
        "/ip4/8.8.4.4/tcp/4001/p2p/12D3KooWHoE5Nu5NgBXHPcW2QwtaPY5gF9pfnNkMizcRH3y5iPp8/p2p-circuit",
        "^/ip4/198\\.18\\.\\d+\\.\\d+/tcp/4001/p2p-circuit$"
    )]
    public void An_address_keeps_its_class_and_transport(string address, string expected) =>
        Assert.Matches(expected, Redacted(address, null).Addresses[0]);

    [Theory]
    [InlineData("failed to dial: connection refused", "^failed to dial: connection refused$")]
    [InlineData(
        "all dials failed\n  * [/ip4/8.8.8.8/tcp/4001] dial tcp4 8.8.8.8:4001: i/o timeout",
        "^all dials failed\n  \\* \\[/ip4/198\\.18\\.\\d+\\.\\d+/tcp/4001\\] dial tcp4 198\\.18\\.\\d+\\.\\d+:4001: i/o timeout$"
    )]
    [InlineData(
        "failed to dial 12D3KooWHoE5Nu5NgBXHPcW2QwtaPY5gF9pfnNkMizcRH3y5iPp8: no addresses",
        "^failed to dial kad-[0-9a-f]{64}: no addresses$"
    )]
    [InlineData("peer <peer.ID 12*y5iPp8> is gone", "^peer <peer.ID 12\\*…> is gone$")]
    [InlineData(
        "read tcp [2606:4700::1111]:443->[fe80::2]:4001: reset",
        "^read tcp \\[2001:db8::[0-9a-f:]{9}\\]:443->\\[fe80::[0-9a-f:]{9}\\]:4001: reset$"
    )]
    [InlineData("lookup node.example.org: no such host", "^lookup host-[0-9a-f]{8}\\.invalid: no such host$")]
    [InlineData("open /home/alice/.ipfs/datastore: denied", "^open /home/…: denied$")]
    [InlineData("cannot find \"hello\"", "^cannot find \"…\"$")]
    public void A_free_text_keeps_its_words_only(string text, string expected) =>
        Assert.Matches(expected, Redacted("/ip4/8.8.8.8/tcp/4001", text).Dial!.Error!.Text);

    private static QueryPeer Redacted(string address, string? error)
    {
        var bytes = "/v/hello"u8.ToArray();
        var id = new QueryId(new Traces.Model.TraceId(1, 2), new Traces.Model.SpanId(3));
        var query = new Query
        {
            Id = id,
            OperationId = id,
            Type = QueryType.GetValue,
            Key = new QueryKey("/v/hello", Convert.ToHexStringLower(bytes), KadId.Of(bytes).ToString()),
            Source = TraceSource.Native,
            StartUnixNano = 1,
            Outcome = QueryOutcome.Success,
            Peers =
            [
                new QueryPeer
                {
                    Id = "12D3KooWHoE5Nu5NgBXHPcW2QwtaPY5gF9pfnNkMizcRH3y5iPp8",
                    State = PeerState.DialFailed,
                    Addresses = [address],
                    Dial = new PeerDial(0, 1, false, new TraceError(ErrorClass.DialFailed, error)),
                },
            ],
        };
        var trace = ReconstructedTrace.Of([query]);
        return Redactor.Redact(trace.Operations[0], trace.Queries).Queries[0].Peers[0];
    }

    private static IEnumerable<byte[]> Files(Operation operation, IEnumerable<Query> queries)
    {
        var (redacted, others) = Redactor.Redact(operation, queries);
        yield return RequestTraceWriter.ToUtf8(redacted, others, redacted: true);
        foreach (var query in others.Take(1))
        {
            yield return HtmlExport.ToUtf8(query, "/q", []);
            yield return HarExport.ToUtf8(query);
        }
    }

    private static IEnumerable<string> Identities(Operation operation) =>
        [
            operation.Id.TraceId.ToString(),
            operation.Id.SpanId.ToString(),
            .. operation.Node is { } node ? [node] : Array.Empty<string>(),
            .. operation.Fates?.Providers.Select(static provider => provider.Peer) ?? [],
        ];

    private static IEnumerable<string> Identities(Query query)
    {
        var peers = query
            .Peers.SelectMany(static peer => peer.Requests)
            .SelectMany(static request => request.Named.IsDefault ? [] : request.Named)
            .Concat(query.Peers.Select(static peer => peer.Id))
            .Distinct();
        return
        [
            query.Id.SpanId.ToString(),
            .. peers,
            .. peers.Select(static id => PeerText.KadId(id)?.ToString()).OfType<string>(),
            .. query.Key is { } key ? [key.Text, key.Bytes, key.KadId] : Array.Empty<string>(),
            .. query
                .Peers.SelectMany(static peer => peer.Addresses)
                .Select(static address => address.Split('/'))
                .Where(static parts => parts.Length > 2 && parts[2] is not "::1")
                .Select(static parts => parts[2]),
        ];
    }

    /// <summary>The JSON of a query with peers by their place, and without names and texts.</summary>
    private static string Figures(Query query)
    {
        var json = JsonNode.Parse(QueryJson.ToUtf8(query))!.AsObject();
        var place = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var peer in query.Peers)
        {
            place.TryAdd(peer.Id, place.Count);
        }

        Clean(json);
        return json.ToJsonString();

        void Clean(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject item:
                    foreach (var (name, value) in item.ToList())
                    {
                        if (
                            name
                            is "traceId"
                                or "spanId"
                                or "operationId"
                                or "key"
                                or "service"
                                or "node"
                                or "text"
                                or "sentence"
                                or "agent"
                                or "addresses"
                                or "protocols"
                                or "value"
                        )
                        {
                            item[name] = value is null ? null : "some";
                        }
                        else if (value is JsonValue text && text.TryGetValue(out string? id) && place.TryGetValue(id, out var at))
                        {
                            item[name] = at;
                        }
                        else if (name == "id")
                        {
                            item[name] = "some";
                        }
                        else if (name == "named" && value is JsonArray named)
                        {
                            item[name] = string.Join(
                                ' ',
                                named.Select(one => place.TryGetValue((string)one!, out var number) ? number : -1)
                            );
                        }
                        else
                        {
                            Clean(value);
                        }
                    }

                    break;
                case JsonArray items:
                    foreach (var item in items)
                    {
                        Clean(item);
                    }

                    break;
            }
        }
    }

    private static string Xor(KadId one, KadId other) =>
        Convert.ToHexString([.. one.ToBytes().Zip(other.ToBytes(), static (left, right) => (byte)(left ^ right))]);

    [GeneratedRegex("[A-Za-z0-9]+")]
    private static partial Regex Words();

    [GeneratedRegex("[A-Fa-f0-9.:]+")]
    private static partial Regex Addresses();
}
