// Over 300 lines, because the contract has so many methods.
using DhtTracer.Analysis;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage.Alarms;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Export;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Pulling;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Services;
using DhtTracer.Storage.Sqlite.Alarms;
using DhtTracer.Storage.Sqlite.Blocks;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Network;
using DhtTracer.Storage.Sqlite.Operations;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Sqlite.Pulling;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Storage.Sqlite.Records;
using DhtTracer.Storage.Sqlite.Services;
using DhtTracer.Storage.Sqlite.Statistics;
using DhtTracer.Storage.Sqlite.Sweeps;
using DhtTracer.Storage.Sqlite.Traces;
using DhtTracer.Storage.Sqlite.Upkeep;
using DhtTracer.Storage.Statistics;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite;

/// <summary>
/// The archive in one SQLite file. Each method only passes its statements to a reader or to the writer.
/// </summary>
public sealed class SqliteTraceStore : TraceStore
{
    private readonly SqliteDatabase _database;

    private readonly TimeProvider _clock;

    private readonly BlockCache _blocks = new();

    // Blocks that the last call of PackAsync found out of date, with their revisions: one that is unchanged since has settled.
    private volatile IReadOnlyDictionary<long, long> _unpacked = new Dictionary<long, long>();

    private SqliteTraceStore(SqliteDatabase database, Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider clock)
        : base(reconstruct)
    {
        _database = database;
        _clock = clock;
        Upkeep = new SqliteUpkeep(this, database, clock);
    }

    /// <inheritdoc/>
    public override ArchiveUpkeep Upkeep { get; }

    /// <summary>The options it was opened with.</summary>
    public SqliteOptions Options => _database.Options;

    /// <inheritdoc/>
    public override string Location => Options.FilePath;

    /// <inheritdoc/>
    public override long PendingBytes => _database.Writer?.PendingBytes ?? 0;

    /// <summary>Opens the database of <paramref name="options"/>.</summary>
    /// <param name="options">Where the database is and how to open it.</param>
    /// <param name="reconstruct">Finds the operations and queries in the merged spans of one trace.</param>
    /// <param name="clock">Gives the arrival time of spans; null for the system clock.</param>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <exception cref="DatabaseException">The database cannot be opened. The message gives the reason and the remedy.</exception>
    public static async Task<SqliteTraceStore> OpenAsync(
        SqliteOptions options,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
        TimeProvider? clock = null,
        CancellationToken cancellationToken = default
    ) => new(await SqliteDatabase.OpenAsync(options, cancellationToken), reconstruct, clock ?? TimeProvider.System);

    /// <inheritdoc/>
    public override Task AppendMessagesAsync(
        IReadOnlyList<InboxBody> messages,
        PullCheckpoint? checkpoint = null,
        TimeSpan? patience = null,
        CancellationToken cancellationToken = default
    )
    {
        foreach (var chunk in messages.SelectMany(static message => message.Chunks))
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(chunk.SpanCount, 1, nameof(messages));
        }

        return WriteAsync(
            session =>
            {
                if (checkpoint is not null)
                {
                    CheckpointTable.Write(session, checkpoint);
                }

                var now = Nanoseconds.Now(_clock);
                return messages.Select(message => new InboxRow(InboxWriter.Append(session, message, now), now, message.Chunks)).ToList();
            },
            messages.Sum(static message => message.Data.Length + message.Chunks.Sum(static chunk => (long)chunk.Otlp.Length)),
            rows => rows.ForEach(Arrivals.Publish),
            patience,
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<InboxRow>> ReadInboxAsync(long after, long most, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => InboxReader.Rows(connection, after, most), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<long>> ListInboxAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(InboxReader.Numbers, cancellationToken);

    /// <inheritdoc/>
    public override Task<TraceContent?> LoadAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Content(connection, traceId), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceContent?>> LoadAsync(
        IReadOnlyList<AssembledTrace> traces,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => TraceReader.Contents(connection, traces), cancellationToken);

    /// <inheritdoc/>
    public override Task<TraceState?> GetStateAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.State(connection, traceId), cancellationToken);

    /// <inheritdoc/>
    public override Task<TraceInfo?> GetTraceInfoAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Info(connection, traceId), cancellationToken);

    /// <inheritdoc/>
    public override Task<long?> GetDeletedAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Deleted(connection, traceId), cancellationToken);

    /// <inheritdoc/>
    public override Task<OperationPage> ListOperationsAsync(
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

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ListedOperation>> ListOperationsAsync(
        IReadOnlyCollection<QueryId> ids,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => OperationReader.ByIds(connection, ids), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> CountOperationsAsync(
        QueryFilter filter,
        long limit = long.MaxValue,
        CancellationToken cancellationToken = default
    ) =>
        _database.Readers.ReadAsync(
            connection => ColumnReader.Count(connection, filter, limit, _blocks, cancellationToken),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<QueryPage> ListQueriesAsync(
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

    /// <inheritdoc/>
    public override Task<IReadOnlyList<NumberedTrace>> ListTracesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => TraceList.Read(connection, filter, after, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> LastNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => NewerRows.LastNumber(connection, ListTable.Operations), cancellationToken);

    /// <inheritdoc/>
    public override Task<int> CountNewerAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => NewerRows.Count(connection, ListTable.Operations, filter, after, limit),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<long> LastQueryNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => NewerRows.LastNumber(connection, ListTable.Queries), cancellationToken);

    /// <inheritdoc/>
    public override Task<int> CountNewerQueriesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => NewerRows.Count(connection, ListTable.Queries, filter, after, limit),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<QueryId>> FindByPrefixAsync(
        string prefix,
        int limit = 2,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => QueryReader.FindByPrefix(connection, prefix, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<SweepSource>> ListSweepSourcesAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(SweepFacts.Sources, cancellationToken);

    /// <inheritdoc/>
    public override Task<SweepFactList> ListSweepFactsAsync(
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection =>
                SweepFacts.List(connection, service, instance, fromUnixNano, toUnixNano, ofBlocks: false, limit, cancellationToken),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<BlockAnswer>> ListBlockAnswersAsync(
        string service,
        string? instance,
        ulong fromUnixNano,
        ulong toUnixNano,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync<IReadOnlyList<BlockAnswer>>(
            connection =>
                [
                    .. SweepFacts
                        .List(connection, service, instance, fromUnixNano, toUnixNano, ofBlocks: true, limit, cancellationToken)
                        .Facts.OfType<BlockAnswer>(),
                ],
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> FindPeersAsync(string text, int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TailSearch.Peers(connection, text, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<QueryNeighbours> NeighboursAsync(QueryId id, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Neighbours(connection, id), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        QueryFilter filter,
        int limit = 1_000_000,
        CancellationToken cancellationToken = default
    ) =>
        _database.Readers.ReadAsync(
            connection => FactsReader.Operations(connection, filter with { Skipped = filter.Skipped ?? false }, limit, cancellationToken),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<IReadOnlyList<RecordSightings>> ListSightingsAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => RecordReader.Sightings(connection, keys, limit, cancellationToken),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<RecordCandidates> ListRecordKeysAsync(
        long publishedBeforeAgoNs,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(connection => RecordReader.Keys(connection, publishedBeforeAgoNs, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<NetworkLookups> ReadNetworkAsync(
        QueryFilter filter,
        int limit = NetworkLookups.MostOperations,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => NetworkReader.Read(connection, filter, limit, cancellationToken),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<WatchState> ReadWatchAsync(ulong fromUnixNano, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => AlarmTable.Read(connection, fromUnixNano), cancellationToken);

    /// <inheritdoc/>
    public override Task<bool> SaveWatchAsync(
        WatchedHour hour,
        IReadOnlyList<Alarm> alarms,
        CancellationToken cancellationToken = default
    ) => WriteAsync(session => AlarmTable.Save(session, hour, alarms), 0, cancellationToken);

    /// <inheritdoc/>
    public override Task<AlarmList> ListAlarmsAsync(AlarmFilter filter, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(connection => AlarmTable.List(connection, filter, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<ProviderFateTally> CountFatesAsync(QueryFilter filter, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => FateReader.Count(connection, filter, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<PeerFactsList> ListPeerFactsAsync(
        QueryFilter filter,
        string? peer = null,
        int limit = 100_000,
        CancellationToken cancellationToken = default
    ) =>
        _database.Readers.ReadAsync(connection => FactsReader.Peers(connection, filter, peer, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        IReadOnlyList<long> numbers,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => FactsReader.Operations(connection, numbers, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<OperationColumns> ReadOperationsAsync(QueryFilter filter, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(
            connection =>
                ColumnReader.Operations(connection, filter with { Skipped = filter.Skipped ?? false }, _blocks, cancellationToken),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<PeerPage> ListPeersAsync(QueryFilter filter, PeerListing listing, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(listing.Skip, nameof(listing));
        ArgumentOutOfRangeException.ThrowIfNegative(listing.Take, nameof(listing));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(listing.Take, 1000, nameof(listing));
        return ReadPeersAsync(filter, scan => PeerReader.List(scan, listing, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<PeerPage> ReadPeerAsync(QueryFilter filter, string peer, CancellationToken cancellationToken = default) =>
        ReadPeersAsync(filter, scan => PeerReader.One(scan, scan.Find(peer), cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<PeersMet> ReadPeersMetAsync(QueryFilter filter, CancellationToken cancellationToken = default) =>
        ReadPeersAsync(
            filter with
            {
                Skipped = filter.Skipped ?? false,
            },
            scan => PeerReader.Met(scan, cancellationToken),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<OperationFacets> ListFacetsAsync(QueryFilter filter, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(
            connection => ColumnReader.Facets(connection, filter with { Skipped = filter.Skipped ?? false }, _blocks, cancellationToken),
            cancellationToken
        );

    /// <inheritdoc/>
    public override async Task<bool> PackAsync(bool onlySettled = true, CancellationToken cancellationToken = default)
    {
        var unpacked = await _database.Readers.ReadAsync(BlockPacker.Unpacked, cancellationToken);
        var before = _unpacked;
        _unpacked = unpacked;
        foreach (var (number, revision) in unpacked)
        {
            if (onlySettled && (!before.TryGetValue(number, out var known) || known != revision))
            {
                continue;
            }

            var block = await _database.Readers.ReadAsync(connection => BlockPacker.Build(connection, number), cancellationToken);
            await WriteAsync(session => BlockPacker.Store(session, block), 0, cancellationToken);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public override Task<StoreCounts> CountsAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Counts(connection, _database.FileBytes()), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> CountQueriesAsync(IReadOnlyCollection<TraceId> traces, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Count(connection, traces), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> ListServicesAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(ServiceIndex.Services, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ServiceOperation>> ListServiceOperationsAsync(
        string service,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceIndex.Operations(connection, service), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ServiceDependency>> ListDependenciesAsync(
        ulong fromUnixNano,
        ulong toUnixNano,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceDependencies.Read(connection, fromUnixNano, toUnixNano), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceId>> FindTracesAsync(TraceSearch search, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => ServiceIndex.Find(connection, search), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<PullCheckpoint>> ListCheckpointsAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(CheckpointTable.Read, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<PendingTrace>> ListPendingAsync(int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Pending(connection, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceId>> ListAnalysedBeforeAsync(
        int version,
        int limit,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => TraceReader.AnalysedBefore(connection, version, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> CountAnalysedBeforeAsync(int version, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.CountAnalysedBefore(connection, version), cancellationToken);

    /// <inheritdoc/>
    public override Task RecordFailureAsync(TraceId traceId, int version, string error, CancellationToken cancellationToken = default) =>
        WriteAsync(session => TraceWriter.Fail(session, traceId, version, error), 0, cancellationToken);

    /// <inheritdoc/>
    public override async Task<bool> OthersWroteAsync(CancellationToken cancellationToken = default)
    {
        var wrote = await WriteAsync(session => session.OthersWrote(), 0, cancellationToken);
        if (wrote)
        {
            // It is unknown which queries the other process changed, so watchers read everything again.
            Changes.Publish([]);
        }

        return wrote;
    }

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<bool>> SaveAnalysesAsync(
        IReadOnlyList<TraceAnalysis> analyses,
        CancellationToken cancellationToken = default
    )
    {
        var packed = analyses.Select(TracePacking.Pack).ToList();
        var saved = await WriteAsync(
            session =>
            {
                var released = new Dictionary<long, int>();
                var results = packed.ConvertAll(item => TraceWriter.Save(session, item, released));
                InboxWriter.Remove(session, released);
                PeerIndex.MoveWhenMany(session, PeerIndex.MaxRecentBytes);
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

    /// <summary>Finishes all accepted writes, and closes.</summary>
    public override ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Runs a read of this project or its tests.</summary>
    internal Task<T> ReadAsync<T>(Func<Microsoft.Data.Sqlite.SqliteConnection, T> read) =>
        _database.Readers.ReadAsync(read, CancellationToken.None);

    /// <summary>Runs a write of this project or its tests.</summary>
    internal Task<T> WriteAsync<T>(Func<WriteSession, T> write, long bytes, CancellationToken cancellationToken) =>
        WriteAsync(write, bytes, null, null, cancellationToken);

    private Task<T> ReadPeersAsync<T>(QueryFilter filter, Func<PeerScan, T> read, CancellationToken cancellationToken) =>
        _database.Readers.ReadAsync(
            connection =>
            {
                using var scan = new PeerScan(connection, filter, _blocks);
                return read(scan);
            },
            cancellationToken
        );

    private Task<T> WriteAsync<T>(
        Func<WriteSession, T> write,
        long bytes,
        Action<T>? committed,
        TimeSpan? patience,
        CancellationToken cancellationToken
    ) =>
        (_database.Writer ?? throw new InvalidOperationException("The database is open for reading only.")).RunAsync(
            write,
            bytes,
            committed,
            patience,
            cancellationToken
        );
}
