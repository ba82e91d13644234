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
using DhtTracer.Storage.Postgres.Alarms;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Inbox;
using DhtTracer.Storage.Postgres.Network;
using DhtTracer.Storage.Postgres.Pulling;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Postgres.Records;
using DhtTracer.Storage.Postgres.Services;
using DhtTracer.Storage.Postgres.Statistics;
using DhtTracer.Storage.Postgres.Sweeps;
using DhtTracer.Storage.Postgres.Traces;
using DhtTracer.Storage.Postgres.Upkeep;
using DhtTracer.Storage.Pulling;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Services;
using DhtTracer.Storage.Statistics;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres;

/// <summary>
/// The archive on a PostgreSQL server. Each method only passes its statements to a reader or to the writer. Over 300 lines, because the
/// contract has so many methods.
/// </summary>
public sealed class PostgresTraceStore : TraceStore
{
    private readonly PostgresDatabase _database;
    private readonly TimeProvider _clock;
    private readonly TraceReader _traces;
    private readonly TraceWriter _writer;
    private readonly QueryList _lists;
    private readonly FactsReader _facts;
    private readonly OperationScan _operations;
    private readonly RecordReader _records;
    private readonly InboxWriter _inbox = new();

    private PostgresTraceStore(PostgresDatabase database, Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider clock)
        : base(reconstruct)
    {
        (_database, _clock) = (database, clock);
        _traces = new TraceReader(database.Strings);
        _writer = new TraceWriter(new ServiceTables(database.Source));
        _lists = new QueryList(database.Strings);
        _facts = new FactsReader(database.Strings);
        _operations = new OperationScan(database.Strings);
        _records = new RecordReader(database.Strings);
        Upkeep = new PostgresUpkeep(this, clock);
    }

    /// <inheritdoc/>
    public override ArchiveUpkeep Upkeep { get; }

    /// <summary>The options it was opened with.</summary>
    public PostgresOptions Options => _database.Options;

    /// <inheritdoc/>
    public override string Location => _database.Location;

    /// <inheritdoc/>
    public override long PendingBytes => _database.Writer?.PendingBytes ?? 0;

    /// <summary>Opens the archive of <paramref name="options"/>.</summary>
    /// <param name="options">Where the database is and how to use it.</param>
    /// <param name="reconstruct">Finds the operations and queries in the merged spans of one trace.</param>
    /// <param name="clock">Gives the arrival time of spans; null for the system clock.</param>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <exception cref="DatabaseException">The database cannot be opened. The message gives the reason and the remedy.</exception>
    public static async Task<PostgresTraceStore> OpenAsync(
        PostgresOptions options,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
        TimeProvider? clock = null,
        CancellationToken cancellationToken = default
    ) => new(await PostgresDatabase.OpenAsync(options, cancellationToken), reconstruct, clock ?? TimeProvider.System);

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
                    session.AtEnd(() => CheckpointTable.Write(session, checkpoint));
                }

                var now = Nanoseconds.Now(_clock);
                return messages.Select(message => _inbox.Append(session, message, now)).ToList();
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
        _database.Readers.ReadAsync(connection => _traces.Content(connection, traceId), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceContent?>> LoadAsync(
        IReadOnlyList<AssembledTrace> traces,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => _traces.Contents(connection, traces), cancellationToken);

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
        return _database.Readers.ReadAsync(connection => OperationPageOf(connection, filter, sort, cursor, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ListedOperation>> ListOperationsAsync(
        IReadOnlyCollection<QueryId> ids,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => QueryReader.Operations(connection, ids), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> CountOperationsAsync(
        QueryFilter filter,
        long limit = long.MaxValue,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => _lists.Count(connection, ListTable.Operations, filter, limit), cancellationToken);

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
        return _database.Readers.ReadAsync(connection => QueryPageOf(connection, filter, sort, cursor, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<NumberedTrace>> ListTracesAsync(
        QueryFilter filter,
        long after,
        int limit,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => _lists.Traces(connection, filter, after, limit), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> LastNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => QueryList.LastNumber(connection, ListTable.Operations), cancellationToken);

    /// <inheritdoc/>
    public override Task<int> CountNewerAsync(QueryFilter filter, long after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Readers.ReadAsync(
            connection => _lists.CountNewer(connection, ListTable.Operations, filter, after, limit),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<long> LastQueryNumberAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(static connection => QueryList.LastNumber(connection, ListTable.Queries), cancellationToken);

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
            connection => _lists.CountNewer(connection, ListTable.Queries, filter, after, limit),
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
        _database.Readers.ReadAsync(connection => SweepFacts.Sources(connection, _database.Strings), cancellationToken);

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
                SweepFacts.List(
                    connection,
                    _database.Strings,
                    service,
                    instance,
                    fromUnixNano,
                    toUnixNano,
                    ofBlocks: false,
                    limit,
                    cancellationToken
                ),
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
                        .List(
                            connection,
                            _database.Strings,
                            service,
                            instance,
                            fromUnixNano,
                            toUnixNano,
                            ofBlocks: true,
                            limit,
                            cancellationToken
                        )
                        .Facts.OfType<BlockAnswer>(),
                ],
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> FindPeersAsync(string text, int limit, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TailSearch.Peers(connection, _database.Strings, text, limit), cancellationToken);

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
            connection => _facts.Operations(connection, filter with { Skipped = filter.Skipped ?? false }, limit, cancellationToken),
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
        return _database.Readers.ReadAsync(connection => _records.Sightings(connection, keys, limit, cancellationToken), cancellationToken);
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
            connection => NetworkReader.Read(connection, _database.Strings, filter, limit, cancellationToken),
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
        _database.Readers.ReadAsync(connection => _records.Fates(connection, filter, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<PeerFactsList> ListPeerFactsAsync(
        QueryFilter filter,
        string? peer = null,
        int limit = 100_000,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => _facts.Peers(connection, filter, peer, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<OperationFacts>> ListOperationFactsAsync(
        IReadOnlyList<long> numbers,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => _facts.Operations(connection, numbers, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<OperationColumns> ReadOperationsAsync(QueryFilter filter, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(
            connection => _operations.Read(connection, filter with { Skipped = filter.Skipped ?? false }, cancellationToken),
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
            connection => _operations.Facets(connection, filter with { Skipped = filter.Skipped ?? false }, cancellationToken),
            cancellationToken
        );

    /// <summary>Packs nothing: statistics read the rows.</summary>
    public override Task<bool> PackAsync(bool onlySettled = true, CancellationToken cancellationToken = default) => Task.FromResult(false);

    /// <inheritdoc/>
    public override Task<StoreCounts> CountsAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => TraceReader.Counts(connection), cancellationToken);

    /// <inheritdoc/>
    public override Task<long> CountQueriesAsync(IReadOnlyCollection<TraceId> traces, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => QueryReader.Count(connection, traces), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> ListServicesAsync(CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(ServiceTables.Services, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ServiceOperation>> ListServiceOperationsAsync(
        string service,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceTables.Operations(connection, service), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ServiceDependency>> ListDependenciesAsync(
        ulong fromUnixNano,
        ulong toUnixNano,
        CancellationToken cancellationToken = default
    ) => _database.Readers.ReadAsync(connection => ServiceTables.Dependencies(connection, fromUnixNano, toUnixNano), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceId>> FindTracesAsync(TraceSearch search, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(connection => ServiceTables.Find(connection, search), cancellationToken);

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
        var wrote = await _database.Readers.ReadAsync(_database.Others.Look, cancellationToken);
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
        var (saved, stale) = await WriteAsync(
            session => _writer.Save(session, packed),
            packed.Sum(static item => (long)item.Data.Length),
            cancellationToken
        );
        var changed = analyses
            .Where((_, i) => saved[i])
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

        Arrivals.Publish(stale);
        return saved;
    }

    /// <summary>The keys of the site's forms, as XML.</summary>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public IReadOnlyList<string> ReadKeys() => SiteKeys.Read(_database.Source, Location);

    /// <summary>Adds a key.</summary>
    /// <param name="xml">The key.</param>
    /// <exception cref="DatabaseException">The database cannot be written.</exception>
    public void AddKey(string xml) => SiteKeys.Add(_database.Source, Location, xml);

    /// <summary>Finishes all accepted writes, and closes.</summary>
    public override ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Runs a read of this project or its tests.</summary>
    internal Task<T> ReadAsync<T>(Func<NpgsqlConnection, T> read, CancellationToken cancellationToken = default) =>
        _database.Readers.ReadAsync(read, cancellationToken);

    /// <summary>Runs a write of this project or its tests.</summary>
    internal Task<T> WriteAsync<T>(Func<WriteSession, T> write, long bytes, CancellationToken cancellationToken) =>
        WriteAsync(write, bytes, null, null, cancellationToken);

    private Task<T> ReadPeersAsync<T>(QueryFilter filter, Func<PeerScan, T> read, CancellationToken cancellationToken) =>
        _database.Readers.ReadAsync(
            connection =>
            {
                var scan = new PeerScan(connection, _database.Strings, filter);
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

    /// <summary>Compares what is stored of a trace with an analysis of it.</summary>
    /// <param name="analysis">The analysis.</param>
    /// <param name="keep">Whether to keep what the analysis gives if it differs.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    /// <returns>The difference in words; null if there is none, or if somebody else analysed the trace meanwhile.</returns>
    internal async Task<string?> CompareAsync(TraceAnalysis analysis, bool keep, CancellationToken cancellationToken)
    {
        var packed = TracePacking.Pack(analysis);
        var (difference, stale) = await Task.Run(() => Compare(packed, keep), cancellationToken);
        Arrivals.Publish(stale);
        return difference;
    }

    /// <summary>Lets PostgreSQL use the space of deleted rows again, and look at its data anew.</summary>
    internal async Task VacuumAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _database.Source.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("VACUUM (ANALYZE)", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.From(error, Location);
        }
    }

    private (string? Difference, IReadOnlyList<TraceId> Stale) Compare(PackedAnalysis packed, bool keep)
    {
        using var session = new WriteSession(_database.Source, _database.Strings, _database.Others, Location);
        var keeps = false;
        try
        {
            session.Begin();
            var id = packed.Analysis.Content.TraceId;
            if (!TraceWriter.Lock(session, [id]).TryGetValue(id, out var row))
            {
                return (null, []);
            }

            var before = DerivedRows.Read(session.Connection, row.Hash, row.No);
            var (saved, stale) = _writer.Save(session, [packed]);
            var difference = saved[0] ? before.Difference(DerivedRows.Read(session.Connection, row.Hash, row.No)) : null;
            keeps = difference is not null && keep;
            if (keeps)
            {
                session.Commit();
            }

            return (difference, keeps ? stale : []);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.From(error, Location);
        }
        finally
        {
            if (!keeps)
            {
                session.Rollback();
            }
        }
    }

    private OperationPage OperationPageOf(NpgsqlConnection connection, QueryFilter filter, QuerySort sort, string? cursor, int limit)
    {
        var (rows, next, previous) = _lists.Read<OperationRow>(connection, filter, sort, cursor, limit);
        return new OperationPage(QueryReader.WithQueries(connection, rows), next, previous);
    }

    private QueryPage QueryPageOf(NpgsqlConnection connection, QueryFilter filter, QuerySort sort, string? cursor, int limit)
    {
        var (rows, next, previous) = _lists.Read<QueryRow>(connection, filter, sort, cursor, limit);
        return new QueryPage(rows.ConvertAll(static row => row.ToSummary()), next, previous);
    }
}
