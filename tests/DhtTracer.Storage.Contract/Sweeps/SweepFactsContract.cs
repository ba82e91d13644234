using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract.Sweeps;

/// <summary>Facts of provide sweeps are read by program and time, without spans.</summary>
public abstract class SweepFactsContract : StoreContract
{
    private const ulong Second = 1_000_000_000;
    private const string Node = "12D3KooWBbcLxDymU8UR3kEp1FmxNUg82kg42T1Ch6huYaoMKtZb";

    [Fact]
    public async Task Every_kind_of_fact_is_read_as_it_was_found()
    {
        var store = await OpenAsync();
        var id = new QueryId(Make.Trace(1), new SpanId(1));
        SweepFact[] facts =
        [
            new SweepMark
            {
                Id = id with { SpanId = new SpanId(1) },
                StartUnixNano = Make.Start,
                DurationNs = 7,
                Service = "Kubo",
                Key = [0x12, 0x20, 1],
            },
            new SweepExploration
            {
                Id = id with { SpanId = new SpanId(2) },
                StartUnixNano = Make.Start + 1,
                DurationNs = 8,
                Service = "Kubo",
                Key = [2],
                Answered = [1, ulong.MaxValue],
                Failed = [3],
            },
            new SweepLogEntry
            {
                Id = id with { SpanId = new SpanId(3) },
                StartUnixNano = Make.Start + 2,
                Service = "Kubo",
                Level = "warn",
                Logger = "dht/provider",
                Message = "cannot\0 send ✗",
                Fields = """{"a":1}""",
            },
            new SweepStatistic
            {
                Id = id with { SpanId = new SpanId(4) },
                StartUnixNano = Make.Start + 3,
                Service = "Kubo",
                Command = "provide/stat",
                Answer = "{}",
            },
        ];
        await SaveAsync(store, 1, facts);

        var list = await store.ListSweepFactsAsync("Kubo", null, 0, ulong.MaxValue, 10);

        Assert.False(list.HasOlder);
        Assert.Equal(facts.Reverse().Select(Text), list.Facts.Select(Text));
    }

    [Fact]
    public async Task Programs_are_told_apart_by_service_and_instance()
    {
        var store = await OpenAsync();
        await SaveAsync(store, 1, [Mark(1, 1, 10), Mark(1, 2, 20)]);
        await SaveAsync(store, 2, [Mark(2, 1, 15) with { Instance = Node }, Mark(2, 2, 30) with { Service = "" }]);

        var sources = await store.ListSweepSourcesAsync();

        Assert.Equal(
            [("", null, At(30), At(30)), ("Kubo", null, At(10), At(20)), ("Kubo", Node, At(15), At(15))],
            sources
                .Select(source => (source.Service, source.Instance, source.FirstUnixNano, source.LastUnixNano))
                .OrderBy(source => source.Service)
                .ThenBy(source => source.Instance)
        );
        Assert.Equal(At(15), Assert.Single((await store.ListSweepFactsAsync("Kubo", Node, 0, ulong.MaxValue, 10)).Facts).StartUnixNano);
        Assert.Empty((await store.ListSweepFactsAsync("Kubo", "unknown", 0, ulong.MaxValue, 10)).Facts);
        Assert.Empty((await store.ListSweepFactsAsync("unknown", null, 0, ulong.MaxValue, 10)).Facts);
    }

    [Fact]
    public async Task The_latest_facts_of_a_time_are_read_and_it_is_said_when_older_ones_are_left_out()
    {
        var store = await OpenAsync();
        await SaveAsync(store, 1, [.. Enumerable.Range(1, 9).Select(number => Mark(1, number, number))]);

        var list = await store.ListSweepFactsAsync("Kubo", null, At(3), At(7), 3);
        Assert.True(list.HasOlder);
        Assert.Equal([At(7), At(6), At(5)], list.Facts.Select(fact => fact.StartUnixNano));

        Assert.False((await store.ListSweepFactsAsync("Kubo", null, At(3), At(7), 5)).HasOlder);
    }

    [Fact]
    public async Task Lines_about_blocks_are_read_apart_and_do_not_count_as_facts_of_a_sweep()
    {
        var store = await OpenAsync();
        var line = new BlockAnswer
        {
            Id = new QueryId(Make.Trace(1), new SpanId(9)),
            StartUnixNano = At(2),
            Service = "Kubo",
            Answer = "block",
            Peer = Node,
            Cid = "bafkqaaa",
            Error = "none ✗",
        };
        await SaveAsync(store, 1, [Mark(1, 1, 1), line, Mark(1, 3, 3)]);

        var list = await store.ListSweepFactsAsync("Kubo", null, 0, ulong.MaxValue, 2);

        Assert.Equal((2, false), (list.Facts.Count(fact => fact is SweepMark), list.HasOlder));
        Assert.Equal([line], await store.ListBlockAnswersAsync("Kubo", null, At(1), At(3), 10));
        Assert.Empty(await store.ListBlockAnswersAsync("Kubo", null, At(3), At(4), 10));
        Assert.Empty(await store.ListBlockAnswersAsync("Kubo", Node, 0, ulong.MaxValue, 10));
    }

    [Fact]
    public async Task A_trace_that_is_analysed_again_has_its_new_facts_only()
    {
        var store = await OpenAsync();
        await SaveAsync(store, 1, [Mark(1, 1, 1), Mark(1, 2, 2)]);
        await SaveAsync(store, 1, [Mark(1, 2, 3)]);

        Assert.Equal(
            [At(3)],
            (await store.ListSweepFactsAsync("Kubo", null, 0, ulong.MaxValue, 10)).Facts.Select(fact => fact.StartUnixNano)
        );
    }

    [Fact]
    public async Task Facts_go_with_their_trace()
    {
        var store = await OpenAsync();
        await SaveAsync(store, 1, [Mark(1, 1, 1)]);

        await store.Upkeep.DeleteOlderThanAsync(DateTimeOffset.UtcNow.AddDays(1));

        Assert.Empty((await store.ListSweepFactsAsync("Kubo", null, 0, ulong.MaxValue, 10)).Facts);
        Assert.Empty(await store.ListSweepSourcesAsync());
    }

    private static ulong At(int second) => Make.Start + ((ulong)second * Second);

    private static SweepMark Mark(int trace, int span, int second) =>
        new()
        {
            Id = new QueryId(Make.Trace(trace), new SpanId((ulong)span)),
            StartUnixNano = At(second),
            Service = "Kubo",
            Key = [0x12, 0x20, (byte)span],
        };

    private static string Text(SweepFact fact) =>
        $"{fact.Id} {fact.StartUnixNano} {fact.DurationNs} {fact.Service} {fact.Instance} {SweepFactCodec.KindOf(fact)} "
        + Convert.ToHexString(SweepFactCodec.Write(fact));

    private static async Task SaveAsync(TraceStore store, int trace, IReadOnlyList<SweepFact> facts)
    {
        var id = Make.Trace(trace);
        if (await store.LoadAsync(id) is null)
        {
            await store.AppendAsync([Make.Chunk(Make.Span(id, 1))]);
        }

        var content = await store.LoadAsync(id) ?? throw new InvalidOperationException("The trace is not there.");
        var saved = await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Spans = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp)),
                Found = ReconstructedTrace.Empty with { Sweep = [.. facts] },
                Version = AnalysisVersion.Current,
            },
        ]);
        Assert.True(saved[0]);
    }
}
