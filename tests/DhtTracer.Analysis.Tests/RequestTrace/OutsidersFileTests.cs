using System.Text.Json.Nodes;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport;

namespace DhtTracer.Analysis.Tests.RequestTrace;

/// <summary>
/// A download that somebody who had only <c>docs/request-trace.md</c> wrote by hand, with counts, hops and distances of their own
/// reckoning.
/// </summary>
public sealed class OutsidersFileTests
{
    private static readonly byte[] Bytes = File.ReadAllBytes(TestFiles.Data("request-trace", "cat.json"));

    /// <summary>What the page lets a writer leave out, since the reader works it out.</summary>
    private static readonly string[] WorkedOut = ["order", "xor", "hops", "referrer", "referrerInferred", "heardNs", "state", "duplicate"];

    [Fact]
    public void It_follows_the_format() => Assert.Empty(RequestTraceValidator.Check(Bytes));

    [Fact]
    public void What_its_author_counted_is_kept_and_drawn()
    {
        var query = Query(Bytes);

        Assert.Equal(
            new QueryCounts
            {
                Seen = 6,
                SeenComplete = true,
                Queried = 5,
                Dialed = 5,
                DialFailed = 1,
                ToQuery = 0,
                Remaining = 0,
                Results = 2,
                Returned = 8,
                Duplicates = 0,
                Sent = 0,
            },
            query.Counts
        );
        Assert.Equal(6, Waterfall.Of(query, PeerSort.Order).Rows.Length);
    }

    [Fact]
    public void Without_them_the_reader_counts_as_its_author_did()
    {
        var stated = Query(Bytes);
        var json = JsonNode.Parse(Bytes)!;
        var lookup = json["requests"]![0]!["lookups"]![0]!.AsObject();
        foreach (var member in (string[])["counts", "xor", "hops", "firstAnswerNs", "type", "key", "service", "node", "outcome"])
        {
            Assert.True(lookup.Remove(member));
        }

        foreach (var member in lookup["peers"]!.AsArray().SelectMany(peer => WorkedOut, (peer, name) => (peer!.AsObject(), name)))
        {
            member.Item1.Remove(member.name);
        }

        var counted = Query(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

        Assert.Equal(stated.Counts with { Sent = null }, counted.Counts);
        Assert.Equal((stated.Xor, stated.Hops, stated.FirstAnswerNs), (counted.Xor, counted.Hops, counted.FirstAnswerNs));
        Assert.Equal((stated.Type, stated.Key, stated.Node, stated.Outcome), (counted.Type, counted.Key, counted.Node, counted.Outcome));
        Assert.Equal(
            stated.Peers.Select(Reckoned).OrderBy(static row => row.Id, StringComparer.Ordinal),
            counted.Peers.Select(Reckoned).OrderBy(static row => row.Id, StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_became_of_its_providers_is_told()
    {
        var fates = Assert.Single(TraceReconstruction.Reconstruct(RequestTraceSpans.Decode(Bytes)).Operations).Fates;

        Assert.Equal((BlockArrival.Came, 1_402_000_000L), (fates!.Block, fates.BlockNs));
        Assert.Equal(
            [(ProviderStep.Connected, null, 238_000_000L), (ProviderStep.Failed, ProviderFailure.Dead, 156_000_000L)],
            fates.Providers.Select(static provider => (provider.Step, provider.Failure, provider.ConnectNs))
        );
    }

    // Not the order: the page said too little of it when the file was written.
    private static (string Id, int? Xor, int? Hops, string? Referrer, long? HeardNs, PeerState State) Reckoned(QueryPeer peer) =>
        (peer.Id, peer.Xor, peer.Hops, peer.Referrer, peer.HeardNs, peer.State);

    private static Query Query(byte[] file) => Assert.Single(TraceReconstruction.Reconstruct(RequestTraceSpans.Decode(file)).Queries);
}
