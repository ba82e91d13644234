using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport;
using DhtTracer.Traces;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Analysis.Tests.RequestTrace;

/// <summary>
/// A file that was written by hand from <c>docs/request-trace.md</c> alone. It has no counts, so that the reader counts. Distances were
/// computed by another program.
/// </summary>
public sealed class ByHandTests
{
    private static readonly byte[] File = System.IO.File.ReadAllBytes(TestFiles.Data("request-trace", "by-hand.json"));

    [Fact]
    public void Its_format_is_recognised() => Assert.Equal(TraceFormat.RequestTrace, TraceFormatDetector.Detect(File));

    [Fact]
    public void It_is_the_example_of_the_specification()
    {
        var page = System.IO.File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "request-trace.md"));

        Assert.Contains(System.Text.Encoding.UTF8.GetString(File).Trim(), page, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_request_is_an_operation()
    {
        var operation = Assert.Single(TraceReconstruction.Reconstruct(RequestTraceSpans.Decode(File)).Operations);

        Assert.Equal("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", operation.Id.ToString());
        Assert.Equal((QueryType.GetProviders, TraceSource.RequestTrace), (operation.Type, operation.Source));
        Assert.Equal((900_000_000L, 850_000_000L, 1), (operation.DurationNs, operation.DiscoveryNs, operation.Results));
        Assert.Equal("00f067aa0ba902b7", operation.Decisive?.SpanId.ToString());
    }

    [Fact]
    public void What_it_leaves_out_follows_from_its_peers()
    {
        var query = Query();

        Assert.Equal((QueryType.GetProviders, QueryOutcome.Success), (query.Type, query.Outcome));
        Assert.Equal(
            new QueryCounts
            {
                Seen = 3,
                Queried = 2,
                Dialed = 3,
                DialFailed = 1,
                ToQuery = 0,
                Remaining = 0,
                Results = 1,
                Returned = 3,
                Duplicates = 0,
            },
            query.Counts
        );
        Assert.Equal((200_000_000L, 1), (query.FirstAnswerNs, query.Hops));
        var seed = query.Peers[0];
        Assert.Equal((1, 0, 0L, null), (seed.Order, seed.Hops, seed.HeardNs, seed.Referrer));
        Assert.All(query.Peers.Skip(1), peer => Assert.Equal((1, 200_000_000L, seed.Id), (peer.Hops, peer.HeardNs, peer.Referrer)));
        Assert.Equal([PeerState.Answered, PeerState.Answered, PeerState.DialFailed], query.Peers.Select(static peer => peer.State).Order());
        Assert.Equal([2, 0], query.Peers.SelectMany(static peer => peer.Requests).Select(static request => request.New));
    }

    [Fact]
    public void Distances_follow_from_its_ids() =>
        Assert.Equal(
            new Dictionary<string, int?>
            {
                ["12D3KooWHoE5Nu5NgBXHPcW2QwtaPY5gF9pfnNkMizcRH3y5iPp8"] = 256,
                ["12D3KooWE7HuTsgTtXX1xcx1nPsA1dtDoi93DGWPXsNrmc4o1HF8"] = 255,
                ["12D3KooWKCMs6DGFztL3fKzNRGYdLj3WbbAVHd5ZRrJU6cJBGhNe"] = 256,
            },
            Query().Peers.ToDictionary(static peer => peer.Id, static peer => peer.Xor)
        );

    [Fact]
    public void It_is_drawn()
    {
        var waterfall = Waterfall.Of(Query(), PeerSort.Order);

        Assert.Equal(
            ["200ms, 2/2 peers", "✓ 650ms, 1 rec, 0/1 peers", "✗ 500ms"],
            waterfall.Rows.Select(static row => row.Label.ToString()).Order(StringComparer.Ordinal)
        );
    }

    private static Query Query() => Assert.Single(TraceReconstruction.Reconstruct(RequestTraceSpans.Decode(File)).Queries);
}
