using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;

namespace DhtTracer.Truth.Tests.KuboEvents;

/// <summary>Operations that came both as a daemon's spans and as its query events, in one trace.</summary>
public sealed class KuboEventsJoinTests
{
    public static TheoryData<string> Captures => CaptureFolder.Labels("kubo");

    [Theory]
    [MemberData(nameof(Captures))]
    public void The_closer_peers_of_provider_lookups_come_from_the_events_and_the_times_from_the_spans(string label)
    {
        var capture = CaptureFolder.Of("kubo", label);
        var spans = CaptureReader.Spans(capture.Files("spans.*.pb.gz")).ToLookup(static span => span.TraceId);
        var compared = 0;
        foreach (
            var command in CapturedCommand
                .Read(capture.Path)
                .Where(static command => CapturedStream.Type(command) == "get-providers" && command.Trace is not null)
        )
        {
            Assert.True(TraceId.TryParse(command.Trace, out var id));
            var stream = CapturedStream.Spans(command, id);
            var told = Assert.Single(TraceReconstruction.Reconstruct(stream).Queries);
            var alone = Assert.Single(
                TraceReconstruction.Reconstruct([.. spans[id]]).Operations,
                static operation => operation is { Type: QueryType.GetProviders, Background: false }
            );
            var both = TraceReconstruction.Reconstruct([.. spans[id], .. stream]);

            var joined = Assert.Single(
                both.Operations,
                static operation => operation is { Type: QueryType.GetProviders, Background: false }
            );
            Assert.Equal((alone.Id, TraceSource.GoKadDhtAndKuboEvents), (joined.Id, joined.Source));
            Assert.Equal(
                (alone.StartUnixNano, alone.DurationNs, alone.Results, command.Node),
                (joined.StartUnixNano, joined.DurationNs, joined.Results, joined.Node)
            );
            Assert.DoesNotContain(both.Queries, query => query.Id == told.Id);
            Assert.Equal(alone.Queries.Select(static query => query.Id), joined.Queries.Select(static query => query.Id));
            Assert.Equal((told.Id, joined.Id), (Assert.Single(both.Streams).Id, both.Streams[0].JoinedTo));

            var expected = Answers([told]);
            var ours = Answers([.. both.Queries.Where(query => query.OperationId == joined.Id)]);
            foreach (var (peer, answers) in ours)
            {
                // Answers that came after the stream was closed are in the spans alone.
                Assert.Equal(expected.GetValueOrDefault(peer, []).Order(StringComparer.Ordinal), answers.Order(StringComparer.Ordinal));
                compared += answers.Count;
            }

            CheckReferrers(command, [.. both.Queries.Where(query => query.OperationId == joined.Id)]);
        }

        Assert.True(compared > 0, "no answer was compared");
    }

    [Fact]
    public void The_order_of_spans_and_events_does_not_matter()
    {
        var command = CapturedCommand.Of("file-exporter", "findprovs-5");
        Assert.True(TraceId.TryParse(command.Trace, out var id));
        Span[] all =
        [
            .. CaptureReader.Spans(CaptureFolder.Of("kubo", "file-exporter").Files("spans.*.pb.gz")).Where(span => span.TraceId == id),
            .. CapturedStream.Spans(command, id),
        ];

        Assert.Equal(Text(all), Text([.. all.Reverse()]));

        static string Text(Span[] spans) => JsonSerializer.Serialize(TraceReconstruction.Reconstruct(spans).Queries);
    }

    /// <summary>What each answer named, by the peer that gave it.</summary>
    private static Dictionary<string, List<string>> Answers(IReadOnlyList<Query> queries) =>
        queries
            .SelectMany(static query => query.Peers)
            .SelectMany(static peer =>
                peer.Requests.Where(static request => request is { Outcome: RequestOutcome.Answered, Named.IsDefault: false })
                    .Select(request => (peer.Id, Named: string.Join(' ', request.Named)))
            )
            .GroupBy(static answer => answer.Id)
            .ToDictionary(static group => group.Key, static group => group.Select(static answer => answer.Named).ToList());

    /// <summary>In the lookup of the public network a peer of its routing table was named by nobody.</summary>
    private static void CheckReferrers(CapturedCommand command, IReadOnlyList<Query> queries)
    {
        foreach (var query in queries)
        {
            foreach (var peer in query.Peers.Where(static peer => peer.Referrer is not null))
            {
                Assert.False(
                    query.Side == DhtSide.Wan && command.WanSeeds?.Contains(peer.Id) == true,
                    $"{command.Capture} {command.Label}: {peer.Id} is of the routing table, not named by {peer.Referrer}"
                );
                Assert.Contains(
                    query.Peers.Single(other => other.Id == peer.Referrer).Requests,
                    static request => request.Outcome == RequestOutcome.Answered
                );
            }
        }
    }
}
