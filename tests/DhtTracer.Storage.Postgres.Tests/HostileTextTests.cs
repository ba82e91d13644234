using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Tests;

/// <summary>PostgreSQL's texts cannot hold everything that a span can, and its indexes no long texts.</summary>
public sealed class HostileTextTests
{
    [Fact]
    public async Task Texts_that_PostgreSQL_cannot_hold_are_replaced_and_the_spans_keep_them()
    {
        const string Hostile = "a\0b\uD800c";
        await using var archive = new PostgresArchive();
        await using var store = await archive.OpenAsync(Make.OneQuery, null);
        var trace = Make.Trace(1);
        var resource = new Resource { Attributes = AttributeList.Of(("service.name", "x\0y")) };
        var span = Make.Span(trace, 1, "name\0of a span") with { Resource = resource };
        await store.AppendAsync([Make.Chunk(span)]);
        Assert.True(
            await Make.AnalyseAsync(
                store,
                trace,
                Make.Query(trace, new SpanId(1)) with
                {
                    Service = Hostile,
                    Node = Hostile,
                    Error = new TraceError(Hostile, Hostile),
                    Key = new QueryKey(Hostile, "00", new string('0', 64)),
                    Peers =
                    [
                        new QueryPeer
                        {
                            Id = Hostile,
                            State = PeerState.Answered,
                            Agent = Hostile,
                        },
                    ],
                }
            )
        );

        var row = Assert.Single((await store.ListOperationsAsync(new QueryFilter { Service = Hostile, Peer = Hostile })).Rows);
        Assert.Equal("a\uFFFDb\uFFFDc", row.Operation.Service);
        Assert.Equal([span], await store.GetTraceAsync(trace));
        Assert.Equal(["x\uFFFDy"], await store.ListServicesAsync());
    }

    [Fact]
    public async Task Long_names_and_keys_are_stored_and_found()
    {
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(static number => (char)('a' + ((number * 7919 / 13) % 26))));
        await using var archive = new PostgresArchive();
        await using var store = await archive.OpenAsync(Make.OneQuery, null);
        var key = new QueryKey(text, Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text + text)), new string('0', 64));
        await Make.SaveAsync(store, Make.Trace(1), Make.Query(Make.Trace(1), new SpanId(1)) with { Key = key, Service = text + text });

        var filters = new QueryFilter[]
        {
            new() { Service = text + text },
            new() { Key = new KeyFilter([Convert.FromHexString(key.Bytes)], null) },
            new() { Key = new KeyFilter([], text[..500]) },
        };
        foreach (var filter in filters)
        {
            Assert.Equal(key, Assert.Single((await store.ListOperationsAsync(filter, QuerySort.Key)).Rows).Operation.Key);
        }

        Assert.Empty((await store.ListOperationsAsync(new QueryFilter { Key = new KeyFilter([], text[..500] + "!") })).Rows);
    }
}
