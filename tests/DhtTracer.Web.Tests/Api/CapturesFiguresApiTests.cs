using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

/// <summary>
/// Every figure over real captures and samples of three sources, computed again by the tests from the queries one by one. That the queries
/// are what the captures say is held elsewhere: against raw spans in <see cref="CapturesApiTests"/>, field by field in the tests of the
/// dialects.
/// </summary>
public sealed class CapturesFiguresApiTests
{
    [Fact]
    public async Task Every_figure_of_overview_and_peers_is_that_of_the_queries()
    {
        var (queries, asked) = (Captured(), Asked());
        await using var site = await Site.StartAsync();
        await CapturesApiTests.LoadAsync(site, Spans());

        foreach (
            var (parameters, part) in new[]
            {
                ("background=1", asked.AsEnumerable()),
                ("background=1&source=js-libp2p", asked.Where(query => query.Source == TraceSource.JsLibp2p)),
                ("background=1&source=go-libp2p-kad-dht", asked.Where(query => query.Source == TraceSource.GoKadDht)),
                ("background=1&type=get-providers", asked.Where(query => query.Type == QueryType.GetProviders)),
            }
        )
        {
            var expected = part.ToList();
            Assert.NotEmpty(expected);
            OverviewTruth.Check((await site.JsonAsync("/api/v1/overview?" + parameters)).GetProperty("figures"), expected);
        }

        var answer = await site.JsonAsync("/api/v1/peers?limit=1000");
        var truth = PeerTruth.Of(queries);
        Assert.Equal(truth.Count, answer.GetProperty("count").GetInt32());
        foreach (var peer in answer.GetProperty("peers").EnumerateArray())
        {
            truth[peer.GetProperty("peerId").GetString()!].Check(peer);
        }

        Assert.Contains(queries, query => query.Peers.Any(peer => peer.Dial is { Error: not null }));
        Assert.Contains(queries, query => query.Peers.Any(peer => peer.Dial is { Reused: true }));
        Assert.Contains(queries, query => query.Peers.Any(peer => peer.Hops > 1));
    }

    [Fact]
    public async Task Every_figure_of_a_comparison_is_that_of_the_queries()
    {
        var queries = Asked().Where(query => !query.Background).ToList();
        await using var site = await Site.StartAsync();
        await CapturesApiTests.LoadAsync(site, Spans());
        var answer = await site.JsonAsync("/api/v1/compare?a.source=js-libp2p&b.source=go-libp2p-kad-dht");
        ComparisonTruth.Check(
            answer,
            [.. queries.Where(query => query.Source == TraceSource.JsLibp2p)],
            [.. queries.Where(query => query.Source == TraceSource.GoKadDht)]
        );
    }

    /// <summary>
    /// What statistics count: for each operation that had anybody to ask its decisive query, with the operation's own start, duration,
    /// outcome, error and discovery.
    /// </summary>
    private static List<Query> Asked() =>
        [
            .. Spans()
                .GroupBy(span => span.TraceId)
                .Select(trace => TraceReconstruction.Reconstruct([.. trace]))
                .SelectMany(found =>
                    found
                        .Operations.Where(operation => operation.Queries.Any(query => !query.Skipped))
                        .Select(operation =>
                        {
                            var decisive = found.Queries.Single(query => query.Id == operation.Decisive);
                            var later = (long)(decisive.StartUnixNano - operation.StartUnixNano);
                            return decisive with
                            {
                                StartUnixNano = operation.StartUnixNano,
                                DurationNs = operation.DurationNs,
                                Outcome = operation.Outcome,
                                Error = operation.Error,
                                DiscoveryNs = operation.DiscoveryNs,
                                Type = operation.Type,
                                Peers =
                                [
                                    .. decisive.Peers.Select(peer =>
                                        peer with
                                        {
                                            Requests =
                                            [
                                                .. peer.Requests.Select(request => request with { StartNs = request.StartNs + later }),
                                            ],
                                        }
                                    ),
                                ],
                            };
                        })
                ),
        ];

    private static List<Query> Captured() =>
        [.. Spans().GroupBy(span => span.TraceId).SelectMany(trace => TraceReconstruction.Reconstruct([.. trace]).Queries)];

    private static IEnumerable<Span> Spans() =>
        Directory
            .GetFiles(TestFiles.Data("js-libp2p"), "*.json")
            .Order(StringComparer.Ordinal)
            .SelectMany(path => OtlpJson.Decode(File.ReadAllBytes(path)))
            .Concat(OtlpJson.DecodeLines(CapturesApiTests.KuboSample()))
            .Concat(EventLog2019Reader.Decode(File.ReadAllBytes(TestFiles.Samples("eventlog-2019-format.from-js-capture-04.txt"))));
}
