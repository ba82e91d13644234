using System.Security.Cryptography;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Tests.Explain;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Analysis.Tests.Network;

/// <summary>Which lookups tell the closest peers of their key, and what a lookup tells of peers.</summary>
public sealed class ObservedLookupTests
{
    private const int Wanted = 4;

    // Peers by their distance to the key 00…: position and distance are the same.
    private static readonly string[] Ids =
    [
        .. Enumerable
            .Range(0, 12)
            .Select(static number => Base58.Encode([0x12, 0x20, .. SHA256.HashData([(byte)number])]))
            .OrderBy(static id => Position(id)),
    ];

    [Fact]
    public void The_k_closest_that_answered_are_a_set_when_everything_nearer_failed()
    {
        var lookup = Of(Peers(failed: [0, 2]));

        Assert.Equal(new[] { 1, 3, 4, 5 }.Select(static number => Position(Ids[number])), lookup.Closest.AsEnumerable());
        Assert.Equal(Position(Ids[5]) / Math.Pow(2, 64), lookup.Radius!.Value, 12);
    }

    [Fact]
    public void A_nearer_peer_that_was_never_settled_leaves_no_set()
    {
        Assert.Empty(Of(Peers(open: [2])).Closest);
        Assert.Null(Of(Peers(open: [2])).Radius);

        // Behind the set it does not matter.
        Assert.Equal(Wanted, Of(Peers(open: [Wanted])).Closest.Length);
    }

    [Theory]
    [InlineData(QueryOutcome.Cancelled, QueryTermination.Completed)]
    [InlineData(QueryOutcome.TimedOut, null)]
    [InlineData(QueryOutcome.Incomplete, null)]
    [InlineData(QueryOutcome.Failed, null)]
    [InlineData(QueryOutcome.Success, QueryTermination.Stopped)]
    [InlineData(QueryOutcome.Success, QueryTermination.Cancelled)]
    public void A_lookup_that_did_not_end_by_convergence_has_no_set(QueryOutcome outcome, QueryTermination? termination) =>
        Assert.Empty(ObservedLookup.Of(Query(Peers()) with { Outcome = outcome, Termination = termination })!.Closest);

    [Fact]
    public void Fewer_answers_than_wanted_are_no_set() => Assert.Empty(Of(Peers(failed: [.. Enumerable.Range(3, 9)])).Closest);

    [Fact]
    public void The_peer_that_is_looked_for_and_the_looking_node_are_not_in_the_set()
    {
        var key = PeerId.Parse(Ids[0]);
        var query = Query(Peers()) with
        {
            Key = new QueryKey(Ids[0], Convert.ToHexStringLower(key.Bytes), KadId.Of(key).ToString()),
            Node = Ids[3],
        };

        var closest = ObservedLookup.Of(query)!.Closest;
        Assert.Equal(Wanted, closest.Length);
        Assert.DoesNotContain(Position(Ids[0]), closest);
        Assert.DoesNotContain(Position(Ids[3]), closest);
    }

    [Fact]
    public void Queries_that_asked_nobody_and_those_of_a_local_network_are_left_out()
    {
        Assert.Null(ObservedLookup.Of(Query([])));
        Assert.Null(ObservedLookup.Of(Query(Peers()) with { Skipped = true }));
        Assert.Null(ObservedLookup.Of(Query(Peers()) with { Side = DhtSide.Lan }));
        Assert.NotNull(ObservedLookup.Of(Query(Peers()) with { Side = DhtSide.Wan, Key = null }));
    }

    [Fact]
    public void What_an_answer_named_is_counted_by_what_became_of_it()
    {
        var peers = Peers(failed: [1, 2], open: [5]);
        peers[0] = peers[0] with { Requests = [peers[0].Requests[0] with { Named = [Ids[0], Ids[1], Ids[2], Ids[3], Ids[5]] }] };
        var lookup = Of(peers);

        // Neither itself nor the open one counts.
        Assert.Equal((3, 2), (lookup.Peers[0].NamedTried, lookup.Peers[0].NamedDead));
        Assert.Null(lookup.Peers[3].NamedTried);
        Assert.Equal("dial-timeout", lookup.Peers[1].Error);
        Assert.Equal("quic", lookup.Peers[0].Transport);
        Assert.True(lookup.Peers[0].SpeaksDht);
    }

    [Theory]
    [InlineData("healthy-full", 120)]
    [InlineData("cold-faults", 210)]
    public void Captured_lookups_tell_how_many_servers_answer(string label, int answering)
    {
        // healthy-full: 120 servers. cold-faults: 300 servers, of which 90 are dead, silent, or refuse.
        var sets = new ClosestSets();
        var queries = Directory
            .GetFiles(TestFiles.Data("go", label), "*.pb.gz")
            .SelectMany(static file => OtlpProtobuf.Decode(Inflate(file)))
            .GroupBy(static span => span.TraceId)
            .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Queries);
        foreach (var query in queries)
        {
            if (ObservedLookup.Of(query) is { } lookup)
            {
                sets.Add(lookup);
            }
        }

        var size = sets.Size()!;
        Assert.True(size.Keys >= 5);
        Assert.True(size.Low <= answering && size.High >= answering, $"{size}");
    }

    private static byte[] Inflate(string path)
    {
        using var gzip = new System.IO.Compression.GZipStream(File.OpenRead(path), System.IO.Compression.CompressionMode.Decompress);
        using var output = new MemoryStream();
        gzip.CopyTo(output);
        return output.ToArray();
    }

    private static ulong Position(string id) => KadId.Of(PeerId.Parse(id)).Leading64;

    private static ObservedLookup Of(QueryPeer[] peers) => ObservedLookup.Of(Query(peers))!;

    private static Query Query(QueryPeer[] peers) =>
        new QueryBuilder().Query with
        {
            Key = new QueryKey("key", "00", new string('0', 64)),
            Parameters = new QueryParameters(3, 2, Wanted),
            Peers = [.. peers],
        };

    private static QueryPeer[] Peers(int[]? failed = null, int[]? open = null) =>
        [
            .. Ids.Select(
                (id, number) =>
                    failed?.Contains(number) == true
                        ? new QueryPeer
                        {
                            Id = id,
                            State = PeerState.DialFailed,
                            Dial = new PeerDial(0, 1, false, new TraceError("dial-timeout", null)),
                        }
                    : open?.Contains(number) == true ? new QueryPeer { Id = id, State = PeerState.Heard }
                    : new QueryPeer
                    {
                        Id = id,
                        State = PeerState.Answered,
                        Addresses = ["/ip4/192.0.2.1/udp/4001/quic-v1"],
                        Requests =
                        [
                            new PeerRequest
                            {
                                Type = MessageType.FindNode,
                                StartNs = 0,
                                DurationNs = 1,
                                Outcome = RequestOutcome.Answered,
                            },
                        ],
                    }
            ),
        ];
}
