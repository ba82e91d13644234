using System.Collections.Immutable;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>
/// The merged spans of one trace with their parents and children, by index. Cycles of parents are cut; only a hostile sender makes them.
/// </summary>
internal sealed class TraceSpans
{
    /// <summary>No parent: the span is a root, or its parent never arrived.</summary>
    public const int None = -1;

    /// <summary>Most ancestors that are read. Real traces are a few dozen deep, and a hostile trace must not cost quadratic time.</summary>
    public const int MaxAncestors = 1000;

    private readonly int[] _parents;
    private readonly int[] _firstChild;
    private readonly int[] _nextSibling;
    private readonly Dictionary<SpanId, int> _byId;

    /// <summary>Indexes merged spans.</summary>
    /// <exception cref="ArgumentException">The spans belong to several traces.</exception>
    public TraceSpans(ImmutableArray<Span> merged)
    {
        Spans = merged;
        _parents = new int[merged.Length];
        _firstChild = new int[merged.Length];
        _nextSibling = new int[merged.Length];
        Array.Fill(_firstChild, None);
        Array.Fill(_nextSibling, None);
        _byId = new Dictionary<SpanId, int>(merged.Length);
        for (var i = 0; i < merged.Length; i++)
        {
            if (merged[i].TraceId != merged[0].TraceId)
            {
                throw new ArgumentException("The spans belong to several traces: group them by trace id first.", nameof(merged));
            }

            _byId.Add(merged[i].SpanId, i);
        }

        // Runs backwards, so that children are in the order of the spans.
        for (var i = merged.Length - 1; i >= 0; i--)
        {
            _parents[i] =
                merged[i].ParentSpanId.IsZero || !_byId.TryGetValue(merged[i].ParentSpanId, out var parent) || parent == i ? None : parent;
        }

        CutCycles();
        for (var i = merged.Length - 1; i >= 0; i--)
        {
            if (_parents[i] is var parent and not None)
            {
                _nextSibling[i] = _firstChild[parent];
                _firstChild[parent] = i;
            }
        }
    }

    /// <summary>The spans, sorted by start and then by id.</summary>
    public ImmutableArray<Span> Spans { get; }

    /// <summary>The span at an index.</summary>
    public Span this[int index] => Spans[index];

    /// <summary>Index of the span with this id, or <see cref="None"/>.</summary>
    public int Find(SpanId id) => _byId.GetValueOrDefault(id, None);

    /// <summary>Index of the parent, or <see cref="None"/>.</summary>
    public int Parent(int index) => _parents[index];

    /// <summary>Whether the span names a parent that is not in the trace.</summary>
    public bool IsOrphan(int index) => _parents[index] == None && !Spans[index].ParentSpanId.IsZero;

    /// <summary>The spans above, nearest first, at most <see cref="MaxAncestors"/>.</summary>
    public IEnumerable<int> Ancestors(int index)
    {
        var steps = 0;
        for (var above = _parents[index]; above != None && steps < MaxAncestors; above = _parents[above])
        {
            steps++;
            yield return above;
        }
    }

    /// <summary>All spans, with every parent before its children.</summary>
    public List<int> TopDown()
    {
        var order = new List<int>(_parents.Length);
        for (var i = 0; i < _parents.Length; i++)
        {
            if (_parents[i] == None)
            {
                Collect(i, order);
            }
        }

        return order;
    }

    /// <summary>Adds a span and everything below it that <paramref name="enter"/> accepts.</summary>
    public void Collect(int index, List<int> into, Func<int, bool>? enter = null)
    {
        var from = into.Count;
        into.Add(index);
        for (var at = from; at < into.Count; at++)
        {
            for (var child = _firstChild[into[at]]; child != None; child = _nextSibling[child])
            {
                if (enter is null || enter(child))
                {
                    into.Add(child);
                }
            }
        }
    }

    private void CutCycles()
    {
        var state = new byte[_parents.Length];
        for (var i = 0; i < _parents.Length; i++)
        {
            var at = i;
            while (at != None && state[at] == 0)
            {
                state[at] = 1;
                if (_parents[at] is var parent and not None && state[parent] == 1)
                {
                    _parents[at] = None;
                }

                at = _parents[at];
            }

            for (at = i; at != None && state[at] == 1; at = _parents[at])
            {
                state[at] = 2;
            }
        }
    }
}
