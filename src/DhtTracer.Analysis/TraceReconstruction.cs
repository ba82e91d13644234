using System.Collections.Immutable;
using DhtTracer.Analysis.Dialects;
using DhtTracer.Analysis.Dialects.Go;
using DhtTracer.Analysis.Dialects.KuboEvents;
using DhtTracer.Analysis.Dialects.Litep2p;
using DhtTracer.Analysis.Dialects.RustLibp2p;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis;

/// <summary>What was found in the spans of one trace.</summary>
/// <param name="Operations">Operations sorted by start and then by id. Every query belongs to exactly one.</param>
/// <param name="Queries">Queries sorted by start and then by id.</param>
/// <param name="LooseParts">Requests that belong to operations of other traces.</param>
public sealed record ReconstructedTrace(
    ImmutableArray<Operation> Operations,
    ImmutableArray<Query> Queries,
    ImmutableArray<LoosePart> LooseParts
)
{
    /// <summary>What the node did for itself without a query, counted by kind: probes, a crawl, marks of the sweep.</summary>
    public ImmutableArray<BackgroundCount> Marks { get; init; } = [];

    /// <summary>Streams of Kubo's query events, including those joined with spans.</summary>
    public ImmutableArray<EventStream> Streams { get; init; } = [];

    /// <summary>What the trace tells of a provide sweep, by start.</summary>
    public ImmutableArray<SweepFact> Sweep { get; init; } = [];

    /// <summary>A trace without anything of the DHT.</summary>
    public static ReconstructedTrace Empty { get; } = new([], [], []);

    /// <summary>
    /// The queries with this id, sorted by start: all queries of an operation, or the one query. Empty when the id is not there.
    /// </summary>
    public ImmutableArray<Query> QueriesOf(QueryId id) =>
        Operations.Any(operation => operation.Id == id)
            ? [.. Queries.Where(query => query.OperationId == id)]
            : [.. Queries.Where(query => query.Id == id)];

    /// <summary>The operation with this id, or the one that the query with this id belongs to; null when the id is not there.</summary>
    public Operation? OperationOf(QueryId id) =>
        Operations.FirstOrDefault(operation => operation.Id == id)
        ?? Operations.FirstOrDefault(operation => operation.Queries.Any(query => query.Id == id));

    /// <summary>A trace from queries alone. Queries with the same operation id form one operation.</summary>
    public static ReconstructedTrace Of(IEnumerable<Query> queries)
    {
        var draft = new TraceDraft();
        foreach (var query in queries)
        {
            draft.Add(query);
        }

        return draft.Build();
    }
}

/// <summary>Turns spans into operations and queries.</summary>
public static class TraceReconstruction
{
    private static readonly ImmutableArray<IDialect> Dialects =
    [
        new NativeDialect(),
        new GoKadDhtDialect(),
        new JsLibp2pDialect(),
        new EventLog2019Dialect(),
        new KuboEventsDialect(),
        new RustLibp2pDialect(),
        new Litep2pDialect(),
        new RequestTraceDialect(),
    ];

    /// <summary>
    /// Finds the operations and queries of one trace. Pure: the order, batches and repetitions of the spans do not matter.
    /// </summary>
    /// <param name="spansOfOneTrace">All known spans of one trace.</param>
    /// <exception cref="ArgumentException">The spans belong to several traces.</exception>
    public static ReconstructedTrace Reconstruct(IReadOnlyList<Span> spansOfOneTrace)
    {
        var trace = new TraceSpans(KuboEventsJoin.Restore(SpanMerge.Merge(spansOfOneTrace)));
        var drafts = new TraceDraft(trace);
        foreach (var dialect in Dialects)
        {
            dialect.Reconstruct(trace, drafts);
        }

        var found = KuboEventsJoin.Join(drafts.Build(), trace);
        return SweepFacts.Of(trace, found) is { IsEmpty: false } facts ? found with { Sweep = facts } : found;
    }
}

/// <summary>Collects what the dialects find in a trace.</summary>
/// <param name="trace">The trace; null when only queries are known.</param>
internal sealed class TraceDraft(TraceSpans? trace = null)
{
    private readonly List<Query> _queries = [];
    private readonly List<Operation> _operations = [];
    private readonly List<LoosePart> _looseParts = [];
    private readonly List<EventStream> _streams = [];
    private readonly SortedDictionary<BackgroundKind, int> _marks = [];

    /// <summary>
    /// Adds a query. If there is no <see cref="Operation"/> with its <see cref="QuerySummary.OperationId"/>, the query becomes one by
    /// itself.
    /// </summary>
    public void Add(Query query) => _queries.Add(query);

    /// <summary>Adds an operation that a dialect built.</summary>
    public void Add(Operation operation) => _operations.Add(operation);

    /// <summary>Adds a request that belongs to an operation of another trace.</summary>
    public void Add(LoosePart part) => _looseParts.Add(part);

    /// <summary>Adds a stream of query events.</summary>
    public void Add(EventStream stream) => _streams.Add(stream);

    /// <summary>Counts something that the node did for itself without a query.</summary>
    public void Count(BackgroundKind mark) => _marks[mark] = _marks.GetValueOrDefault(mark) + 1;

    /// <summary>Sorts everything, and builds operations for the queries that no dialect has put into one.</summary>
    public ReconstructedTrace Build()
    {
        for (var i = 0; i < _queries.Count; i++)
        {
            var activities = PeerActivity.Of(_queries[i]);
            var path = CriticalPath.Of(_queries[i], activities);
            var query = TimeLost.In(_queries[i], path);
            _queries[i] = query with { LintMask = QueryLint.Of(query, activities, path).Mask };
        }

        _queries.Sort(static (left, right) => Compare(left.StartUnixNano, left.Id, right.StartUnixNano, right.Id));
        var known = _operations.Select(static operation => operation.Id).ToHashSet();
        _operations.AddRange(
            _queries
                .Where(query => !known.Contains(query.OperationId))
                .GroupBy(static query => query.OperationId)
                .Select(group => Operation(group.Key, [.. group]))
        );
        _operations.Sort(static (left, right) => Compare(left.StartUnixNano, left.Id, right.StartUnixNano, right.Id));
        _looseParts.Sort(static (left, right) => Compare(left.StartUnixNano, left.Id, right.StartUnixNano, right.Id));
        return new ReconstructedTrace([.. _operations], [.. _queries], [.. _looseParts])
        {
            Marks = [.. _marks.Select(static mark => new BackgroundCount(mark.Key, mark.Value))],
            Streams = [.. _streams],
        };
    }

    /// <summary>Builds an operation that no dialect built. Its times and context come from its own span if that is there.</summary>
    private Operation Operation(QueryId id, List<Query> own)
    {
        var operation = OperationOfQueries.Make(id, own);
        if (trace is null || trace.Find(id.SpanId) is not (var root and not TraceSpans.None))
        {
            return operation;
        }

        var span = trace[root];
        var above = SpansAbove.Of(trace, root);
        return operation with
        {
            Instance = span.Resource.Attributes.GetString("service.instance.id"),
            StartUnixNano = span.StartUnixNano,
            DurationNs = span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano),
            DiscoveryNs = SpanReading.Nanoseconds(span.StartUnixNano, operation.StartUnixNano) + operation.DiscoveryNs,
            Context = above.Context,
            Command = above.Command,
            ParentIsMissing = trace.IsOrphan(root),
        };
    }

    private static int Compare(ulong leftStart, QueryId leftId, ulong rightStart, QueryId rightId) =>
        leftStart != rightStart ? leftStart.CompareTo(rightStart) : leftId.SpanId.CompareTo(rightId.SpanId);
}
