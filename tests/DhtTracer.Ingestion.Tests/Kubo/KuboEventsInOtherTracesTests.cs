using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage.Queries;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Tests.Kubo;

/// <summary>
/// A lookup of a real Kubo that came twice: as the spans of its daemon in one trace, and as its query events in another. It is one
/// operation under the id of the spans, whichever came first.
/// </summary>
public sealed class KuboEventsInOtherTracesTests : IDisposable
{
    private static readonly CapturedCommand Command = CapturedCommand.Of("file-exporter", "findprovs-5");
    private static readonly string SpansFile = Path.Combine(TestFiles.Data("kubo", "file-exporter"), "traces-file-exporter.json.gz");
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-tests").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Both_orders_of_arrival_end_in_one_operation_under_the_id_of_the_spans(bool timed, bool eventsFirst)
    {
        await using var host = await IngestHost.StartAsync();
        var before = 0L;
        var stream = timed ? TimedId : await SavedIdAsync();
        if (eventsFirst)
        {
            await EventsAsync(host, timed);
            await SpansAsync(host);
        }
        else
        {
            await SpansAsync(host);
            before = await host.Store.CountOperationsAsync(new QueryFilter());
            await EventsAsync(host, timed);
        }

        var joined = await JoinedAsync(host);
        Assert.Equal((Command.Trace, TraceSource.GoKadDhtAndKuboEvents), (joined.Id.TraceId.ToString(), joined.Source));
        if (!eventsFirst)
        {
            Assert.Equal(before, await host.Store.CountOperationsAsync(new QueryFilter()));
        }

        var alone = await AloneAsync();
        Assert.Equal(
            (alone.Id, alone.StartUnixNano, alone.DurationNs, alone.Results, alone.Outcome),
            (joined.Id, joined.StartUnixNano, joined.DurationNs, joined.Results, joined.Outcome)
        );
        Assert.Empty((await host.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.KuboEvents })).Rows);
        Assert.Empty((await host.Store.ListQueriesAsync(new QueryFilter { Source = TraceSource.KuboEvents })).Rows);

        // The names come from the events: what the spans of a provider lookup do not hold.
        var details = (await host.Store.GetOperationAsync(joined.Id))!;
        var answered = details
            .Queries.SelectMany(static query => query.Peers)
            .SelectMany(static peer => peer.Requests)
            .Where(static request => request.Outcome == RequestOutcome.Answered)
            .ToList();
        Assert.NotEmpty(answered);
        Assert.All(answered, static request => Assert.False(request.Named.IsDefault));
        Assert.Contains(details.Queries.SelectMany(static query => query.Peers), static peer => peer.Referrer is not null);

        // The other permalink leads there.
        Assert.Equal(joined.Id, (await host.Store.GetOperationAsync(stream))!.Operation.Id);
        Assert.Equal(joined.Decisive, (await host.Store.GetQueryAsync(stream))!.Id);
        Assert.Equal(
            details.Queries.Select(static query => query.Id),
            (await host.Store.FindQueriesAsync(stream)).Select(static query => query.Id)
        );
        Assert.Equal([stream], await host.Store.FindByPrefixAsync(stream.ToString()[..20]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Importing_again_changes_nothing(bool timed)
    {
        await using var host = await IngestHost.StartAsync();
        await SpansAsync(host);
        await EventsAsync(host, timed);
        var (before, joined) = (await host.Store.CountsAsync(), await JoinedAsync(host));
        await EventsAsync(host, timed);
        await SpansAsync(host);
        await EventsAsync(host, timed);
        var after = await host.Store.CountsAsync();
        Assert.Equal(
            (before.Operations, before.Queries, before.Spans, before.Traces),
            (after.Operations, after.Queries, after.Spans, after.Traces)
        );
        Assert.Equal(joined.Id, (await JoinedAsync(host)).Id);
        Assert.Empty(await host.Store.ListPendingAsync(10));
    }

    [Fact]
    public async Task A_saved_stream_of_which_two_operations_show_the_same_peers_is_not_joined_and_says_so()
    {
        await using var host = await IngestHost.StartAsync();
        await SpansAsync(host);
        await EventsAsync(host, timed: false);
        Assert.Equal(TraceSource.GoKadDhtAndKuboEvents, (await JoinedAsync(host)).Source);

        // The same spans once more as another trace: now nothing tells which of the two it is.
        Assert.True(TraceId.TryParse(Command.Trace, out var trace));
        var twin = new TraceId(7, 7);
        await AcceptAsync(host, [.. (await host.Store.GetTraceAsync(trace)).Select(span => span with { TraceId = twin })]);

        var stream = await SavedIdAsync();
        var told = (await host.Store.GetOperationAsync(stream))!.Operation;
        Assert.Equal((stream, TraceSource.KuboEvents, 2), (told.Id, told.Source, told.SpansThatFit));
        Assert.Equal(
            "Not joined with spans: 2 operations of this key fit these events, and nothing tells which one it is.",
            QueryNotes.NotJoined(told)
        );
        Assert.Equal(2, Assert.Single(await host.Store.ListOperationsAsync([stream])).Operation.SpansThatFit);
        Assert.Empty((await host.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.GoKadDhtAndKuboEvents })).Rows);
        Assert.All((await host.Store.GetOperationAsync(new QueryId(twin, (await AloneAsync()).Id.SpanId)))!.Queries, IsGoAlone);
    }

    [Fact]
    public async Task A_saved_stream_without_a_key_is_not_joined()
    {
        await using var host = await IngestHost.StartAsync();
        await SpansAsync(host);
        await ImportAsync(host, Saved(), new TraceHints { Type = "get-providers" });
        Assert.Single((await host.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.KuboEvents })).Rows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_one_of_the_two_is_deleted_the_other_is_as_it_was_alone(bool deleteSpans)
    {
        await using var host = await IngestHost.StartAsync();
        await (deleteSpans ? SpansAsync(host) : EventsAsync(host, timed: true));
        var between = DateTimeOffset.UtcNow;
        await (deleteSpans ? EventsAsync(host, timed: true) : SpansAsync(host));
        var joined = await JoinedAsync(host);

        Assert.True(await host.Store.Upkeep.DeleteOlderThanAsync(between) > 0);
        await host.Worker.DrainAsync();
        if (deleteSpans)
        {
            var told = (await host.Store.GetOperationAsync(TimedId))!.Operation;
            Assert.Equal((TimedId, TraceSource.KuboEvents), (told.Id, told.Source));
            Assert.Single((await host.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.KuboEvents })).Rows);
        }
        else
        {
            Assert.All((await host.Store.GetOperationAsync(joined.Id))!.Queries, IsGoAlone);
            Assert.Null(await host.Store.GetOperationAsync(TimedId));
        }
    }

    private static QueryId TimedId => CapturedStream.Spans(Command) is [var root, ..] ? new QueryId(root.TraceId, root.SpanId) : default;

    private static void IsGoAlone(Query query)
    {
        Assert.Equal(TraceSource.GoKadDht, query.Source);
        Assert.All(
            query.Peers.SelectMany(static peer => peer.Requests).Where(static request => request.Type == MessageType.GetProviders),
            static request => Assert.True(request.Named.IsDefault)
        );
    }

    /// <summary>The operation in an archive that never saw the events.</summary>
    private static async Task<Operation> AloneAsync()
    {
        await using var host = await IngestHost.StartAsync();
        await SpansAsync(host);
        return (await host.Store.ListOperationsAsync(new QueryFilter { Type = QueryType.GetProviders }))
            .Rows.Select(static row => row.Operation)
            .Single(static operation => operation.Id.TraceId.ToString() == Command.Trace);
    }

    private static async Task<Operation> JoinedAsync(IngestHost host)
    {
        Assert.Equal(0, host.Worker.FailedCount);
        return Assert
            .Single((await host.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.GoKadDhtAndKuboEvents })).Rows)
            .Operation;
    }

    private static Task SpansAsync(IngestHost host) => ImportAsync(host, SpansFile, TraceHints.None);

    private async Task EventsAsync(IngestHost host, bool timed)
    {
        if (timed)
        {
            await AcceptAsync(host, CapturedStream.Spans(Command));
        }
        else
        {
            await ImportAsync(host, Saved(), Hints);
        }
    }

    private static async Task AcceptAsync(IngestHost host, IReadOnlyList<Span> spans)
    {
        await host.Sink.AcceptOtlpAsync(OtlpProtobuf.Encode(spans), "test", TestContext.Current.CancellationToken);
        await host.Worker.DrainAsync();
    }

    private static TraceHints Hints => new() { Key = CapturedStream.Key(Command) };

    private string Saved()
    {
        var path = Path.Combine(_folder, "saved.jsonl");
        File.WriteAllBytes(path, CapturedStream.Saved(Command));
        return path;
    }

    private async Task<QueryId> SavedIdAsync()
    {
        var root = KuboEventReader.Decode(await File.ReadAllBytesAsync(Saved()), Hints)[0];
        return new QueryId(root.TraceId, root.SpanId);
    }

    private static async Task ImportAsync(IngestHost host, string path, TraceHints hints)
    {
        await new FileImporter(host.Store).ImportAsync(
            [path],
            new ImportOptions { Hints = hints },
            null,
            null,
            TestContext.Current.CancellationToken
        );
        await host.Worker.DrainAsync();
    }
}
