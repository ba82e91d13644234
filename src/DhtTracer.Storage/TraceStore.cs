using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage;

/// <summary>
/// The archive of traces and of the operations and queries found in them. Safe to use from many threads; one instance per process and
/// database. Every method throws <see cref="DatabaseException"/> when the database cannot be read or written. Over 300 lines, because it is
/// the one door to the archive: each method only hands its statements to a reader or the writer, and says what the caller may rely on.
/// </summary>
public sealed class TraceStore : IAsyncDisposable
{
    private readonly Database _database;
    private readonly Func<IReadOnlyList<Span>, ReconstructedTrace> _reconstruct;
    private readonly TimeProvider _clock;

    private TraceStore(Database database, Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider clock)
    {
        _database = database;
        _reconstruct = reconstruct;
        _clock = clock;
    }

    /// <summary>Tells which operations and queries changed, in this process.</summary>
    public ChangeFeed Changes { get; } = new();

    /// <summary>Tells which traces got new spans, in this process.</summary>
    public ArrivalFeed Arrivals { get; } = new();

    /// <summary>Where it is.</summary>
    public DatabaseOptions Options => _database.Options;

    /// <summary>Bytes of spans that wait for the writer.</summary>
    public long PendingBytes => _database.Writer?.PendingBytes ?? 0;

    /// <summary>Opens the database of <paramref name="options"/>.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="reconstruct">Merged spans of one trace to operations and queries.</param>
    /// <param name="clock">Says when spans arrived; null for the system's.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="DatabaseException">It cannot be opened; the message says why and what to do.</exception>
    public static async Task<TraceStore> OpenAsync(
        DatabaseOptions options,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
        TimeProvider? clock = null,
        CancellationToken cancellationToken = default
    ) => new(await Database.OpenAsync(options, cancellationToken), reconstruct, clock ?? TimeProvider.System);

    /// <summary>Stores spans; completes when they are committed, and not before.</summary>
    /// <param name="chunks">What arrived. All of it is stored, or nothing.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the chunks.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    /// <exception cref="StoreOverloadedException">Too much waits already; nothing was stored.</exception>
    public async Task AppendAsync(
        IReadOnlyList<TraceChunk> chunks,
        PullCheckpoint? checkpoint = null,
        CancellationToken cancellationToken = default
    )
    {
        var packed = new PackedChunk[chunks.Count];
        long bytes = 0;
        for (var i = 0; i < packed.Length; i++)
        {
            var chunk = chunks[i];
            ArgumentOutOfRangeException.ThrowIfLessThan(chunk.SpanCount, 1, nameof(chunks));
            var data = TraceBlob.Compress(chunk.Otlp.Span, TraceBlob.FastQuality);
            packed[i] = new PackedChunk(chunk.TraceId, chunk.SpanCount, chunk.Otlp.Length, data);
            bytes += data.Length;
        }

        await WriteAsync(
            session =>
            {
                if (checkpoint is not null)
                {
                    CheckpointTable.Write(session, checkpoint);
                }

                return TraceWriter.Append(session, packed, Nanoseconds.Now(_clock));
            },
            bytes,
            cancellationToken
        );
        Arrivals.Publish([.. packed.Select(static chunk => chunk.TraceId)]);
    }

    /// <summary>Spans of a trace, merged by span id, earliest first; empty when it is not there.</summary>
    public async Task<IReadOnlyList<Span>> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        await LoadAsync(traceId, cancellationToken) is { } content ? Merged(content) : [];

    /// <summary>All that is stored of a trace, as it arrived; null when it is not there.</summary>
    public Task<TraceContent?> LoadAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Content(connection, traceId), cancellationToken);

    /// <summary>What tells whether a trace has changed, without reading its spans; null when it is not there.</summary>
    public Task<TraceState?> GetStateAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.State(connection, traceId), cancellationToken);

    /// <summary>What is known of a trace without reading its spans; null when it is not there.</summary>
    public Task<TraceInfo?> GetTraceInfoAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Info(connection, traceId), cancellationToken);

    /// <summary>Whether retention has deleted the trace: then when, in nanoseconds since 1970-01-01 UTC; else null.</summary>
    public Task<long?> GetDeletedAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Deleted(connection, traceId), cancellationToken);

    /// <summary>A page of operations, each with its queries.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="sort">In what order.</param>
    /// <param name="cursor">From a page before; null for the first page.</param>
    /// <param name="limit">Rows at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is none of a list in this order.</exception>
    public Task<OperationPage> ListOperationsAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1000);
        return _database.Readers.ReadAsync(connection => OperationReader.Page(connection, filter, sort, cursor, limit), cancellationToken);
    }

    /// <summary>Operations by their ids, as a list shows them, in this order; those that are not here are left out.</summary>
    public Task<IReadOnlyList<ListedOperation>> ListOperationsAsync(
        IReadOnlyCollection<QueryId> ids,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => OperationReader.ByIds(connection, ids), cancellationToken);

    /// <summary>How many operations pass a filter.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">Counting ends here: then there may be more.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public Task<long> CountOperationsAsync(QueryFilter filter, long limit = long.MaxValue, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => OperationReader.Count(connection, filter, limit), cancellationToken);

    /// <summary>A page of queries, one by one. Only pages by start or key are walked along an index.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="sort">In what order.</param>
    /// <param name="cursor">From a page before; null for the first page.</param>
    /// <param name="limit">Rows at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is none of a list in this order.</exception>
    public Task<QueryPage> ListQueriesAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1000);
        return _database.Readers.ReadAsync(connection => QueryReader.Page(connection, filter, sort, cursor, limit), cancellationToken);
    }

    /// <summary>Traces of the operations that a filter lets through, by their number in this database, each once.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="after">Only traces with a greater number; 0 for all.</param>
    /// <param name="limit">How many at most; fewer than this means that there are no more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<IReadOnlyList<NumberedTrace>> ListTracesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => TraceList.Read(connection, filter, after, limit), cancellationToken);

    /// <summary>A mark that <see cref="CountNewerAsync"/> counts from: the number of the operation that was added last.</summary>
    public Task<long> LastNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => NewerRows.LastNumber(connection, ListTable.Operations), cancellationToken);

    /// <summary>How many operations were added after a mark; one that was only analysed again is not among them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">What <see cref="LastNumberAsync"/> said.</param>
    /// <param name="limit">At least 1; counting ends there.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public Task<int> CountNewerAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => NewerRows.Count(connection, ListTable.Operations, filter, after, limit),
            cancellationToken
        );
    }

    /// <summary>The same mark for queries, counted by <see cref="CountNewerQueriesAsync"/>.</summary>
    public Task<long> LastQueryNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => NewerRows.LastNumber(connection, ListTable.Queries), cancellationToken);

    /// <summary>How many queries were added after a mark; one that was only analysed again is not among them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">What <see cref="LastQueryNumberAsync"/> said.</param>
    /// <param name="limit">At least 1; counting ends there.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public Task<int> CountNewerQueriesAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => NewerRows.Count(connection, ListTable.Queries, filter, after, limit),
            cancellationToken
        );
    }

    /// <summary>
    /// A query with all its peers, from the spans stored at this moment; null when it is not there. The id of a stream of query events that
    /// was joined with an operation leads to the decisive query of that operation: the answer then has another id.
    /// </summary>
    public async Task<Query?> GetQueryAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return moved is { } operation
            ? found.Queries.FirstOrDefault(query => query.Id == found.Operations.FirstOrDefault(other => other.Id == operation)?.Decisive)
            : found.Queries.FirstOrDefault(query => query.Id == id);
    }

    /// <summary>
    /// An operation with all its queries, from the spans stored at this moment and the parts that other traces add; null when it is not
    /// there. The id of a stream of query events that was joined with an operation leads to that operation.
    /// </summary>
    public async Task<OperationDetails?> GetOperationAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return OperationDetails.Of(found, moved ?? id);
    }

    /// <summary>The queries of an id, from the spans stored at this moment: of an operation all, or the one query; empty when it is not
    /// there. A joined stream of query events leads to its operation.</summary>
    public async Task<ImmutableArray<Query>> FindQueriesAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return found.QueriesOf(moved ?? id);
    }

    /// <summary>What the spans of a trace as it was loaded tell, and the parts that other traces add.</summary>
    public ReconstructedTrace Reconstruct(TraceContent content) => Find(content, Merged(content));

    /// <summary>Operations and queries whose permalink begins with these hex digits of the trace id (and <c>-</c> and digits of the span
    /// id, if the trace id is whole).</summary>
    /// <param name="prefix">At least one hex digit.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<IReadOnlyList<QueryId>> FindByPrefixAsync(string prefix, int limit = 2, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.FindByPrefix(connection, prefix, limit), cancellationToken);

    /// <summary>Peers of the archive that a text names: the peer of an id, or those whose id ends with the text.</summary>
    /// <param name="text">A peer id in any encoding, or at least <see cref="KeySearch.ShortestTail"/> characters at the end of its
    /// base58.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<IReadOnlyList<string>> FindPeersAsync(string text, int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TailSearch.Peers(connection, text, limit), cancellationToken);

    /// <summary>The queries of other operations of the same key before and after a query.</summary>
    public Task<QueryNeighbours> NeighboursAsync(QueryId id, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Neighbours(connection, id), cancellationToken);

    /// <summary>What statistics need of operations, latest first; no trace is decoded. Those that had nobody to ask are left out.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">How many at most; as many as this means that there may be more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        QueryFilter filter,
        int limit = 1_000_000,
        CancellationToken cancellationToken = default
    ) =>
        _database.Readers.ReadAsync(
            connection => FactsReader.Operations(connection, filter with { Skipped = filter.Skipped ?? false }, limit, cancellationToken),
            cancellationToken
        );

    /// <summary>What statistics need of the peers that the queries of operations heard of; no trace is decoded.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="peer">Only this peer, in base58; null for all.</param>
    /// <param name="limit">How many operations at most, the latest ones.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<PeerFactsList> ListPeerFactsAsync(
        QueryFilter filter,
        string? peer = null,
        int limit = 100_000,
        CancellationToken cancellationToken = default
    ) =>
        _database.Readers.ReadAsync(connection => FactsReader.Peers(connection, filter, peer, limit, cancellationToken), cancellationToken);

    /// <summary>By what operations can be told apart, over the latest of them; no trace is decoded. Those that had nobody to ask are left
    /// out.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="limit">How many operations at most, the latest ones.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public Task<OperationFacets> ListFacetsAsync(QueryFilter filter, int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(
            connection => FacetReader.Read(connection, filter with { Skipped = filter.Skipped ?? false }, limit, cancellationToken),
            cancellationToken
        );

    /// <summary>How much is stored.</summary>
    public Task<StoreCounts> CountsAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Counts(connection, _database.FileBytes()), cancellationToken);

    /// <summary>How many queries these traces have.</summary>
    public Task<long> CountQueriesAsync(IReadOnlyCollection<TraceId> traces, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Count(connection, traces), cancellationToken);

    /// <summary>Services that any trace has spans of, by name.</summary>
    public Task<IReadOnlyList<string>> ListServicesAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(ServiceIndex.Services, cancellationToken);

    /// <summary>Operations of a service in Jaeger's sense, which are names of spans, by name and kind.</summary>
    public Task<IReadOnlyList<ServiceOperation>> ListServiceOperationsAsync(
        string service,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceIndex.Operations(connection, service), cancellationToken);

    /// <summary>How often spans of one service are children of spans of another, over all analysed traces that started in a time
    /// range.</summary>
    /// <param name="fromUnixNano">Earliest start of a trace, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="toUnixNano">Latest start.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<IReadOnlyList<ServiceDependency>> ListDependenciesAsync(
        ulong fromUnixNano,
        ulong toUnixNano,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceDependencies.Read(connection, fromUnixNano, toUnixNano), cancellationToken);

    /// <summary>Traces by service, operation, time and duration.</summary>
    public Task<IReadOnlyList<TraceId>> FindTracesAsync(TraceSearch search, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => ServiceIndex.Find(connection, search), cancellationToken);

    /// <summary>Checkpoints of all pulled services.</summary>
    public Task<IReadOnlyList<PullCheckpoint>> ListCheckpointsAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(CheckpointTable.Read, cancellationToken);

    /// <summary>Writes a checkpoint alone.</summary>
    public Task SaveCheckpointAsync(PullCheckpoint checkpoint, CancellationToken cancellationToken = default) =>
        AppendAsync([], checkpoint, cancellationToken);

    /// <summary>Traces that wait for analysis, those that wait longest first.</summary>
    public Task<IReadOnlyList<PendingTrace>> ListPendingAsync(int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Pending(connection, limit), cancellationToken);

    /// <summary>Traces that an older version of the analysis has read.</summary>
    public Task<IReadOnlyList<TraceId>> ListAnalysedBeforeAsync(int version, int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.AnalysedBefore(connection, version, limit), cancellationToken);

    /// <summary>How many traces an older version of the analysis has read.</summary>
    public Task<long> CountAnalysedBeforeAsync(int version, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.CountAnalysedBefore(connection, version), cancellationToken);

    /// <summary>Records on a trace that it could not be analysed; its spans stay as they are.</summary>
    /// <param name="traceId">The trace.</param>
    /// <param name="version">Version of the analysis, which will not try again.</param>
    /// <param name="error">Why.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    public Task RecordFailureAsync(TraceId traceId, int version, string error, CancellationToken cancellationToken = default) =>
        WriteAsync(session => TraceWriter.Fail(session, traceId, version, error), 0, cancellationToken);

    /// <summary>Whether another process has written since the last call; the first call answers false.</summary>
    public async Task<bool> OthersWroteAsync(CancellationToken cancellationToken = default)
    {
        var wrote = await WriteAsync(session => session.OthersWrote(), 0, cancellationToken);
        if (wrote)
        {
            // Which queries it changed is not known here: watchers read again.
            Changes.Publish([]);
        }

        return wrote;
    }

    /// <summary>Saves analyses, each in place of the chunks it was made from.</summary>
    /// <returns>For each whether it was saved; false when the trace was analysed by another process, or deleted, in between.</returns>
    public async Task<IReadOnlyList<bool>> SaveAnalysesAsync(
        IReadOnlyList<TraceAnalysis> analyses,
        CancellationToken cancellationToken = default
    )
    {
        var packed = analyses.Select(TracePacking.Pack).ToList();
        var saved = await WriteAsync(
            session =>
            {
                var results = packed.ConvertAll(item => TraceWriter.Save(session, item));
                PeerIndex.MoveWhenMany(session, PeerIndex.MaxRecent);
                return results;
            },
            packed.Sum(item => (long)item.Data.Length),
            cancellationToken
        );
        var changed = analyses
            .Where((_, i) => saved[i] is not null)
            .SelectMany(static analysis =>
                analysis
                    .Found.Operations.Select(static operation => operation.Id)
                    .Concat(analysis.Found.Queries.Select(static query => query.Id))
                    .Concat(analysis.Found.Streams.Select(static stream => stream.Id))
            )
            .Distinct()
            .ToList();
        if (changed.Count > 0)
        {
            Changes.Publish(changed);
        }

        Arrivals.Publish([.. saved.OfType<IReadOnlyList<TraceId>>().SelectMany(static stale => stale).Distinct()]);
        return saved.ConvertAll(static result => result is not null);
    }

    /// <summary>Deletes traces to which nothing was added since <paramref name="before"/>, and remembers their ids.</summary>
    /// <returns>Traces deleted.</returns>
    public async Task<long> DeleteOlderThanAsync(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var beforeNs = (before - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        long deleted = 0;
        while (true)
        {
            var (batch, done, stale) = await WriteAsync(
                session => Retention.DeleteBatch(session, beforeNs, Nanoseconds.Now(_clock)),
                0,
                cancellationToken
            );
            deleted += batch;
            Arrivals.Publish(stale);
            if (done)
            {
                break;
            }
        }

        if (deleted > 0)
        {
            await WriteAsync(Retention.Shrink, 0, cancellationToken);
            Changes.Publish([]);
        }

        return deleted;
    }

    /// <summary>Finishes what was accepted, and closes.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>The merged spans of a trace and what they tell.</summary>
    internal (IReadOnlyList<Span> Spans, ReconstructedTrace Found) ReconstructWithSpans(TraceContent content) =>
        Merged(content) is var spans && spans.IsEmpty ? (spans, ReconstructedTrace.Empty) : (spans, Find(content, spans));

    /// <summary>Runs a read of the tests.</summary>
    internal Task<T> ReadAsync<T>(Func<Microsoft.Data.Sqlite.SqliteConnection, T> read) =>
        _database.Readers.ReadAsync(read, CancellationToken.None);

    /// <summary>Runs a write of this project or its tests.</summary>
    internal Task<T> WriteAsync<T>(Func<WriteSession, T> write, long bytes, CancellationToken cancellationToken) =>
        (_database.Writer ?? throw new InvalidOperationException("The database is open for reading only.")).RunAsync(
            write,
            bytes,
            cancellationToken
        );

    private ReconstructedTrace Find(TraceContent content, IReadOnlyList<Span> spans) => content.Reconstruct(_reconstruct, spans);

    /// <summary>What the trace of an id tells. When the id is of a stream that was joined: the trace of the operation, and its id.</summary>
    private async Task<(ReconstructedTrace Found, QueryId? Moved)> FindAsync(QueryId id, CancellationToken cancellationToken)
    {
        if (await LoadAsync(id.TraceId, cancellationToken) is not { } content)
        {
            return (ReconstructedTrace.Empty, null);
        }

        var found = Reconstruct(content);
        if (found.Streams.FirstOrDefault(stream => stream.Id == id)?.JoinedTo is not { } operation)
        {
            return (found, null);
        }

        return operation.TraceId == id.TraceId ? (found, operation)
            : await LoadAsync(operation.TraceId, cancellationToken) is { } other ? (Reconstruct(other), operation)
            : (found, null);
    }

    private static ImmutableArray<Span> Merged(TraceContent content) => SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp));
}
