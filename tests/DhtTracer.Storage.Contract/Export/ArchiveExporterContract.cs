using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Export;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract.Export;

public abstract class ArchiveExporterContract : StoreContract
{
    private static readonly ExportFormat Otlp = ExportFormat.Find("otlp")!;

    [Fact]
    public async Task A_list_longer_than_any_page_is_a_line_each_in_its_order_and_is_not_cut()
    {
        const int count = 12_000;
        await using var store = await OpenAsync(spans => ReconstructedTrace.Of(QueriesOf(spans, count)));
        await AddAsync(store, 1, 1);

        var csv = Encoding.UTF8.GetString(
            await ExportAsync(store, ExportFormat.Find("csv")!, ExportSelection.Of(new QueryFilter(), QuerySort.Oldest))
        );

        var lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var starts = lines[0].Split(',').ToList().IndexOf("start_unix_nano");
        Assert.Equal(
            Enumerable.Range(0, count).Select(number => (Make.Start + (ulong)number).ToString()),
            lines.Skip(1).Select(line => line.Split(',')[starts])
        );
    }

    [Fact]
    public async Task A_trace_of_several_queries_is_written_once_and_whole()
    {
        await using var store = await OpenAsync(spans => ReconstructedTrace.Of(QueriesOf(spans, 3)));
        for (var trace = 1; trace <= 5; trace++)
        {
            await AddAsync(store, trace, spans: trace);
        }

        var spans = OtlpProtobuf.Decode(await ExportAsync(store, Otlp, ExportSelection.Of(new QueryFilter())));

        Assert.Equal(
            Enumerable
                .Range(1, 5)
                .SelectMany(trace => Enumerable.Range(1, trace).Select(span => (Make.Trace(trace), new SpanId((ulong)span)))),
            spans.Select(span => (span.TraceId, span.SpanId))
        );
    }

    [Fact]
    public async Task Traces_are_found_page_by_page_by_what_the_filter_lets_through()
    {
        await using var store = await OpenAsync(Make.OneQuery);
        for (var trace = 1; trace <= 7; trace++)
        {
            await AddAsync(store, trace, 1, Make.Start + (ulong)trace);
        }

        var filter = new QueryFilter { FromUnixNano = Make.Start + 2, ToUnixNano = Make.Start + 7 };
        var found = new List<TraceId>();
        var after = 0L;
        while (await store.ListTracesAsync(filter, after, 2, TestContext.Current.CancellationToken) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 2);
            found.AddRange(page.Select(trace => trace.Id));
            after = page[^1].Number;
        }

        Assert.Equal([2, 3, 4, 5, 6], found.Select(trace => (int)trace.Low));
        Assert.Empty(
            OtlpProtobuf.Decode(await ExportAsync(store, Otlp, ExportSelection.Of(new QueryFilter { Outcome = QueryOutcome.Failed })))
        );
    }

    [Fact]
    public async Task Queries_as_json_are_the_whole_queries_of_the_api()
    {
        await using var store = await OpenAsync(spans => ReconstructedTrace.Of(QueriesOf(spans, 3)));
        await AddAsync(store, 1, 2);

        var json = JsonDocument.Parse(
            await ExportAsync(store, ExportFormat.Find("json")!, ExportSelection.Of(new QueryFilter(), QuerySort.Oldest))
        );

        var expected = QueriesOf(await store.GetTraceAsync(Make.Trace(1), TestContext.Current.CancellationToken), 3);
        Assert.Equal(
            expected.Select(query => Encoding.UTF8.GetString(QueryJson.ToUtf8(query))),
            json.RootElement.GetProperty("queries").EnumerateArray().Select(query => query.GetRawText())
        );
    }

    [Fact]
    public async Task The_long_event_log_of_one_query_leaves_in_pieces()
    {
        // Each line repeats all the peers added before it.
        await using var store = await OpenAsync(spans =>
            ReconstructedTrace.Of(QueriesOf(spans, 1).Select(query => query with { Peers = [.. Enumerable.Range(0, 2000).Select(Heard)] }))
        );
        await AddAsync(store, 1, 1);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var exporting = new ArchiveExporter(store).ExportAsync(
            ExportFormat.Find("eventlog")!,
            ExportSelection.Of(new QueryFilter()),
            pipe.Writer,
            TestContext.Current.CancellationToken
        );
        var ended = exporting.ContinueWith(
            _ => pipe.Writer.Complete(),
            TestContext.Current.CancellationToken,
            TaskContinuationOptions.None,
            TaskScheduler.Default
        );

        var (total, largest) = (0L, 0L);
        while (await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken) is { Buffer.IsEmpty: false } read)
        {
            total += read.Buffer.Length;
            largest = Math.Max(largest, read.Buffer.Length);
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await exporting;
        await ended;
        Assert.InRange(total, 100 << 20, long.MaxValue);
        Assert.InRange(largest, 1, 4 << 20);

        static QueryPeer Heard(int number) =>
            new()
            {
                Id = $"12D3KooWpeer{number:D40}",
                HeardNs = number,
                State = PeerState.Heard,
            };
    }

    [Theory]
    [InlineData("otlp")]
    [InlineData("jaeger")]
    [InlineData("eventlog")]
    [InlineData("vis-state")]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task Nobody_who_reads_any_more_ends_the_work(string name)
    {
        await using var store = await OpenAsync(Make.OneQuery);
        await AddAsync(store, 1, 1);
        await AddAsync(store, 2, 1);
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();

        await Assert.ThrowsAsync<IOException>(() =>
            new ArchiveExporter(store).ExportAsync(
                ExportFormat.Find(name)!,
                ExportSelection.Of(new QueryFilter()),
                pipe.Writer,
                TestContext.Current.CancellationToken
            )
        );
    }

    /// <summary>Some queries of a trace.</summary>
    protected static ImmutableArray<Query> QueriesOf(IReadOnlyList<Span> spans, int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(number =>
                    Make.Query(spans[0].TraceId, new SpanId((ulong)number + 1)) with
                    {
                        StartUnixNano = Make.Start + (ulong)number,
                    }
                ),
        ];

    private static async Task<byte[]> ExportAsync(TraceStore store, ExportFormat format, ExportSelection selection)
    {
        using var stream = new MemoryStream();
        var pipe = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await new ArchiveExporter(store).ExportAsync(format, selection, pipe, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        return stream.ToArray();
    }

    /// <summary>Stores a trace and its analysis.</summary>
    protected static async Task AddAsync(TraceStore store, int trace, int spans, ulong start = Make.Start)
    {
        var made = Enumerable.Range(1, spans).Select(number => Make.Span(Make.Trace(trace), number, start: start)).ToArray();
        await store.AppendAsync([Make.Chunk(made)], cancellationToken: TestContext.Current.CancellationToken);
        var content = (await store.LoadAsync(Make.Trace(trace), TestContext.Current.CancellationToken))!;
        await store.SaveAnalysesAsync(
            [
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = made,
                    Found = store.Reconstruct(content),
                    Version = AnalysisVersion.Current,
                },
            ],
            TestContext.Current.CancellationToken
        );
    }
}
