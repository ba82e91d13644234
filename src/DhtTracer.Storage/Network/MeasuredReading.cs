using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;

namespace DhtTracer.Storage.Network;

/// <summary>Reads the tables of ProbeLab's reports.</summary>
public static class MeasuredReading
{
    /// <summary>Operations of records of each kind that are looked at.</summary>
    public const int Records = 100;

    /// <summary>Reads the operations of a report's stretch of time by type, and the records that were touched last.</summary>
    /// <param name="store">The archive.</param>
    /// <param name="report">The report. Operations before its first lookup are left out when it left older ones out.</param>
    /// <param name="given">Selects operations. Background ones are left out unless it selects only these.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<MeasuredTables> ReadAsync(
        TraceStore store,
        NetworkReport report,
        QueryFilter given,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(store);
        var filter = given with
        {
            FromUnixNano = report.HasOlder ? report.FirstUnixNano : given.FromUnixNano,
            Background = given.Background ?? false,
        };
        var sets = new List<(QueryType Type, OperationColumns Operations)>();
        try
        {
            foreach (var type in MeasuredTables.Types.Where(type => filter.Type is null || filter.Type == type))
            {
                sets.Add((type, await store.ReadOperationsAsync(filter with { Type = type }, cancellationToken)));
            }

            return MeasuredTables.Of(sets, await RecordReading.ListAsync(store, RecordTimes.Amino, Records, cancellationToken));
        }
        finally
        {
            sets.ForEach(static set => set.Operations.Dispose());
        }
    }
}
