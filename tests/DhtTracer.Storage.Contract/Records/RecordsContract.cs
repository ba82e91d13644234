using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract.Records;

/// <summary>What the store gives of records and of providers equals what the analysis found.</summary>
public abstract class RecordsContract : StoreContract
{
    private const string Holder = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
    private const string Other = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";

    private static readonly QueryKey Name = new("/ipns/k51", "2f69706e732f00", new string('a', 64));
    private static readonly QueryKey Cid = new("bafy", "122000", new string('b', 64));

    [Fact]
    public async Task What_an_operation_shows_of_a_record_comes_back_latest_first()
    {
        await using var store = await OpenAsync();
        var (first, second) = (Looked(1, 0), Looked(2, 60));
        await SaveAsync(store, second);
        await SaveAsync(store, first);

        var found = await ReadAsync(store, Name, 10);
        Assert.False(found.HasOlder);
        Assert.Empty(found.Corrections);
        Assert.Equal([second.Operations[0].Id, first.Operations[0].Id], found.Sightings.Select(static sighting => sighting.Operation));
        Same(RecordSighting.Of(second.Operations[0], second.Queries)!, found.Sightings[0]);
        Assert.Equal(new IpnsValue("/ipfs/bafy", 7, 1_900_000_000_000_000_001), found.Sightings[0].Values[0].Ipns);

        var cut = await ReadAsync(store, Name, 1);
        Assert.True(cut.HasOlder);
        Assert.Single(cut.Sightings);
        Assert.Empty((await ReadAsync(store, Cid, 10)).Sightings);
    }

    [Fact]
    public async Task An_operation_that_is_analysed_again_shows_the_new_state_only()
    {
        await using var store = await OpenAsync();
        var looked = Looked(1, 0);
        await SaveAsync(store, looked);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 9))]);
        var without = looked.Queries[0] with { Peers = [] };
        await AnalyseAsync(store, Make.Trace(1), ReconstructedTrace.Of([without]));

        Assert.Empty(Assert.Single((await ReadAsync(store, Name, 10)).Sightings).Holders);
    }

    [Fact]
    public async Task What_a_looking_node_sent_by_itself_comes_back_as_corrections()
    {
        await using var store = await OpenAsync();
        await SaveAsync(
            store,
            new ReconstructedTrace([], [], [Sent(3, MessageType.PutValue, Holder, 5), Sent(4, MessageType.AddProvider, Holder, 6)])
        );

        Assert.Equal(
            [new RecordCorrection(Holder, Make.Start + 5, RequestOutcome.Answered)],
            (await ReadAsync(store, Name, 10)).Corrections
        );
    }

    [Fact]
    public async Task Keys_are_those_touched_last_those_published_last_and_those_published_before_a_time()
    {
        await using var store = await OpenAsync();
        Assert.Empty((await store.ListRecordKeysAsync(1, 10)).Keys);
        Assert.Null((await store.ListRecordKeysAsync(1, 10)).LatestUnixNano);

        await SaveAsync(store, Published(1, Cid, 0));
        await SaveAsync(store, Published(2, Cid with { Text = "bafz", Bytes = "122001" }, 100));
        await SaveAsync(store, Looked(3, 200));
        await SaveAsync(
            store,
            ReconstructedTrace.Of([Make.Query(Make.Trace(4), new SpanId(1)) with { Key = Cid, StartUnixNano = Make.Start + 300 }])
        );

        var all = await store.ListRecordKeysAsync(1, 10);
        Assert.Equal(["/ipns/k51", "bafz", "bafy"], all.Keys.Select(static key => key.Text));
        Assert.Equal(Make.Start + 200, all.LatestUnixNano);
        Assert.Equal(Name, all.Keys[0]);

        // One of each: the lookup, the last publication, and the last before 150 ns ago.
        Assert.Equal(["/ipns/k51", "bafz", "bafy"], (await store.ListRecordKeysAsync(150, 1)).Keys.Select(static key => key.Text));
        Assert.Equal(["/ipns/k51", "bafz"], (await store.ListRecordKeysAsync(50, 1)).Keys.Select(static key => key.Text));
    }

    [Fact]
    public async Task Fates_of_providers_are_counted_exactly_and_by_time()
    {
        await using var store = await OpenAsync();
        await SaveAsync(store, Fetched(1, 0, BlockArrival.None));
        await SaveAsync(store, Fetched(2, 1000, BlockArrival.Came));
        await SaveAsync(store, Looked(3, 0));

        var all = await store.CountFatesAsync(new QueryFilter());
        Assert.Equal((2, 1, 1), (all.Requests, all.Came, all.Missed));
        Assert.Equal((6, 2, 2, 2, 0), (all.All.Providers, all.All.Failed, all.All.Connected, all.All.Unknown, all.All.WithoutBlock));
        Assert.Equal([("tcp", 4L), ("no address", 2L)], all.ByTransport.Select(static count => (count.Name, count.Providers)));
        Assert.Equal([("unknown", 4L), ("kubo/0.43.1", 2L)], all.ByAgent.Select(static count => (count.Name, count.Providers)));
        Assert.Equal([(ProviderFailure.Dead, 2L, 14L)], all.ByFailure.Select(static c => (c.Failure, c.Count, c.ConnectNs)));
        Assert.Equal(0.5, all.All.FailedShare);

        Assert.Equal(1, (await store.CountFatesAsync(new QueryFilter { FromUnixNano = Make.Start + 1000 })).Requests);
        Assert.Equal(0, (await store.CountFatesAsync(new QueryFilter { FromUnixNano = Make.Start + 1001 })).Requests);
    }

    private static void Same(RecordSighting expected, RecordSighting found)
    {
        Assert.Equal(expected.Holders.AsEnumerable(), found.Holders.AsEnumerable());
        Assert.Equal(expected.SentTo.AsEnumerable(), found.SentTo.AsEnumerable());
        Assert.Equal(expected.Values.AsEnumerable(), found.Values.AsEnumerable());
        Assert.Equal(expected with { Holders = [], SentTo = [], Values = [] }, found with { Holders = [], SentTo = [], Values = [] });
    }

    private static ReconstructedTrace Looked(int trace, ulong after) =>
        ReconstructedTrace.Of([
            Make.Query(Make.Trace(trace), new SpanId(1)) with
            {
                Type = QueryType.GetValue,
                Key = Name,
                Node = Other,
                StartUnixNano = Make.Start + after,
                DurationNs = 12,
                Peers =
                [
                    Peer(Holder, Answered(1) with { Ipns = new IpnsValue("/ipfs/bafy", 7, 1_900_000_000_000_000_001) }),
                    Peer(Other, Answered(0)),
                ],
            },
        ]);

    private static ReconstructedTrace Published(int trace, QueryKey key, ulong after) =>
        ReconstructedTrace.Of([
            Make.Query(Make.Trace(trace), new SpanId(1)) with
            {
                Type = QueryType.AddProvider,
                Key = key,
                StartUnixNano = Make.Start + after,
                Peers =
                [
                    Peer(
                        Holder,
                        new PeerRequest
                        {
                            Type = MessageType.AddProvider,
                            StartNs = 1,
                            DurationNs = 1,
                            Outcome = RequestOutcome.Sent,
                        }
                    ),
                ],
            },
        ]);

    private static ReconstructedTrace Fetched(int trace, ulong after, BlockArrival block)
    {
        var found = ReconstructedTrace.Of([
            Make.Query(Make.Trace(trace), new SpanId(1)) with
            {
                Type = QueryType.GetProviders,
                Key = Cid,
                StartUnixNano = Make.Start + after,
            },
        ]);
        ImmutableArray<ProviderFate> providers =
        [
            new ProviderFate
            {
                Peer = Holder,
                Step = ProviderStep.Failed,
                Failure = ProviderFailure.Dead,
                Transport = "tcp",
                FoundNs = 1,
                FailedNs = 8,
            },
            new ProviderFate
            {
                Peer = Other,
                Step = ProviderStep.Connected,
                Transport = "tcp",
                Agent = "kubo/0.43.1",
            },
            new ProviderFate { Peer = "x", Step = ProviderStep.Unknown },
        ];
        return found with
        {
            Operations =
            [
                found.Operations[0] with
                {
                    Fates = new ProviderFates
                    {
                        Cid = "bafy",
                        Block = block,
                        Providers = providers,
                    },
                },
            ],
        };
    }

    private static QueryPeer Peer(string id, PeerRequest request) =>
        new()
        {
            Id = id,
            State = PeerState.Answered,
            Requests = [request],
        };

    private static PeerRequest Answered(int records) =>
        new()
        {
            Type = MessageType.GetValue,
            StartNs = 1,
            DurationNs = 1,
            Outcome = RequestOutcome.Answered,
            Records = records,
        };

    private static LoosePart Sent(int trace, MessageType type, string peer, ulong after) =>
        new()
        {
            Id = new QueryId(Make.Trace(3), new SpanId((ulong)trace)),
            Type = type,
            KeyBytes = Name.Bytes,
            Peer = peer,
            StartUnixNano = Make.Start + after,
            Outcome = RequestOutcome.Answered,
        };

    private static ReadOnlyMemory<byte> Bytes(QueryKey key) => Convert.FromHexString(key.Bytes);

    private static async Task<RecordSightings> ReadAsync(TraceStore store, QueryKey key, int limit)
    {
        // Another key before it shows that each answer is of its own key.
        var found = await store.ListSightingsAsync([new byte[] { 7 }, Bytes(key)], limit);
        Assert.Empty(found[0].Sightings);
        return found[1];
    }

    private static async Task SaveAsync(TraceStore store, ReconstructedTrace found)
    {
        var trace = found.Operations.IsEmpty ? found.LooseParts[0].Id.TraceId : found.Operations[0].Id.TraceId;
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 1))]);
        await AnalyseAsync(store, trace, found);
    }

    private static async Task AnalyseAsync(TraceStore store, TraceId trace, ReconstructedTrace found)
    {
        var content = await store.LoadAsync(trace) ?? throw new InvalidOperationException("The trace is not there.");
        var saved = await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Spans = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp)),
                Found = found,
                Version = AnalysisVersion.Current,
            },
        ]);
        Assert.True(saved[0]);
    }
}
