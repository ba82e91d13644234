using System.Security.Cryptography;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Multiformats;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Network;

/// <summary>What the store gives of lookups equals what the analysis sees in them.</summary>
public abstract class NetworkContract : StoreContract
{
    private static readonly string[] Ids =
    [
        .. Enumerable.Range(0, 40).Select(static number => Base58.Encode([0x12, 0x20, .. SHA256.HashData([(byte)number])])),
    ];

    [Fact]
    public async Task Lookups_are_added_up_as_the_analysis_sees_them()
    {
        await using var store = await OpenAsync();
        Query[] queries = [.. Enumerable.Range(1, 8).Select(number => Lookup(number, number))];
        var expected = new NetworkTally();
        foreach (var query in queries.Reverse())
        {
            expected.Add(ObservedLookup.Of(query)!);
        }

        foreach (var query in queries)
        {
            await Make.SaveAsync(store, query.Id.TraceId, query);
        }

        var found = await store.ReadNetworkAsync(new QueryFilter());

        Assert.False(found.HasOlder);
        Same(expected.ToReport(hasOlder: false), found.ToReport());
        var sets = found.Tally.SetsAround(ObservedLookup.Of(queries[0])!);
        Assert.Equal(8, sets.Lookups.Count);
        Assert.Equal(ObservedLookup.Of(queries[7])! with { Peers = [], Closest = [] }, sets.Lookups[0] with { Peers = [], Closest = [] });
        Assert.Equal(ObservedLookup.Of(queries[7])!.Closest.AsEnumerable(), sets.Lookups[0].Closest.AsEnumerable());
    }

    [Fact]
    public async Task The_latest_of_a_filter_are_read_and_it_is_said_when_older_ones_are_left_out()
    {
        await using var store = await OpenAsync();
        for (var number = 1; number <= 5; number++)
        {
            await Make.SaveAsync(store, Make.Trace(number), Lookup(number, number) with { Background = number == 5 });
        }

        async Task<(int Lookups, bool HasOlder, ulong? Last)> ReadAsync(QueryFilter filter, int limit)
        {
            var report = (await store.ReadNetworkAsync(filter, limit)).ToReport();
            return (report.Lookups, report.HasOlder, report.LastUnixNano);
        }

        var all = new QueryFilter { Background = null };
        Assert.Equal((3, true, Make.Start + 5), await ReadAsync(all, 3));
        Assert.Equal((5, false, Make.Start + 5), await ReadAsync(all, 5));
        Assert.Equal((4, false, Make.Start + 4), await ReadAsync(all with { Background = false }, 5));
        Assert.Equal(
            (2, false, Make.Start + 3),
            await ReadAsync(all with { FromUnixNano = Make.Start + 2, ToUnixNano = Make.Start + 4 }, 5)
        );
        Assert.Equal((5, false, Make.Start + 5), await ReadAsync(all with { Peer = Ids[0] }, 5));
        Assert.Equal((1, true, Make.Start + 5), await ReadAsync(all with { Peer = Ids[0] }, 1));
    }

    [Fact]
    public async Task What_is_stored_follows_the_trace()
    {
        await using var store = await OpenAsync();
        await Make.SaveAsync(store, Make.Trace(1), Lookup(1, 1));
        await Make.SaveAsync(store, Make.Trace(2), Lookup(2, 2));

        // Analysed again, it shows nobody asked.
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 9))]);
        Assert.True(await Make.AnalyseAsync(store, Make.Trace(1), Lookup(1, 1) with { Peers = [] }));
        Assert.Equal(1, (await store.ReadNetworkAsync(new QueryFilter())).ToReport().Lookups);

        await store.Upkeep.DeleteOlderThanAsync(DateTimeOffset.UtcNow.AddDays(1));
        Assert.Equal(0, (await store.ReadNetworkAsync(new QueryFilter())).ToReport().Lookups);
    }

    private static void Same(NetworkReport expected, NetworkReport found)
    {
        Assert.Equal(expected.Size, found.Size);
        Assert.Equal(
            (expected.Peers.Asked, expected.Peers.Answered, expected.Peers.Unreachable, expected.Peers.WithoutDht),
            (found.Peers.Asked, found.Peers.Answered, found.Peers.Unreachable, found.Peers.WithoutDht)
        );
        Assert.True(expected.Peers is { Unreachable: > 0, Answered: > 20 });
        Assert.Equal(expected.Peers.ByError.AsEnumerable(), found.Peers.ByError.AsEnumerable());
        Assert.Equal(expected.Peers.ByAgent.AsEnumerable(), found.Peers.ByAgent.AsEnumerable());
        Assert.Equal(expected.Peers.ByTransport.AsEnumerable(), found.Peers.ByTransport.AsEnumerable());
        Assert.Equal(
            (expected.Dead!.Lookups, expected.Dead.Tried, expected.Dead.Dead, expected.Dead.Namers),
            (found.Dead!.Lookups, found.Dead.Tried, found.Dead.Dead, found.Dead.Namers)
        );
        Assert.Equal(expected.Dead.Worst.AsEnumerable(), found.Dead.Worst.AsEnumerable());
        Assert.Equal(expected.Recall! with { Worst = [] }, found.Recall! with { Worst = [] });
    }

    // 30 of the 40 peers answer, 8 cannot be dialed and 2 do not speak the protocol.
    private static Query Lookup(int trace, int after)
    {
        var peers = Ids.Select(
            (id, number) =>
                (number % 5) switch
                {
                    4 => new QueryPeer
                    {
                        Id = id,
                        State = PeerState.DialFailed,
                        Addresses = ["/ip4/192.0.2.1/tcp/4001"],
                        Dial = new PeerDial(0, 1, false, new TraceError(ErrorClass.DialTimeout, "✗")),
                    },
                    3 when number < 10 => new QueryPeer
                    {
                        Id = id,
                        State = PeerState.RequestFailed,
                        Agent = "other/1",
                        Requests = [Request(RequestOutcome.Failed) with { Error = new TraceError(ErrorClass.ProtocolNotSupported, null) }],
                    },
                    _ => new QueryPeer
                    {
                        Id = id,
                        State = PeerState.Answered,
                        Agent = "kubo/0.43",
                        Requests = [Request(RequestOutcome.Answered) with { Named = [.. Ids] }],
                    },
                }
        );
        return Make.Query(Make.Trace(trace), new SpanId(1)) with
        {
            Type = QueryType.GetClosestPeers,
            StartUnixNano = Make.Start + (ulong)after,
            DurationNs = 100,
            Key = new QueryKey($"key{trace}", $"0{trace}", Convert.ToHexStringLower(SHA256.HashData([(byte)(100 + trace)]))),
            Peers = [.. peers],
        };
    }

    private static PeerRequest Request(RequestOutcome outcome) =>
        new()
        {
            Type = MessageType.FindNode,
            StartNs = 2,
            DurationNs = 3,
            Outcome = outcome,
        };
}
