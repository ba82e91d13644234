using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Traces;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage;

/// <summary>
/// The contract of an archive: traces, and the operations and queries found in them. An implementation is safe to use from many threads.
/// Every method throws <see cref="DatabaseException"/> when the database cannot be read or written. The file is longer than 300 lines
/// because each method's documentation says what a caller may rely on.
/// </summary>
/// <param name="reconstruct">Finds the operations and queries in the spans of one trace.</param>
public abstract class TraceStore(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct) : IAsyncDisposable
{
    /// <summary>Where the archive is, for messages; never holds a password.</summary>
    public abstract string Location { get; }

    /// <summary>Bytes of spans that wait for the writer.</summary>
    public abstract long PendingBytes { get; }

    /// <summary>Stores spans; completes when they are committed, and not before.</summary>
    /// <param name="chunks">What arrived. All of it is stored, or nothing.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the chunks.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    /// <exception cref="StoreOverloadedException">Too much waits already; nothing was stored.</exception>
    public abstract Task AppendAsync(
        IReadOnlyList<TraceChunk> chunks,
        PullCheckpoint? checkpoint = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>All that is stored of a trace, as it arrived; null when it is not there.</summary>
    public abstract Task<TraceContent?> LoadAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>What tells whether a trace has changed, without reading its spans; null when it is not there.</summary>
    public abstract Task<TraceState?> GetStateAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>What is known of a trace without reading its spans; null when it is not there.</summary>
    public abstract Task<TraceInfo?> GetTraceInfoAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>Whether retention has deleted the trace: then when, in nanoseconds since 1970-01-01 UTC; else null.</summary>
    public abstract Task<long?> GetDeletedAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>A page of operations, each with its queries.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="sort">In what order.</param>
    /// <param name="cursor">From a page before; null for the first page.</param>
    /// <param name="limit">Rows at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is none of a list in this order.</exception>
    public abstract Task<OperationPage> ListOperationsAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    );

    /// <summary>Operations by their ids, as a list shows them, in this order; those that are not here are left out.</summary>
    public abstract Task<IReadOnlyList<ListedOperation>> ListOperationsAsync(
        IReadOnlyCollection<QueryId> ids,
        CancellationToken cancellationToken = default
    );

    /// <summary>How many operations pass a filter.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">Counting ends here: then there may be more.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<long> CountOperationsAsync(
        QueryFilter filter,
        long limit = long.MaxValue,
        CancellationToken cancellationToken = default
    );

    /// <summary>A page of queries, one by one. Only pages by start or key are walked along an index.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="sort">In what order.</param>
    /// <param name="cursor">From a page before; null for the first page.</param>
    /// <param name="limit">Rows at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is none of a list in this order.</exception>
    public abstract Task<QueryPage> ListQueriesAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    );

    /// <summary>Traces of the operations that a filter lets through, by their number in this database, each once.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="after">Only traces with a greater number; 0 for all.</param>
    /// <param name="limit">How many at most; fewer than this means that there are no more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<NumberedTrace>> ListTracesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>A mark that <see cref="CountNewerAsync"/> counts from: the number of the operation that was added last.</summary>
    public abstract Task<long> LastNumberAsync(CancellationToken cancellationToken = default);

    /// <summary>How many operations were added after a mark; one that was only analysed again is not among them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">What <see cref="LastNumberAsync"/> said.</param>
    /// <param name="limit">At least 1; counting ends there.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<int> CountNewerAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default);

    /// <summary>The same mark for queries, counted by <see cref="CountNewerQueriesAsync"/>.</summary>
    public abstract Task<long> LastQueryNumberAsync(CancellationToken cancellationToken = default);

    /// <summary>How many queries were added after a mark; one that was only analysed again is not among them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">What <see cref="LastQueryNumberAsync"/> said.</param>
    /// <param name="limit">At least 1; counting ends there.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<int> CountNewerQueriesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>Operations and queries whose permalink begins with these hex digits of the trace id (and <c>-</c> and digits of the span
    /// id, if the trace id is whole).</summary>
    /// <param name="prefix">At least one hex digit.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public abstract Task<IReadOnlyList<QueryId>> FindByPrefixAsync(
        string prefix,
        int limit = 2,
        CancellationToken cancellationToken = default
    );

    /// <summary>Peers of the archive that a text names: the peer of an id, or those whose id ends with the text.</summary>
    /// <param name="text">A peer id in any encoding, or at least <see cref="KeySearch.ShortestTail"/> characters at the end of its
    /// base58.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<string>> FindPeersAsync(string text, int limit, CancellationToken cancellationToken = default);

    /// <summary>The queries of other operations of the same key before and after a query.</summary>
    public abstract Task<QueryNeighbours> NeighboursAsync(QueryId id, CancellationToken cancellationToken = default);

    /// <summary>What statistics need of operations, latest first; no trace is decoded. Those that had nobody to ask are left out.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">How many at most; as many as this means that there may be more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        QueryFilter filter,
        int limit = 1_000_000,
        CancellationToken cancellationToken = default
    );

    /// <summary>What statistics need of the peers that the queries of operations heard of; no trace is decoded.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="peer">Only this peer, in base58; null for all.</param>
    /// <param name="limit">How many operations at most, the latest ones.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<PeerFactsList> ListPeerFactsAsync(
        QueryFilter filter,
        string? peer = null,
        int limit = 100_000,
        CancellationToken cancellationToken = default
    );

    /// <summary>By what operations can be told apart, over the latest of them; no trace is decoded. Those that had nobody to ask are left
    /// out.</summary>
    /// <param name="filter">Which operations.</param>
    /// <param name="limit">How many operations at most, the latest ones.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<OperationFacets> ListFacetsAsync(QueryFilter filter, int limit, CancellationToken cancellationToken = default);

    /// <summary>How much is stored.</summary>
    public abstract Task<StoreCounts> CountsAsync(CancellationToken cancellationToken = default);

    /// <summary>How many queries these traces have, background ones included. A stream of query events that is joined with the spans of
    /// another trace counts as one.</summary>
    public abstract Task<long> CountQueriesAsync(IReadOnlyCollection<TraceId> traces, CancellationToken cancellationToken = default);

    /// <summary>Services that any trace has spans of, by name.</summary>
    public abstract Task<IReadOnlyList<string>> ListServicesAsync(CancellationToken cancellationToken = default);

    /// <summary>Operations of a service in Jaeger's sense, which are names of spans, by name and kind.</summary>
    public abstract Task<IReadOnlyList<ServiceOperation>> ListServiceOperationsAsync(
        string service,
        CancellationToken cancellationToken = default
    );

    /// <summary>How often spans of one service are children of spans of another, over all analysed traces that started in a time
    /// range.</summary>
    /// <param name="fromUnixNano">Earliest start of a trace, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="toUnixNano">Latest start.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public abstract Task<IReadOnlyList<ServiceDependency>> ListDependenciesAsync(
        ulong fromUnixNano,
        ulong toUnixNano,
        CancellationToken cancellationToken = default
    );

    /// <summary>Traces by service, operation, time and duration.</summary>
    public abstract Task<IReadOnlyList<TraceId>> FindTracesAsync(TraceSearch search, CancellationToken cancellationToken = default);

    /// <summary>Checkpoints of all pulled services.</summary>
    public abstract Task<IReadOnlyList<PullCheckpoint>> ListCheckpointsAsync(CancellationToken cancellationToken = default);

    /// <summary>Traces that wait for analysis, those that wait longest first.</summary>
    public abstract Task<IReadOnlyList<PendingTrace>> ListPendingAsync(int limit, CancellationToken cancellationToken = default);

    /// <summary>Traces that an older version of the analysis has read.</summary>
    public abstract Task<IReadOnlyList<TraceId>> ListAnalysedBeforeAsync(
        int version,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>How many traces an older version of the analysis has read.</summary>
    public abstract Task<long> CountAnalysedBeforeAsync(int version, CancellationToken cancellationToken = default);

    /// <summary>Records on a trace that it could not be analysed; its spans stay as they are.</summary>
    /// <param name="traceId">The trace.</param>
    /// <param name="version">Version of the analysis, which will not try again.</param>
    /// <param name="error">Why.</param>
    /// <param name="cancellationToken">Takes it back as long as it waits for the writer.</param>
    public abstract Task RecordFailureAsync(TraceId traceId, int version, string error, CancellationToken cancellationToken = default);

    /// <summary>Whether another process has written since the last call; the first call answers false.</summary>
    public abstract Task<bool> OthersWroteAsync(CancellationToken cancellationToken = default);

    /// <summary>Saves analyses, each in place of the chunks it was made from.</summary>
    /// <returns>For each whether it was saved; false when the trace was analysed by another process, or deleted, in between.</returns>
    public abstract Task<IReadOnlyList<bool>> SaveAnalysesAsync(
        IReadOnlyList<TraceAnalysis> analyses,
        CancellationToken cancellationToken = default
    );

    /// <summary>Deletes traces to which nothing was added since <paramref name="before"/>, and remembers their ids.</summary>
    /// <returns>Traces deleted.</returns>
    public abstract Task<long> DeleteOlderThanAsync(DateTimeOffset before, CancellationToken cancellationToken = default);

    /// <summary>Tells which operations and queries changed, in this process.</summary>
    public ChangeFeed Changes { get; } = new();

    /// <summary>Tells which traces got new spans, in this process.</summary>
    public ArrivalFeed Arrivals { get; } = new();

    /// <summary>Spans of a trace, merged by span id, earliest first; empty when it is not there.</summary>
    public async Task<IReadOnlyList<Span>> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        await LoadAsync(traceId, cancellationToken) is { } content ? Merged(content) : [];

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

    /// <summary>Writes a checkpoint alone.</summary>
    public Task SaveCheckpointAsync(PullCheckpoint checkpoint, CancellationToken cancellationToken = default) =>
        AppendAsync([], checkpoint, cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    internal (IReadOnlyList<Span> Spans, ReconstructedTrace Found) ReconstructWithSpans(TraceContent content) =>
        Merged(content) is var spans && spans.IsEmpty ? (spans, ReconstructedTrace.Empty) : (spans, Find(content, spans));

    private ReconstructedTrace Find(TraceContent content, IReadOnlyList<Span> spans) => content.Reconstruct(reconstruct, spans);

    /// <summary>What the trace of an id tells. When the id is of a stream that was joined: the trace of the operation, and its
    /// id.</summary>
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
