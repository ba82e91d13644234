using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Assigns each span to a query and to an operation. An operation begins at the outermost span of the DHT, a query at the outermost span of
/// one DHT instance. Both begin anew below a request: the accelerated client looks up the address of a peer while it asks that peer. One
/// pass runs from the roots down, so the cost per span does not grow with the trace.
/// </summary>
internal sealed class GoPartition
{
    private readonly int[] _query;
    private readonly int[] _operation;
    private readonly bool[] _nested;

    public GoPartition(TraceSpans trace, GoSpanKind[] kinds)
    {
        _query = new int[kinds.Length];
        _operation = new int[kinds.Length];
        _nested = new bool[kinds.Length];
        foreach (var i in trace.TopDown())
        {
            var parent = trace.Parent(i);
            var belowRequest = parent != TraceSpans.None && kinds[parent] == GoSpanKind.Message && BeginsOperation(kinds[i]);
            var (query, operation) =
                parent == TraceSpans.None || belowRequest ? (TraceSpans.None, TraceSpans.None) : (_query[parent], _operation[parent]);
            var beginsQuery = query == TraceSpans.None && (GoSpans.IsOperation(kinds[i]) || IsBareLookup(trace, kinds, i));
            _query[i] = beginsQuery ? i : query;
            _operation[i] = operation == TraceSpans.None && (beginsQuery || BeginsOperation(kinds[i])) ? i : operation;
            _nested[i] = belowRequest || (parent != TraceSpans.None && _nested[parent]);
        }
    }

    /// <summary>Index of the root of the span's query; <see cref="TraceSpans.None"/> when it belongs to none.</summary>
    public int Query(int index) => _query[index];

    /// <summary>Index of the root of the span's operation; <see cref="TraceSpans.None"/> when it belongs to none.</summary>
    public int Operation(int index) => _operation[index];

    /// <summary>Whether the span is below a request of another operation.</summary>
    public bool IsNested(int index) => _nested[index];

    private static bool BeginsOperation(GoSpanKind kind) => kind == GoSpanKind.Context || GoSpans.IsOperation(kind);

    /// <summary>A lookup without any parent is its own root, at any level.</summary>
    private static bool IsBareLookup(TraceSpans trace, GoSpanKind[] kinds, int index) =>
        kinds[index] is GoSpanKind.RunLookup or GoSpanKind.RunQuery or GoSpanKind.ProvidersRoutine && trace[index].ParentSpanId.IsZero;
}
