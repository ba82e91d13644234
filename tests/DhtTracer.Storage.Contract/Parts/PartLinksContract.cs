using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Parts;

/// <summary>An optimistic provide sends its records in traces of their own. They are joined to it, whichever arrives first.</summary>
public abstract class PartLinksContract : StoreContract
{
    private const string Peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
    private static readonly QueryKey Key = new("QmKey", "1220" + new string('1', 64), new string('a', 64));
    private static readonly TraceId Provide = Make.Trace(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_orders_of_arrival_end_in_the_same_operation(bool partsFirst)
    {
        await using var store = await OpenAsync();
        var pending = store.Arrivals.Listen();
        var traces = partsFirst ? new[] { 2, 3, 1 } : [1, 2, 3];
        foreach (var trace in traces)
        {
            await AnalyseAsync(store, Make.Trace(trace));
        }

        // The operation's trace is told to whoever analyses, and stands in the database for whoever comes later.
        Assert.Equal([Provide], (await store.ListPendingAsync(10)).Select(trace => trace.TraceId));
        Assert.Contains(Provide, Drain(pending));
        await AnalyseAsync(store, Provide);
        Assert.Empty(await store.ListPendingAsync(10));

        var row = Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows);
        Assert.Equal((2, 2, false), (row.Operation.Results, row.Operation.Parts.Length, row.Skipped));
        Assert.Equal(2, row.Decisive!.Counts.Sent);
        Assert.Single((await store.ListOperationsAsync(new QueryFilter { Peer = Peer })).Rows);
        var details = await store.GetOperationAsync(row.Operation.Id);
        Assert.Equal(row.Operation.Parts.AsEnumerable(), details!.Operation.Parts.AsEnumerable());
        Assert.Equal(2, details.Queries[0].Peers.Length);
    }

    [Theory]
    [InlineData(1, 7, 2)]
    [InlineData(2, 7, 1)]
    [InlineData(7, 2, 1)]
    public async Task A_part_of_two_provides_at_once_is_counted_by_neither_and_both_say_so(params int[] traces)
    {
        await using var store = await OpenAsync();
        foreach (var trace in traces)
        {
            await AnalyseAsync(store, Make.Trace(trace));
        }

        while (await store.ListPendingAsync(10) is { Count: > 0 } pending)
        {
            foreach (var trace in pending)
            {
                await AnalyseAsync(store, trace.TraceId);
            }
        }

        var rows = (await store.ListOperationsAsync(new QueryFilter())).Rows;
        Assert.Equal(2, rows.Count);
        Assert.All(
            rows,
            static row => Assert.Equal((0, 1, 0), (row.Operation.Parts.Length, row.Operation.UnclearParts, row.Operation.Results))
        );
        Assert.Equal(1, (await store.GetOperationAsync(rows[0].Operation.Id))!.Operation.UnclearParts);

        // When one of the two is gone, nothing is unclear any more for what is analysed from then on.
        await AnalyseAgainAsync(store, Make.Trace(7), ReconstructedTrace.Empty);
        await AnalyseAgainAsync(store, Make.Trace(2), store.Reconstruct((await store.LoadAsync(Make.Trace(2)))!));
        await AnalyseAsync(store, Provide);
        var row = Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows);
        Assert.Equal((1, 0, 1), (row.Operation.Parts.Length, row.Operation.UnclearParts, row.Operation.Results));
    }

    [Fact]
    public async Task A_part_of_another_key_node_or_time_is_not_joined()
    {
        await using var store = await OpenAsync();
        await AnalyseAsync(store, Provide);
        foreach (var trace in new[] { 4, 5, 6 })
        {
            await AnalyseAsync(store, Make.Trace(trace));
        }

        Assert.Empty(await store.ListPendingAsync(10));
        Assert.Equal(
            (0, true),
            (
                Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows).Operation.Parts.Length,
                Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows).Skipped
            )
        );
    }

    [Fact]
    public async Task A_part_that_retention_deletes_leaves_the_operation_as_it_was_analysed()
    {
        await using var store = await OpenAsync();
        foreach (var trace in new[] { 1, 2, 1 })
        {
            await AnalyseAsync(store, Make.Trace(trace));
        }

        Assert.Equal(3, (await store.CountsAsync()).Traces + 1);
        await store.Upkeep.DeleteOlderThanAsync(DateTimeOffset.UtcNow.AddHours(1));
        Assert.Equal((0L, 0L), ((await store.CountsAsync()).Operations, (await store.CountsAsync()).Queries));

        // Nothing of the part is left for a provide that comes later.
        await AnalyseAsync(store, Provide);
        Assert.Equal(0, Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows).Operation.Parts.Length);
    }

    private static List<TraceId> Drain(System.Threading.Channels.ChannelReader<Arrival> reader)
    {
        var all = new List<TraceId>();
        while (reader.TryRead(out var arrival))
        {
            all.AddRange(arrival.Stale);
        }

        return all;
    }

    private Task<TraceStore> OpenAsync() =>
        OpenAsync(static spans => spans.Count == 0 ? ReconstructedTrace.Empty : Reconstruct(spans[0].TraceId));

    private static async Task AnalyseAsync(TraceStore store, TraceId trace)
    {
        if (await store.LoadAsync(trace) is null)
        {
            await store.AppendAsync([Make.Chunk(Make.Span(trace, 1))]);
        }

        var content = (await store.LoadAsync(trace))!;
        Assert.True(content.NeedsAnalysis(AnalysisVersion.Current));
        await AnalyseAgainAsync(store, trace, store.Reconstruct(content));
    }

    private static async Task AnalyseAgainAsync(TraceStore store, TraceId trace, ReconstructedTrace found)
    {
        var content = (await store.LoadAsync(trace))!;
        Assert.True(
            (
                await store.SaveAnalysesAsync([
                    new TraceAnalysis
                    {
                        Content = content,
                        Otlp = content.Otlp,
                        Found = found,
                        Version = AnalysisVersion.Current,
                    },
                ])
            )[0]
        );
    }

    /// <summary>Trace 1 is the provide, 7 another one that runs at the same time; 2 and 3 are its parts; 4 has another key, 5 another
    /// service, 6 is too late.</summary>
    private static ReconstructedTrace Reconstruct(TraceId trace)
    {
        if (trace == Provide || trace == Make.Trace(7))
        {
            return ReconstructedTrace.Of([
                Make.Query(trace, new SpanId(1)) with
                {
                    Type = QueryType.AddProvider,
                    Key = Key,
                    DurationNs = 1_000_000,
                    Skipped = true,
                    Counts = new QueryCounts
                    {
                        Seen = 0,
                        Queried = 0,
                        Results = 0,
                        Sent = 0,
                    },
                },
            ]);
        }

        var number = (int)trace.Low;
        return new ReconstructedTrace(
            [],
            [],
            [
                new LoosePart
                {
                    Id = new QueryId(trace, new SpanId(1)),
                    Type = MessageType.AddProvider,
                    KeyBytes = number == 4 ? "1220" + new string('2', 64) : Key.Bytes,
                    Peer = number == 2 ? Peer : "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
                    Service = number == 5 ? "another" : "kubo",
                    StartUnixNano = Make.Start + (number == 6 ? 61_100_000_000UL : 500_000),
                    DurationNs = 3,
                    Outcome = RequestOutcome.Sent,
                },
            ]
        );
    }
}
