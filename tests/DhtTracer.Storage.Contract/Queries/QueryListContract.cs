using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Queries;

public abstract class QueryListContract : StoreContract
{
    [Fact]
    public async Task Pages_follow_one_another_in_both_directions_and_miss_nothing()
    {
        await using var store = await OpenAsync();
        await Add(store, 1, 25);
        var expected = Enumerable.Range(1, 25).Reverse().Select(Make.Trace).ToList();

        var pages = new List<QueryPage>();
        string? cursor = null;
        do
        {
            pages.Add(await store.ListQueriesAsync(new QueryFilter(), cursor: cursor, limit: 10));
            cursor = pages[^1].Next;
        } while (cursor is not null);

        Assert.Equal([10, 10, 5], pages.Select(page => page.Rows.Count));
        Assert.Equal(expected, pages.SelectMany(page => page.Rows).Select(row => row.Id.TraceId));
        Assert.Null(pages[0].Previous);

        var back = await store.ListQueriesAsync(new QueryFilter(), cursor: pages[2].Previous, limit: 10);
        Assert.Equal(pages[1].Rows, back.Rows);
        var first = await store.ListQueriesAsync(new QueryFilter(), cursor: back.Previous, limit: 10);
        Assert.Equal(pages[0].Rows, first.Rows);
        Assert.Null(first.Previous);
    }

    [Fact]
    public async Task The_next_page_does_not_move_when_newer_queries_arrive()
    {
        await using var store = await OpenAsync();
        await Add(store, 1, 20);
        var first = await store.ListQueriesAsync(new QueryFilter(), limit: 10);
        await Add(store, 21, 7);

        // One of the rows of the first page is analysed again: it keeps its place.
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(15), 2))]);
        await Make.AnalyseAsync(store, Make.Trace(15), Numbered(15));

        var second = await store.ListQueriesAsync(new QueryFilter(), cursor: first.Next, limit: 10);
        Assert.Equal(Enumerable.Range(1, 10).Reverse().Select(Make.Trace), second.Rows.Select(row => row.Id.TraceId));
        var newer = await store.ListQueriesAsync(new QueryFilter(), cursor: second.Previous, limit: 10);
        Assert.Equal(first.Rows, newer.Rows);
    }

    [Theory]
    [InlineData(QuerySort.Oldest, new[] { 1, 2, 3, 4 })]
    [InlineData(QuerySort.Newest, new[] { 4, 3, 2, 1 })]
    [InlineData(QuerySort.Slowest, new[] { 2, 1, 3, 4 })]
    [InlineData(QuerySort.Fastest, new[] { 3, 1, 2, 4 })]
    [InlineData(QuerySort.MostPeers, new[] { 4, 1, 2, 3 })]
    [InlineData(QuerySort.FewestPeers, new[] { 2, 1, 4, 3 })]
    [InlineData(QuerySort.MostHops, new[] { 3, 2, 4, 1 })]
    [InlineData(QuerySort.FewestHops, new[] { 4, 2, 3, 1 })]
    public async Task Sorts_put_the_unknown_last(QuerySort sort, int[] expected)
    {
        await using var store = await OpenAsync();
        var durations = new long?[] { 500, 900, 100, null };
        var seen = new int?[] { 50, 40, null, 60 };
        var hops = new int?[] { null, 3, 7, 0 };
        for (var i = 1; i <= 4; i++)
        {
            var query = Numbered(i) with
            {
                DurationNs = durations[i - 1],
                Counts = new QueryCounts { Seen = seen[i - 1] },
                Hops = hops[i - 1],
            };
            await Make.SaveAsync(store, Make.Trace(i), query);
        }

        // Two to a page, so that the cursor has to pass the unknown as well.
        var first = await store.ListQueriesAsync(new QueryFilter(), sort, limit: 2);
        var second = await store.ListQueriesAsync(new QueryFilter(), sort, first.Next, limit: 2);
        Assert.Equal(expected.Select(Make.Trace), first.Rows.Concat(second.Rows).Select(row => row.Id.TraceId));
        Assert.Null(second.Next);
    }

    /// <summary>Eight queries: of each its type, key, outcome and source, as letters that say the order.</summary>
    private static readonly (QueryType Type, string? Key, QueryOutcome Outcome, TraceSource Source)[] Eight =
    [
        (QueryType.Ping, "b", QueryOutcome.Success, TraceSource.GoKadDht),
        (QueryType.FindPeer, null, QueryOutcome.Failed, TraceSource.Native),
        (QueryType.Ping, "\U0001F600", QueryOutcome.Success, TraceSource.JsLibp2p),
        (QueryType.GetValue, "a", QueryOutcome.TimedOut, TraceSource.Native),
        (QueryType.FindPeer, "b", QueryOutcome.NotFound, TraceSource.EventLog2019),
        (QueryType.GetValue, null, QueryOutcome.Success, TraceSource.Native),
        (QueryType.FindPeer, "Z", QueryOutcome.Failed, TraceSource.GoKadDht),
        (QueryType.Ping, "\uFB00", QueryOutcome.Success, TraceSource.Native),
    ];

    // By UTF-8 a letter beyond U+FFFF comes after U+FB00; by UTF-16 it would come before.
    public static TheoryData<QuerySort, int[]> Orders =>
        new()
        {
            { QuerySort.Key, [7, 4, 1, 5, 8, 3, 2, 6] },
            { QuerySort.KeyBackward, [3, 8, 5, 1, 4, 7, 6, 2] },
            { QuerySort.Type, [7, 5, 2, 6, 4, 8, 3, 1] },
            { QuerySort.TypeBackward, [8, 3, 1, 6, 4, 7, 5, 2] },
            { QuerySort.Outcome, [8, 6, 3, 1, 5, 4, 7, 2] },
            { QuerySort.OutcomeBackward, [7, 2, 4, 5, 8, 6, 3, 1] },
            { QuerySort.Source, [8, 6, 4, 2, 7, 1, 3, 5] },
            { QuerySort.SourceBackward, [5, 3, 7, 1, 8, 6, 4, 2] },
        };

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Texts_and_names_are_sorted_and_paged_in_both_directions(QuerySort sort, int[] expected)
    {
        const string Peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
        await using var store = await OpenAsync();
        foreach (var ((type, key, outcome, source), i) in Eight.Select((item, i) => (item, i + 1)))
        {
            await Make.SaveAsync(
                store,
                Make.Trace(i),
                Numbered(i) with
                {
                    Type = type,
                    Key = key is null ? null : new QueryKey(key, $"aa{i:x2}", new string('0', 64)),
                    Outcome = outcome,
                    Source = source,
                    Peers =
                    [
                        new QueryPeer
                        {
                            Id = Peer,
                            State = PeerState.DialFailed,
                            Order = 1,
                            Dial = new PeerDial(0, 1, false, null),
                        },
                    ],
                }
            );
        }

        foreach (
            var filter in new QueryFilter[]
            {
                new(),
                new() { Background = null },
                new() { Peer = Peer },
            }
        )
        {
            for (var length = 1; length <= 8; length++)
            {
                var pages = new List<QueryPage> { await store.ListQueriesAsync(filter, sort, limit: length) };
                while (pages[^1].Next is { } next)
                {
                    pages.Add(await store.ListQueriesAsync(filter, sort, next, length));
                }

                Assert.Equal(expected.Select(Make.Trace), pages.SelectMany(page => page.Rows).Select(row => row.Id.TraceId));
                for (var i = pages.Count - 1; i > 0; i--)
                {
                    Assert.Equal(pages[i - 1].Rows, (await store.ListQueriesAsync(filter, sort, pages[i].Previous, length)).Rows);
                }
            }
        }
    }

    [Fact]
    public async Task An_order_by_what_is_filtered_by_holds_only_that()
    {
        await using var store = await OpenAsync();
        await Make.SaveAsync(store, Make.Trace(1), Numbered(1) with { Type = QueryType.Ping });
        await Make.SaveAsync(store, Make.Trace(2), Numbered(2) with { Type = QueryType.FindPeer });
        Assert.Equal(
            Make.Trace(1),
            Assert.Single((await store.ListQueriesAsync(new QueryFilter { Type = QueryType.Ping }, QuerySort.TypeBackward)).Rows).Id.TraceId
        );
    }

    [Fact]
    public async Task The_place_in_a_list_by_key_is_lost_with_its_query()
    {
        await using var store = await OpenAsync();
        for (var i = 1; i <= 3; i++)
        {
            await Make.SaveAsync(
                store,
                Make.Trace(i),
                Numbered(i) with
                {
                    Key = new QueryKey($"key {i}", $"aa{i:x2}", new string('0', 64)),
                }
            );
        }

        var page = await store.ListQueriesAsync(new QueryFilter(), QuerySort.Key, limit: 2);
        await store.Upkeep.DeleteOlderThanAsync(DateTimeOffset.UtcNow.AddDays(1));
        await Assert.ThrowsAsync<InvalidCursorException>(() => store.ListQueriesAsync(new QueryFilter(), QuerySort.Key, page.Next));
    }

    [Fact]
    public async Task Queries_added_after_a_mark_are_counted_and_those_that_only_changed_are_not()
    {
        await using var store = await OpenAsync();
        Assert.Equal(0, await store.LastNumberAsync());
        await Make.SaveAsync(store, Make.Trace(1), Numbered(1));
        var mark = await store.LastNumberAsync();
        await Make.SaveAsync(store, Make.Trace(2), Numbered(2));
        await Make.SaveAsync(store, Make.Trace(3), Numbered(3) with { Type = QueryType.Ping });
        await Make.SaveAsync(store, Make.Trace(4), Numbered(4) with { Background = true });
        await Make.SaveAsync(store, Make.Trace(1), Numbered(1) with { DurationNs = 5 });

        Assert.Equal(2, await store.CountNewerAsync(new QueryFilter(), mark, 100));
        Assert.Equal(3, await store.CountNewerAsync(new QueryFilter { Background = null }, mark, 100));
        Assert.Equal(1, await store.CountNewerAsync(new QueryFilter { Type = QueryType.Ping }, mark, 100));
        Assert.Equal(1, await store.CountNewerAsync(new QueryFilter(), mark, 1));
        Assert.Equal(0, await store.CountNewerAsync(new QueryFilter(), await store.LastNumberAsync(), 100));
    }

    [Fact]
    public async Task Every_filter_selects_what_it_says()
    {
        await using var store = await OpenAsync();
        var plain = Numbered(1);
        var other = Numbered(2) with
        {
            Type = QueryType.GetProviders,
            Outcome = QueryOutcome.TimedOut,
            Source = TraceSource.JsLibp2p,
            Service = "js",
            Node = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf",
            Key = new QueryKey("bafyKey", "1220aabb", new string('0', 64)),
            DurationNs = 7_000,
            Hops = 4,
            Error = new TraceError(ErrorClass.RequestTimeout, "late"),
            Parameters = new QueryParameters(10, 3, 20),
        };
        var background = Numbered(3) with { Background = true };
        foreach (var query in new[] { plain, other, background })
        {
            await Make.SaveAsync(store, query.Id.TraceId, query);
        }

        await Selects(new QueryFilter(), plain, other);
        await Selects(new QueryFilter { Background = true }, background);
        await Selects(new QueryFilter { Background = null }, plain, other, background);
        await Selects(new QueryFilter { Type = QueryType.GetProviders }, other);
        await Selects(new QueryFilter { Outcome = QueryOutcome.TimedOut }, other);
        await Selects(new QueryFilter { Source = TraceSource.JsLibp2p }, other);
        await Selects(new QueryFilter { Service = "js" }, other);
        await Selects(new QueryFilter { Service = "nobody" });
        await Selects(new QueryFilter { Node = other.Node }, other);
        await Selects(new QueryFilter { ErrorClass = ErrorClass.RequestTimeout }, other);
        await Selects(new QueryFilter { Alpha = 10 }, other);
        await Selects(new QueryFilter { MinDurationNs = 7_000 }, other);
        await Selects(new QueryFilter { MinDurationNs = 7_001 });
        await Selects(new QueryFilter { MaxDurationNs = 7_000 }, other);
        await Selects(new QueryFilter { MinHops = 4, MaxHops = 4 }, other);
        await Selects(new QueryFilter { MaxHops = 3 });
        await Selects(new QueryFilter { FromUnixNano = other.StartUnixNano, Background = null }, other, background);
        await Selects(new QueryFilter { ToUnixNano = other.StartUnixNano }, plain);
        await Selects(new QueryFilter { Key = new KeyFilter([Convert.FromHexString("1220AABB")], null) }, other);
        await Selects(new QueryFilter { Key = new KeyFilter([new byte[] { 1 }], "bafyK") }, other);
        await Selects(new QueryFilter { Key = new KeyFilter([], "bafyk") });
        await Selects(new QueryFilter { Key = new KeyFilter([], null) });

        async Task Selects(QueryFilter filter, params Query[] expected)
        {
            var rows = (await store.ListQueriesAsync(filter, QuerySort.Oldest)).Rows;
            Assert.Equal(expected.Select(query => query.Id), rows.Select(row => row.Id));
        }
    }

    [Fact]
    public async Task A_row_carries_everything_the_summary_has()
    {
        await using var store = await OpenAsync();
        var query = Numbered(5) with
        {
            OperationId = new QueryId(Make.Trace(5), new SpanId(77)),
            Key = new QueryKey("QmKey", "1220ff", new string('a', 64)),
            Node = "QmNode",
            DurationNs = 1,
            Error = new TraceError(ErrorClass.Other, null),
            Termination = QueryTermination.Starvation,
            DiscoveryNs = 2,
            FirstAnswerNs = 3,
            Parameters = new QueryParameters(4, 5, 6),
            Counts = new QueryCounts
            {
                Seen = 7,
                Queried = 8,
                Dialed = 9,
                DialFailed = 10,
                ToQuery = 11,
                Remaining = 12,
                Results = 13,
                Returned = 14,
                Duplicates = 15,
            },
            Xor = 16,
            Hops = 17,
        };
        await Make.SaveAsync(store, query.Id.TraceId, query);

        var row = Assert.Single((await store.ListQueriesAsync(new QueryFilter())).Rows);
        var expected = new QuerySummary
        {
            Id = query.Id,
            OperationId = query.OperationId,
            Type = query.Type,
            Source = query.Source,
            Key = query.Key,
            Service = query.Service,
            Node = query.Node,
            StartUnixNano = query.StartUnixNano,
            DurationNs = 1,
            Outcome = query.Outcome,
            Error = query.Error,
            Termination = query.Termination,
            DiscoveryNs = 2,
            FirstAnswerNs = 3,
            Parameters = query.Parameters,
            Counts = query.Counts,
            Xor = 16,
            Hops = 17,
        };
        Assert.Equal(expected, row);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAA!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAA AAAAAAAAAAA")]
    [InlineData("AP________________8AAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_cursor_that_nobody_gave_out_is_refused(string cursor)
    {
        await using var store = await OpenAsync();
        await Assert.ThrowsAsync<InvalidCursorException>(() => store.ListQueriesAsync(new QueryFilter(), cursor: cursor));
    }

    [Fact]
    public async Task A_cursor_of_another_order_is_refused()
    {
        await using var store = await OpenAsync();
        await Add(store, 1, 3);
        var page = await store.ListQueriesAsync(new QueryFilter(), QuerySort.Newest, limit: 2);
        await Assert.ThrowsAsync<InvalidCursorException>(() => store.ListQueriesAsync(new QueryFilter(), QuerySort.Slowest, page.Next));
    }

    [Fact]
    public async Task Queries_are_found_by_the_beginning_of_their_permalink_and_beside_others_of_the_same_key()
    {
        await using var store = await OpenAsync();
        var key = new QueryKey("QmKey", "1220ff", new string('a', 64));
        for (var i = 1; i <= 3; i++)
        {
            await Make.SaveAsync(store, Make.Trace(i), Numbered(i) with { Key = key });
        }

        var ids = Enumerable.Range(1, 3).Select(i => Numbered(i).Id).ToList();
        Assert.Equal([ids[1]], await store.FindByPrefixAsync(ids[1].TraceId.ToString()));
        Assert.Equal([ids[1]], await store.FindByPrefixAsync(ids[1].ToString()));
        Assert.Equal(ids, await store.FindByPrefixAsync("010203", limit: 10));
        Assert.Equal(2, (await store.FindByPrefixAsync("010203")).Count);
        Assert.Empty(await store.FindByPrefixAsync("0f"));
        Assert.Empty(await store.FindByPrefixAsync("xyz"));
        Assert.Equal(new QueryNeighbours(ids[0], ids[2]), await store.NeighboursAsync(ids[1]));
        Assert.Equal(new QueryNeighbours(null, ids[1]), await store.NeighboursAsync(ids[0]));
    }

    private static Query Numbered(int number) =>
        Make.Query(Make.Trace(number), new SpanId(1)) with
        {
            StartUnixNano = Make.Start + ((ulong)number * 1_000_000_000),
        };

    private static async Task Add(TraceStore store, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            await Make.SaveAsync(store, Make.Trace(i), Numbered(i));
        }
    }
}
