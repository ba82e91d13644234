using System.Globalization;
using Dapper;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Traces;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>
/// One check of an archive. Traces are compared on a connection of their own, one transaction each, which is taken back: others can write
/// in between, and a check leaves nothing behind. Over 300 lines, because the steps share their findings and are read in one piece.
/// </summary>
internal sealed class ArchiveCheck(
    SqliteTraceStore store,
    SqliteDatabase database,
    CheckOptions options,
    Func<TraceContent, TraceAnalysis> analyse,
    IProgress<UpkeepProgress>? progress
)
{
    private const int Page = 500;

    private readonly List<CheckFinding> _findings = [];
    private readonly HashSet<TraceId> _stale = [];
    private long _more;
    private long _traces;
    private long _withoutChecksum;
    private long _compared;
    private long _waiting;

    /// <summary>Runs it. Call it once.</summary>
    public async Task<CheckReport> RunAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new UpkeepProgress("Checking the file", 0, 0));
        await CheckFileAsync(cancellationToken);
        await CheckTracesAsync(cancellationToken);
        await CheckIndexesAsync(cancellationToken);
        if (_findings.Exists(static finding => finding.Repaired))
        {
            store.Changes.Publish([]);
            store.Arrivals.Publish([.. _stale]);
        }

        return new CheckReport
        {
            Traces = _traces,
            WithoutChecksum = _withoutChecksum,
            Compared = _compared,
            Waiting = _waiting,
            Findings = [.. _findings],
            MoreFindings = _more,
        };
    }

    private void Add(CheckProblem problem, string text, bool repaired = false)
    {
        if (_findings.Count < CheckReport.MaxFindings)
        {
            _findings.Add(new CheckFinding(problem, text, repaired));
        }
        else
        {
            _more++;
        }
    }

    private async Task CheckFileAsync(CancellationToken cancellationToken)
    {
        var problems = await FileProblemsAsync(cancellationToken);
        if (problems.Count == 0)
        {
            return;
        }

        List<string> left = problems;
        if (options.Repair)
        {
            // Indexes can be built again from their tables; damaged tables cannot.
            await database.RunAloneAsync(static connection => connection.Execute("REINDEX"), cancellationToken);
            left = await FileProblemsAsync(cancellationToken);
        }

        foreach (var problem in problems)
        {
            Add(CheckProblem.File, problem, !left.Contains(problem));
        }
    }

    private async Task<List<string>> FileProblemsAsync(CancellationToken cancellationToken)
    {
        List<string> problems = [];
        await database.RunAloneAsync(
            connection =>
            {
                var pragma = options.Quick ? "quick_check" : "integrity_check";
                problems.AddRange(
                    connection
                        .Query<string>(string.Create(CultureInfo.InvariantCulture, $"PRAGMA {pragma}({CheckReport.MaxFindings})"))
                        .Where(static line => line != "ok")
                );
                problems.AddRange(
                    connection
                        .Query<(string Table, long? Row, string Parent, long Key)>("PRAGMA foreign_key_check")
                        .Take(CheckReport.MaxFindings)
                        .Select(static row => $"row {row.Row} of {row.Table} refers to a row of {row.Parent} that is not there")
                );
            },
            cancellationToken
        );
        return problems;
    }

    private async Task CheckTracesAsync(CancellationToken cancellationToken)
    {
        var total = (await store.CountsAsync(cancellationToken)).Traces;
        using var session = database.OpenWriteSession();
        var after = 0L;
        while (true)
        {
            var page = await database.Readers.ReadAsync(connection => ReadPage(connection, after), cancellationToken);
            foreach (var (no, id, withoutChecksum) in page)
            {
                await CheckTraceAsync(session, TraceId.FromBytes(id), cancellationToken);
                if (withoutChecksum != 0)
                {
                    _withoutChecksum++;
                    await AddChecksumsAsync(no, cancellationToken);
                }

                after = no;
                _traces++;
            }

            progress?.Report(new UpkeepProgress("Checking traces", _traces, Math.Max(total, _traces)));
            if (page.Count < Page)
            {
                return;
            }
        }
    }

    private static List<(long No, byte[] Id, long WithoutChecksum)> ReadPage(SqliteConnection connection, long after) =>
        connection
            .Query<(long, byte[], long)>(
                """
                SELECT t.no, t.trace_id, EXISTS (SELECT 1 FROM trace_blob b WHERE b.trace = t.no AND b.checksum IS NULL)
                  OR EXISTS (SELECT 1 FROM trace_segment g WHERE g.trace = t.no AND g.checksum IS NULL)
                FROM trace t WHERE t.no > @after ORDER BY t.no LIMIT @limit
                """,
                new { after, limit = Page }
            )
            .AsList();

    private async Task CheckTraceAsync(WriteSession session, TraceId id, CancellationToken cancellationToken)
    {
        TraceContent? content;
        try
        {
            content = await store.LoadAsync(id, cancellationToken);
        }
        catch (InvalidDataException damage)
        {
            Add(CheckProblem.Spans, $"trace {id}: {damage.Message}");
            return;
        }

        // Retention may have deleted it since the page was read.
        if (content is null || options.Quick)
        {
            return;
        }

        var analysis = await Task.Run(() => analyse(content), cancellationToken);
        if (content.NeedsAnalysis(analysis.Version))
        {
            _waiting++;
            return;
        }

        var packed = TracePacking.Pack(analysis);
        var difference = await Task.Run(() => Compare(session, packed), cancellationToken);
        _compared++;
        if (difference is not null)
        {
            Add(CheckProblem.Derived, $"trace {id}: {difference}", options.Repair);
        }
    }

    private async Task AddChecksumsAsync(long trace, CancellationToken cancellationToken)
    {
        if (!options.Repair)
        {
            return;
        }

        await store.WriteAsync(
            session =>
            {
                foreach (var (table, key) in ((string, string)[])[("trace_blob", "trace"), ("trace_segment", "no")])
                {
                    var rows = session.Connection.Query<(long Key, byte[]? Peers, byte[] Data)>(
                        $"SELECT {key}, peers, data FROM {table} WHERE trace = @trace AND checksum IS NULL",
                        new { trace }
                    );
                    foreach (var (row, peers, data) in rows.AsList())
                    {
                        session[$"UPDATE {table} SET checksum = ?2 WHERE {key} = ?1"]
                            .Bind(1, row)
                            .Bind(2, BlobChecksum.Of(peers, data))
                            .Run();
                    }
                }

                return true;
            },
            0,
            cancellationToken
        );
    }

    private string? Compare(WriteSession session, PackedAnalysis packed)
    {
        try
        {
            session.Begin();
            var id = packed.Analysis.Content.TraceId.ToBytes();
            var keep = false;
            try
            {
                if (session["SELECT no FROM trace WHERE trace_id = ?1"].Bind(1, id).RunScalar() is not { } trace)
                {
                    return null;
                }

                var released = new Dictionary<long, int>();
                var before = DerivedRows.Read(session.Connection, trace);
                if (TraceWriter.Save(session, packed, released) is not { } stale)
                {
                    // Somebody analysed it meanwhile.
                    return null;
                }

                InboxWriter.Remove(session, released);
                var difference = before.Difference(DerivedRows.Read(session.Connection, trace));
                keep = difference is not null && options.Repair;
                if (keep)
                {
                    _stale.UnionWith(stale);
                }

                return difference;
            }
            finally
            {
                if (keep)
                {
                    session.Commit();
                }
                else
                {
                    session.Rollback();
                }
            }
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.From(error, database.Options.FilePath);
        }
    }

    private async Task CheckIndexesAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new UpkeepProgress("Counting", 0, 0));
        if (!options.Quick)
        {
            await RepairableAsync(
                CheckProblem.Derived,
                "rows of the peer index belong to no operation",
                Totals.HasLostPeerRows,
                cancellationToken
            );
            await CheckBlocksAsync(cancellationToken);
        }

        foreach (var name in Totals.Names)
        {
            await RepairableAsync(
                CheckProblem.Total,
                $"the number of {name} is counted wrongly",
                (session, repair) => Totals.Differs(session, name, repair),
                cancellationToken
            );
        }
    }

    private async Task CheckBlocksAsync(CancellationToken cancellationToken)
    {
        var numbers = await database.Readers.ReadAsync(
            static connection => connection.Query<long>("SELECT no FROM operation_block WHERE packed = revision ORDER BY no").AsList(),
            cancellationToken
        );
        foreach (var number in numbers)
        {
            // Rows and columns are read in one transaction, so that an operation that comes meanwhile makes no difference.
            if (!await database.Readers.ReadAsync(connection => BlockCheck.Differs(connection, number), cancellationToken))
            {
                continue;
            }

            if (options.Repair)
            {
                await store.WriteAsync(
                    session =>
                    {
                        session["UPDATE operation_block SET revision = revision + 1 WHERE no = ?1"].Bind(1, number).Run();
                        return true;
                    },
                    0,
                    cancellationToken
                );
            }

            Add(
                CheckProblem.Derived,
                string.Create(CultureInfo.InvariantCulture, $"the columns of block {number} are not those of its operations"),
                options.Repair
            );
        }
    }

    private async Task RepairableAsync(
        CheckProblem problem,
        string text,
        Func<WriteSession, bool, bool> check,
        CancellationToken cancellationToken
    )
    {
        if (await store.WriteAsync(session => check(session, options.Repair), 0, cancellationToken))
        {
            Add(problem, text, options.Repair);
        }
    }
}
