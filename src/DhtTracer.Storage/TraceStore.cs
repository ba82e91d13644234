using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage.Alarms;
using DhtTracer.Storage.Export;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Pulling;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Services;
using DhtTracer.Storage.Statistics;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage;

/// <summary>
/// The contract of an archive: traces, and the operations and queries found in them. Implementations are thread-safe. Every method throws
/// <see cref="DatabaseException"/> if the database cannot be read or written. The file is longer than 300 lines because it documents what
/// callers may rely on for each method.
/// </summary>
/// <param name="reconstruct">Finds the operations and queries in the spans of one trace.</param>
public abstract class TraceStore(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct) : IAsyncDisposable
{
    /// <summary>Where the archive is, for messages. Never contains a password.</summary>
    public abstract string Location { get; }

    /// <summary>Retention, pins, backups and checks.</summary>
    public abstract ArchiveUpkeep Upkeep { get; }

    /// <summary>Bytes of spans waiting for the writer.</summary>
    public abstract long PendingBytes { get; }

    /// <summary>Stores messages in the inbox. The task completes only after the commit.</summary>
    /// <param name="messages">The messages. Either all are stored or none.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the messages; null for none.</param>
    /// <param name="patience">How long the write may wait for its start; null for no limit.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <exception cref="StoreOverloadedException">Too much is waiting already, or the write waited too long; nothing was
    /// stored.</exception>
    public abstract Task AppendMessagesAsync(
        IReadOnlyList<InboxBody> messages,
        PullCheckpoint? checkpoint = null,
        TimeSpan? patience = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>Stores spans in the inbox. The task completes only after the commit.</summary>
    /// <param name="chunks">The spans that arrived. Either all are stored or none.</param>
    /// <param name="checkpoint">A puller's checkpoint, committed together with the chunks.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <exception cref="StoreOverloadedException">Too much is waiting already; nothing was stored.</exception>
    public Task AppendAsync(
        IReadOnlyList<TraceChunk> chunks,
        PullCheckpoint? checkpoint = null,
        CancellationToken cancellationToken = default
    ) => AppendMessagesAsync(InboxBody.Of(chunks), checkpoint, null, cancellationToken);

    /// <summary>Reads messages that wait in the inbox, in the order of their numbers.</summary>
    /// <param name="after">Only messages with a higher number; 0 for all.</param>
    /// <param name="most">Stops after the message that brings the spans to this many bytes.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public abstract Task<IReadOnlyList<InboxRow>> ReadInboxAsync(long after, long most, CancellationToken cancellationToken = default);

    /// <summary>Lists the numbers of the messages that wait in the inbox, ascending.</summary>
    public abstract Task<IReadOnlyList<long>> ListInboxAsync(CancellationToken cancellationToken = default);

    /// <summary>Loads everything stored of a trace, as it arrived; null if there is no such trace.</summary>
    public abstract Task<TraceContent?> LoadAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>Loads traces for analysis. Their new spans are given, so the inbox is not read.</summary>
    /// <returns>One for each trace, in the same order; null if the trace was deleted.</returns>
    /// <exception cref="InvalidDataException">What is stored of a trace is damaged.</exception>
    public abstract Task<IReadOnlyList<TraceContent?>> LoadAsync(
        IReadOnlyList<AssembledTrace> traces,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Returns the state that changes whenever a trace changes, without reading its spans; null if there is no such trace.
    /// </summary>
    public abstract Task<TraceState?> GetStateAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>Returns what is known about a trace without reading its spans; null if there is no such trace.</summary>
    public abstract Task<TraceInfo?> GetTraceInfoAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>When retention deleted the trace, in nanoseconds since 1970-01-01 UTC; null if it did not.</summary>
    public abstract Task<long?> GetDeletedAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>Lists a page of operations, each with its queries.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="sort">Order of the list.</param>
    /// <param name="cursor">Cursor from another page; null for the first page.</param>
    /// <param name="limit">Maximum number of rows, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is not from a list in this order.</exception>
    public abstract Task<OperationPage> ListOperationsAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists operations by id, in this order. Unknown ids are left out.</summary>
    public abstract Task<IReadOnlyList<ListedOperation>> ListOperationsAsync(
        IReadOnlyCollection<QueryId> ids,
        CancellationToken cancellationToken = default
    );

    /// <summary>Counts the operations that match a filter.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="limit">Counting stops here. If the result equals it, there may be more.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<long> CountOperationsAsync(
        QueryFilter filter,
        long limit = long.MaxValue,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists a page of single queries. Only the orders by start and by key use an index.</summary>
    /// <param name="filter">Selects queries.</param>
    /// <param name="sort">Order of the list.</param>
    /// <param name="cursor">Cursor from another page; null for the first page.</param>
    /// <param name="limit">Maximum number of rows, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="InvalidCursorException">The cursor is not from a list in this order.</exception>
    public abstract Task<QueryPage> ListQueriesAsync(
        QueryFilter filter,
        QuerySort sort = QuerySort.Newest,
        string? cursor = null,
        int limit = 50,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists the traces of the operations that match a filter, by their number in this database, each once.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="after">Only traces with a greater number; 0 for all.</param>
    /// <param name="limit">Maximum number of traces. A shorter result means that there are no more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<NumberedTrace>> ListTracesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>The number of the operation added last, as a starting point for <see cref="CountNewerAsync"/>.</summary>
    public abstract Task<long> LastNumberAsync(CancellationToken cancellationToken = default);

    /// <summary>Counts the operations added after a starting point. Operations that were only analysed again do not count.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="after">A result of <see cref="LastNumberAsync"/>.</param>
    /// <param name="limit">Counting stops here. At least 1.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<int> CountNewerAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default);

    /// <summary>The number of the query added last, as a starting point for <see cref="CountNewerQueriesAsync"/>.</summary>
    public abstract Task<long> LastQueryNumberAsync(CancellationToken cancellationToken = default);

    /// <summary>Counts the queries added after a starting point. Queries that were only analysed again do not count.</summary>
    /// <param name="filter">Selects queries.</param>
    /// <param name="after">A result of <see cref="LastQueryNumberAsync"/>.</param>
    /// <param name="limit">Counting stops here. At least 1.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<int> CountNewerQueriesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Finds operations and queries by the beginning of their permalink: hex digits of the trace id and, if the trace id is complete,
    /// <c>-</c> and hex digits of the span id.
    /// </summary>
    /// <param name="prefix">At least one hex digit.</param>
    /// <param name="limit">Maximum number of results.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<QueryId>> FindByPrefixAsync(
        string prefix,
        int limit = 2,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists the programs that have left facts of a provide sweep, at most 1,000.</summary>
    public abstract Task<IReadOnlyList<SweepSource>> ListSweepSourcesAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists facts of a program's provide sweep, latest first, without reading spans.</summary>
    /// <param name="service"><c>service.name</c>; empty for none.</param>
    /// <param name="instance"><c>service.instance.id</c>; null for none.</param>
    /// <param name="fromUnixNano">Earliest start, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="toUnixNano">Latest start.</param>
    /// <param name="limit">Most facts, at least 1. Older ones are left out.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<SweepFactList> ListSweepFactsAsync(
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists lines of a program's log about requests for blocks, latest first.</summary>
    /// <param name="service"><c>service.name</c>; empty for none.</param>
    /// <param name="instance"><c>service.instance.id</c>; null for none.</param>
    /// <param name="fromUnixNano">Earliest time, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="toUnixNano">Latest time.</param>
    /// <param name="limit">Most lines, at least 1. Older ones are left out.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<BlockAnswer>> ListBlockAnswersAsync(
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>Finds peers in the archive: the peer with this id, or else the peers whose id ends with the text.</summary>
    /// <param name="text">A peer id in any encoding, or at least the last <see cref="KeySearch.ShortestTail"/> characters of its
    /// base58.</param>
    /// <param name="limit">Maximum number of results.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<string>> FindPeersAsync(string text, int limit, CancellationToken cancellationToken = default);

    /// <summary>Finds the queries before and after a query that have the same key and belong to other operations.</summary>
    public abstract Task<QueryNeighbours> NeighboursAsync(QueryId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists what statistics need of operations, latest first, without decoding traces. Operations without peers to ask are left out.
    /// </summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="limit">Maximum number of operations. If the result has this many, there may be more.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        QueryFilter filter,
        int limit = 1_000_000,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists what statistics need of these operations, in this order, without decoding traces. Unknown numbers are left
    /// out.</summary>
    /// <param name="numbers">Numbers from <see cref="OperationColumns.Numbers"/>.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        IReadOnlyList<long> numbers,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Reads what statistics need of all operations that match a filter, without decoding traces: 65 bytes an operation. Operations without
    /// peers to ask are left out, unless the filter selects them.
    /// </summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public abstract Task<OperationColumns> ReadOperationsAsync(QueryFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Lists what statistics need of the peers that the queries of operations heard of, without decoding traces.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="peer">Only this peer, in base58; null for all.</param>
    /// <param name="limit">Maximum number of operations; the latest are read.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<PeerFactsList> ListPeerFactsAsync(
        QueryFilter filter,
        string? peer = null,
        int limit = 100_000,
        CancellationToken cancellationToken = default
    );

    /// <summary>Lists the peers of all operations that match a filter, by rank.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="listing">Which of the peers.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<PeerPage> ListPeersAsync(QueryFilter filter, PeerListing listing, CancellationToken cancellationToken = default);

    /// <summary>Reads one peer over all operations that match a filter; the page is empty when none of them heard of it.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="peer">Peer id in base58.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<PeerPage> ReadPeerAsync(QueryFilter filter, string peer, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads which peers the operations that match a filter met, and what they lost to them. Operations without peers to ask are left out.
    /// </summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<PeersMet> ReadPeersMetAsync(QueryFilter filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// Counts operations per type, service, node and so on, without decoding traces. Operations without peers to ask are left out.
    /// </summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<OperationFacets> ListFacetsAsync(QueryFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Lists what the archive holds of records, without decoding traces.</summary>
    /// <param name="keys">The bytes that are hashed.</param>
    /// <param name="limit">Maximum number of operations of a key, and of corrections; the latest are read. At least 1.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>One for each key, in the same order.</returns>
    public abstract Task<IReadOnlyList<RecordSightings>> ListSightingsAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Lists keys whose records may need attention: of the operations of a record that came last, of the publications that came last, and
    /// of the last publications before a time.
    /// </summary>
    /// <param name="publishedBeforeAgoNs">How long before the latest operation of a record the last of the three ends, in
    /// nanoseconds.</param>
    /// <param name="limit">Maximum number of operations of each of the three. At least 1.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<RecordCandidates> ListRecordKeysAsync(
        long publishedBeforeAgoNs,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Adds up what the lookups of the latest operations that match a filter show of the network, without decoding traces.
    /// </summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="limit">Maximum number of operations; the latest are read. At least 1.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public abstract Task<NetworkLookups> ReadNetworkAsync(
        QueryFilter filter,
        int limit = NetworkLookups.MostOperations,
        CancellationToken cancellationToken = default
    );

    /// <summary>Reads what the watch of hours left: hours from a time on, and alarms that were open then or later.</summary>
    /// <param name="fromUnixNano">In nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public abstract Task<WatchState> ReadWatchAsync(ulong fromUnixNano, CancellationToken cancellationToken = default);

    /// <summary>Saves what an hour says, once: of several processes that watch the same archive, one succeeds.</summary>
    /// <param name="hour">The hour.</param>
    /// <param name="alarms">The alarms that it raises or changes. One with the same id is replaced.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    /// <returns>False when the hour was saved before; then nothing is written.</returns>
    public abstract Task<bool> SaveWatchAsync(WatchedHour hour, IReadOnlyList<Alarm> alarms, CancellationToken cancellationToken = default);

    /// <summary>Lists alarms, latest beginning first.</summary>
    /// <param name="filter">Selects alarms.</param>
    /// <param name="limit">Maximum number of alarms, at least 1.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract Task<AlarmList> ListAlarmsAsync(AlarmFilter filter, int limit, CancellationToken cancellationToken = default);

    /// <summary>Counts what became of the providers that block requests found, exactly, without decoding traces.</summary>
    /// <param name="filter">Selects operations.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    public abstract Task<ProviderFateTally> CountFatesAsync(QueryFilter filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// Packs some operations for statistics, so that <see cref="ReadOperationsAsync"/> is fast. Results do not depend on it. Call it again
    /// after a pause when it returns false.
    /// </summary>
    /// <param name="onlySettled">Whether to leave operations that changed since the last call for later.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>Whether it packed some; then there may be more.</returns>
    public abstract Task<bool> PackAsync(bool onlySettled = true, CancellationToken cancellationToken = default);

    /// <summary>Counts what is stored.</summary>
    public abstract Task<StoreCounts> CountsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Counts the queries of these traces, background ones included. A query-event stream joined with spans of another trace counts as one
    /// query.
    /// </summary>
    public abstract Task<long> CountQueriesAsync(IReadOnlyCollection<TraceId> traces, CancellationToken cancellationToken = default);

    /// <summary>Lists the services that have spans in any trace, by name.</summary>
    public abstract Task<IReadOnlyList<string>> ListServicesAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists the operations of a service in Jaeger's sense (span names), by name and kind.</summary>
    public abstract Task<IReadOnlyList<ServiceOperation>> ListServiceOperationsAsync(
        string service,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Counts how often spans of one service have a parent in another, over all analysed traces that started in a time range.
    /// </summary>
    /// <param name="fromUnixNano">Earliest start of a trace, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="toUnixNano">Latest start of a trace, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public abstract Task<IReadOnlyList<ServiceDependency>> ListDependenciesAsync(
        ulong fromUnixNano,
        ulong toUnixNano,
        CancellationToken cancellationToken = default
    );

    /// <summary>Finds traces by service, operation, time and duration.</summary>
    public abstract Task<IReadOnlyList<TraceId>> FindTracesAsync(TraceSearch search, CancellationToken cancellationToken = default);

    /// <summary>Lists the checkpoints of all pulled services.</summary>
    public abstract Task<IReadOnlyList<PullCheckpoint>> ListCheckpointsAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists the traces waiting for analysis, longest wait first.</summary>
    public abstract Task<IReadOnlyList<PendingTrace>> ListPendingAsync(int limit, CancellationToken cancellationToken = default);

    /// <summary>Lists the traces last analysed by an older version of the analysis.</summary>
    public abstract Task<IReadOnlyList<TraceId>> ListAnalysedBeforeAsync(
        int version,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>Counts the traces last analysed by an older version of the analysis.</summary>
    public abstract Task<long> CountAnalysedBeforeAsync(int version, CancellationToken cancellationToken = default);

    /// <summary>Records that a trace could not be analysed. Its spans are kept unchanged.</summary>
    /// <param name="traceId">The trace.</param>
    /// <param name="version">Version of the analysis. The same version will not try again.</param>
    /// <param name="error">Why it failed.</param>
    /// <param name="cancellationToken">Cancels the write if it has not started. A started write always completes.</param>
    public abstract Task RecordFailureAsync(TraceId traceId, int version, string error, CancellationToken cancellationToken = default);

    /// <summary>Whether another process has written since the last call. The first call returns false.</summary>
    public abstract Task<bool> OthersWroteAsync(CancellationToken cancellationToken = default);

    /// <summary>Saves analyses. Each takes its trace out of the inbox messages that it was made from.</summary>
    /// <returns>For each analysis, whether it was saved. False if another process analysed or deleted the trace in the meantime.</returns>
    public abstract Task<IReadOnlyList<bool>> SaveAnalysesAsync(
        IReadOnlyList<TraceAnalysis> analyses,
        CancellationToken cancellationToken = default
    );

    /// <summary>Reports changed operations and queries within this process.</summary>
    public ChangeFeed Changes { get; } = new();

    /// <summary>Reports traces with new spans within this process.</summary>
    public ArrivalFeed Arrivals { get; } = new();

    /// <summary>Reads the spans of a trace, merged by span id, earliest first; empty if there is no such trace.</summary>
    public async Task<IReadOnlyList<Span>> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        await LoadAsync(traceId, cancellationToken) is { } content ? Merged(content) : [];

    /// <summary>
    /// Reads a query with all its peers from the spans stored now; null if there is no such query. The id of a query-event stream that was
    /// joined with an operation gives the decisive query of that operation, so the result has another id.
    /// </summary>
    public async Task<Query?> GetQueryAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return moved is { } operation
            ? found.Queries.FirstOrDefault(query => query.Id == found.Operations.FirstOrDefault(other => other.Id == operation)?.Decisive)
            : found.Queries.FirstOrDefault(query => query.Id == id);
    }

    /// <summary>
    /// Reads an operation with all its queries from the spans stored now and from parts in other traces; null if there is no such
    /// operation. The id of a query-event stream that was joined with an operation gives that operation.
    /// </summary>
    public async Task<OperationDetails?> GetOperationAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return OperationDetails.Of(found, moved ?? id);
    }

    /// <summary>
    /// Reads the queries of an id from the spans stored now: all queries of an operation, or a single query. Empty if there is no such id.
    /// The id of a joined query-event stream gives its operation.
    /// </summary>
    public async Task<ImmutableArray<Query>> FindQueriesAsync(QueryId id, CancellationToken cancellationToken = default)
    {
        var (found, moved) = await FindAsync(id, cancellationToken);
        return found.QueriesOf(moved ?? id);
    }

    /// <summary>Reconstructs a loaded trace, with parts from other traces.</summary>
    public ReconstructedTrace Reconstruct(TraceContent content) => Find(content, Merged(content));

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    internal (IReadOnlyList<Span> Spans, ReconstructedTrace Found) ReconstructWithSpans(TraceContent content) =>
        Merged(content) is var spans && spans.IsEmpty ? (spans, ReconstructedTrace.Empty) : (spans, Find(content, spans));

    private ReconstructedTrace Find(TraceContent content, IReadOnlyList<Span> spans) => content.Reconstruct(reconstruct, spans);

    /// <summary>Reconstructs the trace of an id. For the id of a joined stream: the trace and the id of the operation.</summary>
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
