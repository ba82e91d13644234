using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Rows;

/// <summary>What statistics need of a row of the operation table, as Dapper fills it.</summary>
internal sealed class OperationFactsRow
{
    /// <summary>The columns: <c>q</c> is the operation, <c>t</c> its trace.</summary>
    public const string Columns = """
        t.trace_id AS TraceId, q.span_id AS SpanId, q.decisive, q.start_ns AS StartNs, q.type, q.outcome, q.error_class AS ErrorClass,
        q.duration_ns AS DurationNs, q.first_result_ns AS FirstResultNs, q.discovery_ns AS DiscoveryNs, q.hops, q.queried, q.dialed,
        q.dial_failed AS DialFailed, q.reused, q.duplicates, q.tally, q.phases, q.lint AS LintMask
        """;

    public byte[] TraceId { get; init; } = [];

    public byte[] SpanId { get; init; } = [];

    public byte[]? Decisive { get; init; }

    public long StartNs { get; init; }

    public int Type { get; init; }

    public int Outcome { get; init; }

    public long? ErrorClass { get; init; }

    public long? DurationNs { get; init; }

    public long? FirstResultNs { get; init; }

    public long? DiscoveryNs { get; init; }

    public int? Hops { get; init; }

    public int? Queried { get; init; }

    public int? Dialed { get; init; }

    public int? DialFailed { get; init; }

    public int? Reused { get; init; }

    public int? Duplicates { get; init; }

    public byte[]? Tally { get; init; }

    public byte[]? Phases { get; init; }

    public long? LintMask { get; init; }

    /// <summary>The facts.</summary>
    /// <param name="text">Gives a text by its number.</param>
    public OperationFacts ToFacts(Func<long, string> text)
    {
        var (errors, agents) = PackedTally.Read(Tally, (number, count) => new NamedCount(text(number), count));
        var trace = DhtTracer.Traces.Model.TraceId.FromBytes(TraceId);
        return new OperationFacts
        {
            Id = new QueryId(trace, DhtTracer.Traces.Model.SpanId.FromBytes(SpanId)),
            Decisive = Decisive is { } decisive ? new QueryId(trace, DhtTracer.Traces.Model.SpanId.FromBytes(decisive)) : null,
            StartUnixNano = (ulong)StartNs,
            Type = (QueryType)Type,
            Outcome = (QueryOutcome)Outcome,
            ErrorClass = ErrorClass is { } error ? text(error) : null,
            DurationNs = DurationNs,
            FirstResultNs = FirstResultNs,
            DiscoveryNs = DiscoveryNs,
            Hops = Hops,
            Queried = Queried,
            Dialed = Dialed,
            DialFailed = DialFailed,
            Reused = Reused,
            Duplicates = Duplicates,
            PeerErrors = errors,
            Agents = agents,
            Phases = PackedPhases.Read(Phases),
            LintMask = LintMask,
        };
    }
}
