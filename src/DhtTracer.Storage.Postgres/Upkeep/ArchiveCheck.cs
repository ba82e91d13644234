using Dapper;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Upkeep;

/// <summary>
/// One check of an archive: every packed trace against its checksum, what was derived from the spans against a new analysis, and the
/// totals. PostgreSQL checks its own files (pg_amcheck).
/// </summary>
internal sealed class ArchiveCheck(
    PostgresTraceStore store,
    CheckOptions options,
    Func<TraceContent, TraceAnalysis> analyse,
    IProgress<UpkeepProgress>? progress
)
{
    private const int Page = 500;

    // The SQL is ours: nothing in it comes from outside.
    private static readonly (string Name, string Sum)[] Totals =
    [
        ("traces", "SELECT count(*) FROM trace"),
        ("spans", "SELECT coalesce(sum(span_count), 0)::bigint FROM trace"),
        ("raw_bytes", "SELECT coalesce(sum(raw_bytes), 0)::bigint FROM trace"),
        ("operations", "SELECT count(*) FROM dht_operation"),
        ("queries", "SELECT count(*) FROM query"),
    ];

    private readonly List<CheckFinding> _findings = [];
    private long _more;
    private long _traces;
    private long _compared;
    private long _waiting;

    /// <summary>Runs it. Call it once.</summary>
    public async Task<CheckReport> RunAsync(CancellationToken cancellationToken)
    {
        await CheckTracesAsync(cancellationToken);
        progress?.Report(new UpkeepProgress("Counting", 0, 0));
        foreach (var (name, sum) in Totals)
        {
            await CheckTotalAsync(name, sum, cancellationToken);
        }

        if (_findings.Exists(static finding => finding.Repaired))
        {
            store.Changes.Publish([]);
        }

        return new CheckReport
        {
            Traces = _traces,
            WithoutChecksum = 0,
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

    private async Task CheckTracesAsync(CancellationToken cancellationToken)
    {
        var total = (await store.CountsAsync(cancellationToken)).Traces;
        var after = 0L;
        while (true)
        {
            var page = await store.ReadAsync(
                connection =>
                    connection
                        .Query<(long No, byte[] Id)>(
                            "SELECT no, trace_id FROM trace WHERE no > @after ORDER BY no LIMIT @Page",
                            new { after, Page }
                        )
                        .AsList(),
                cancellationToken
            );
            foreach (var (no, id) in page)
            {
                await CheckTraceAsync(TraceId.FromBytes(id), cancellationToken);
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

    private async Task CheckTraceAsync(TraceId id, CancellationToken cancellationToken)
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

        var difference = await store.CompareAsync(analysis, options.Repair, cancellationToken);
        _compared++;
        if (difference is not null)
        {
            Add(CheckProblem.Derived, $"trace {id}: {difference}", options.Repair);
        }
    }

    private async Task CheckTotalAsync(string name, string sum, CancellationToken cancellationToken)
    {
        var differs = await store.WriteAsync(
            session =>
            {
                session.Flush();
                var difference = session.Connection.ExecuteScalar<long>(
                    $"SELECT ({sum}) - coalesce((SELECT sum({name})::bigint FROM total), 0)"
                );
                if (difference != 0 && options.Repair)
                {
                    session.Connection.Execute(
                        "INSERT INTO total (slot, traces, spans, operations, queries, raw_bytes) VALUES (-1, 0, 0, 0, 0, 0) "
                            + "ON CONFLICT (slot) DO NOTHING"
                    );
                    session.Connection.Execute($"UPDATE total SET {name} = {name} + @difference WHERE slot = -1", new { difference });
                }

                return difference != 0;
            },
            0,
            cancellationToken
        );
        if (differs)
        {
            Add(CheckProblem.Total, $"the number of {name} is counted wrongly", options.Repair);
        }
    }
}
