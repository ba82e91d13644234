using System.Collections.Immutable;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboLogs;

namespace DhtTracer.Truth.Tests.KuboTime;

/// <summary>
/// What became of providers, as block requests of a real Kubo show it, against the network that it ran in: which provider listened, which
/// of them were connected after the command (<c>swarm/peers</c>), and whether the command gave the block.
/// </summary>
public sealed class ProviderFatesTruthTests
{
    private static readonly Lazy<IReadOnlyList<BlockRequest>> Requests = new(() =>
        [.. BlockRequest.Read("fate"), .. BlockRequest.Read("fate-gateway-http")]
    );

    /// <summary>What a provider of a kind could at most get to, by how the network was built.</summary>
    private static readonly Dictionary<string, ProviderFailure> Planted = new(StringComparer.Ordinal)
    {
        ["dead"] = ProviderFailure.Dead,
        ["blackhole"] = ProviderFailure.Timeout,
        ["mute"] = ProviderFailure.Timeout,
        ["private"] = ProviderFailure.Timeout,
        ["quic-only"] = ProviderFailure.Timeout,
        ["noaddr-unknown"] = ProviderFailure.NoAddress,
        ["relay-norelay"] = ProviderFailure.Relay,
        ["relay-dead"] = ProviderFailure.Relay,
        ["wrong-id"] = ProviderFailure.WrongPeer,
        ["http"] = ProviderFailure.NoTransport,
        ["http-live"] = ProviderFailure.NoTransport,
        ["http-noblock"] = ProviderFailure.NoTransport,
        ["http-dead"] = ProviderFailure.NoTransport,
    };

    [Fact]
    public void Every_block_request_has_its_providers()
    {
        Assert.Equal(31, Requests.Value.Count);
        Assert.All(Requests.Value, static request => Assert.NotNull(request.Fates));
        Assert.All(
            Requests.Value.SelectMany(static request => request.Fates!.Providers.Select(provider => (request, provider))),
            static pair => Assert.Contains(pair.provider.Peer, pair.request.Kinds.Keys)
        );
    }

    [Fact]
    public void Connected_is_exactly_whom_the_daemon_was_connected_to()
    {
        var connected = Providers(static provider => provider.Step is ProviderStep.Connected or ProviderStep.WithoutBlock);
        var failed = Providers(static provider => provider.Step is ProviderStep.Failed or ProviderStep.FailedUnsaid);

        Assert.Equal(15, connected.Count);
        Assert.All(connected, static found => Assert.Contains(found.Provider.Peer, found.Request.ConnectedAfter));
        Assert.Equal(24, failed.Count);
        Assert.All(failed, static found => Assert.DoesNotContain(found.Provider.Peer, found.Request.ConnectedAfter));
    }

    [Fact]
    public void A_failure_is_the_one_that_was_planted()
    {
        var failed = Providers(static provider => provider.Step == ProviderStep.Failed);

        Assert.Equal(23, failed.Count);
        Assert.All(failed, static found => Assert.Equal(Planted[found.Kind], found.Provider.Failure));
        Assert.All(failed, static found => Assert.NotNull(found.Provider.ErrorText));
        Assert.Equal(
            [
                ProviderFailure.Dead,
                ProviderFailure.Timeout,
                ProviderFailure.NoAddress,
                ProviderFailure.Relay,
                ProviderFailure.WrongPeer,
                ProviderFailure.NoTransport,
            ],
            failed.Select(static found => found.Provider.Failure!.Value).Distinct().Order()
        );
    }

    [Fact]
    public void A_failure_whose_message_was_lost_is_of_a_dead_provider()
    {
        var found = Assert.Single(Providers(static provider => provider.Step == ProviderStep.FailedUnsaid));

        Assert.Equal("dead", found.Kind);
        Assert.Null(found.Provider.FailedNs);
        Assert.Null(found.Provider.Failure);
        Assert.NotNull(found.Provider.AddressLookupNs);
    }

    [Fact]
    public void The_block_came_exactly_when_the_command_gave_it()
    {
        Assert.All(
            Requests.Value,
            static request => Assert.Equal(request.Status == 200 ? BlockArrival.Came : BlockArrival.None, request.Fates!.Block)
        );
        Assert.Equal(9, Requests.Value.Count(static request => request.Fates!.BlockNs is not null));
    }

    [Fact]
    public void Without_the_block_is_exactly_a_connected_provider_that_was_built_without_it()
    {
        var without = Providers(static provider => provider.Step == ProviderStep.WithoutBlock);

        Assert.Equal(6, without.Count);
        Assert.All(without, static found => Assert.Contains(found.Kind, new[] { "noblock", "noaddr-server" }));
        Assert.All(
            Providers(static provider => provider.Step == ProviderStep.Connected),
            static found =>
                Assert.Contains(
                    "live",
                    found
                        .Kind.Replace("client-noaddr", "live", StringComparison.Ordinal)
                        .Replace("stale-server", "live", StringComparison.Ordinal),
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void A_black_hole_costs_five_seconds_a_mute_peer_ten_and_a_refused_address_less_than_one()
    {
        var seconds = Providers(static provider => provider.Step == ProviderStep.Failed)
            .ToLookup(static found => found.Kind, static found => found.Provider.ConnectNs!.Value / 1e9);

        Assert.All(seconds["blackhole"], static took => Assert.InRange(took, 5, 5.5));
        Assert.All(seconds["mute"], static took => Assert.InRange(took, 9.9, 10.5));
        Assert.All(seconds["dead"], static took => Assert.InRange(took, 0.05, 0.5));
    }

    [Fact]
    public void Addresses_are_those_of_the_record_and_steps_are_in_their_order()
    {
        Assert.All(
            Providers(static _ => true),
            static found =>
            {
                var provider = found.Provider;
                Assert.True(provider.NamedNs <= provider.FoundNs);
                Assert.True((provider.ConnectedNs ?? provider.FailedNs ?? provider.AddressLookupNs) >= provider.FoundNs);
                // Other addresses are those that the daemon, or the server that answered, knew itself.
                Assert.All(found.Addresses, address => Assert.Contains(address, provider.Addresses));
            }
        );
    }

    [Fact]
    public void Findprovs_dials_nobody_and_has_no_fates()
    {
        var commands = BlockRequest
            .Operations("fate")
            .Where(static operation => operation.Context.Any(static above => above.Detail == "/api/v0/routing/findprovs"))
            .ToList();

        Assert.Equal(9, commands.Count);
        Assert.All(commands, static operation => Assert.Null(operation.Fates));
    }

    /// <summary>Kinds of providers that were built with the block.</summary>
    private static bool HasBlock(string kind) =>
        kind.StartsWith("live", StringComparison.Ordinal)
        || kind.StartsWith("stale-", StringComparison.Ordinal)
        || kind is "client-noaddr" or "server-noaddr";

    [Fact]
    public void The_log_tells_who_sent_the_block_and_it_is_one_that_was_built_with_it()
    {
        var filled = Requests.Value.Where(static request => request.Status == 200).ToList();

        Assert.Equal(9, filled.Count);
        Assert.All(
            filled,
            static request =>
            {
                Assert.NotNull(request.WithLog!.SentBy);
                Assert.True(HasBlock(request.Kinds[request.WithLog.SentBy].Kind), request.Label);
                Assert.Contains(request.WithLog.SentBy, request.ConnectedAfter);
                Assert.Contains(request.WithLog.Providers, provider => provider.Answer == ProviderAnswer.Block);
            }
        );
        Assert.All(
            Requests.Value.Except(filled),
            static request => Assert.True(request.WithLog!.SentBy is null, "a block that did not come was sent by nobody")
        );
    }

    [Fact]
    public void A_provider_that_the_log_says_answered_without_the_block_was_built_without_it()
    {
        var without = Requests
            .Value.SelectMany(static request => request.WithLog!.Providers.Select(provider => (request, provider)))
            .Where(static pair => pair.provider.Answer == ProviderAnswer.DontHave)
            .ToList();

        Assert.NotEmpty(without);
        Assert.All(without, static pair => Assert.Equal("noblock", pair.request.Kinds[pair.provider.Peer].Kind));
    }

    [Fact]
    public void The_log_has_the_error_that_the_spans_lost()
    {
        var lost = Assert.Single(
            Requests.Value,
            static request => request.Fates!.Providers.Any(static provider => provider.Step == ProviderStep.FailedUnsaid)
        );

        Assert.DoesNotContain(lost.WithLog!.Providers, static provider => provider.Step == ProviderStep.FailedUnsaid);
        var found = lost.WithLog.Providers.Single(provider => lost.Kinds[provider.Peer].Kind == "dead");
        Assert.Equal((ProviderStep.Failed, ProviderFailure.Dead), (found.Step, found.Failure));
    }

    private static List<(BlockRequest Request, string Kind, ImmutableArray<string> Addresses, ProviderFate Provider)> Providers(
        Func<ProviderFate, bool> which
    ) =>
        [
            .. from request in Requests.Value
            from provider in request.Fates!.Providers
            where which(provider)
            let planted = request.Kinds[provider.Peer]
            select (request, planted.Kind, planted.Addresses, provider),
        ];

    /// <summary>A command that asked for a block, with what was planted and what the spans show.</summary>
    private sealed record BlockRequest(
        string Label,
        int Status,
        Dictionary<string, (string Kind, ImmutableArray<string> Addresses)> Kinds,
        HashSet<string> ConnectedAfter,
        ProviderFates? Fates,
        ProviderFates? WithLog
    )
    {
        public static List<BlockRequest> Read(string label)
        {
            var fates = Operations(label)
                .Where(static operation => operation.Fates is not null)
                .ToLookup(static operation => operation.Fates!.Cid);
            var log = Log(label);
            return
            [
                .. CaptureReader
                    .JsonLines(CaptureFolder.Of("kubo-time", label).File("ops.jsonl.gz"))
                    .Where(static op => op.GetProperty("cmd").GetString() != "routing/findprovs")
                    .Select(op => new BlockRequest(
                        op.GetProperty("label").GetString()!,
                        op.GetProperty("status").GetInt32(),
                        op.GetProperty("providers")
                            .EnumerateArray()
                            .ToDictionary(
                                static provider => provider.GetProperty("peer").GetString()!,
                                static provider => (provider.GetProperty("kind").GetString()!, Texts(provider.GetProperty("addrs")))
                            ),
                        [.. Texts(op.GetProperty("connectedAfter"))],
                        fates[op.GetProperty("cid").GetString()!].Select(static operation => operation.Fates).SingleOrDefault(),
                        fates[op.GetProperty("cid").GetString()!]
                            .Select(operation => FateLog.Fill(operation.Fates!, operation.StartUnixNano, log))
                            .SingleOrDefault()
                    )),
            ];
        }

        public static IEnumerable<Operation> Operations(string label) =>
            CaptureReader
                .Spans(CaptureFolder.Of("kubo-time", label).Files("spans.*.pb.gz"))
                .GroupBy(static span => span.TraceId)
                .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Operations);

        /// <summary>The lines of its log, read as an import reads them.</summary>
        private static List<BlockAnswer> Log(string label)
        {
            var rejected = new List<RejectedSpan>();
            var reader = new KuboLogReader(TraceHints.None, rejected);
            var spans = reader.Read(CaptureReader.Gunzip(CaptureFolder.Of("kubo-time", label).File("log.jsonl.gz")));
            Assert.Empty(rejected);
            return
            [
                .. spans
                    .GroupBy(static span => span.TraceId)
                    .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Sweep)
                    .OfType<BlockAnswer>(),
            ];
        }

        private static ImmutableArray<string> Texts(JsonElement texts) =>
            [.. texts.EnumerateArray().Select(static text => text.GetString()!)];
    }
}
