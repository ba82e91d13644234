using System.Globalization;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Charts;

namespace DhtTracer.Web.Pages.Traces;

/// <summary>The spans of a trace as a tree of which one page is shown, on the page of the trace and on that of a query.</summary>
internal sealed class SpanTreeView
{
    /// <summary>Spans on one page.</summary>
    public const int PageSize = 500;

    // Attributes in which the dialects say which peer a span is about: native, go-libp2p-kad-dht.
    private static readonly string[] PeerAttributes = ["dht.peer.id", "PeerID", "QueryPeer", "to"];

    private readonly string _address;
    private readonly ulong _startUnixNano;
    private readonly Dictionary<SpanId, int> _pages = [];

    /// <summary>Arranges spans.</summary>
    /// <param name="spans">All spans of one trace, at least one.</param>
    /// <param name="address">The page's own address without the number of its page, such as <c>/traces/…</c>.</param>
    /// <param name="page">Which page, from 1; null for the one with <paramref name="root"/>, else the first.</param>
    /// <param name="root">The span that the page is about; null for none.</param>
    public SpanTreeView(IReadOnlyList<Span> spans, string address, int? page, SpanId? root = null)
    {
        _address = address;
        Root = root;
        var nodes = SpanTree.Order(spans);
        for (var i = 0; i < nodes.Count; i++)
        {
            _pages[nodes[i].Span.SpanId] = (i / PageSize) + 1;
        }

        Count = nodes.Count;
        PageNumber = Math.Clamp(page ?? (root is { } id ? _pages.GetValueOrDefault(id, 1) : 1), 1, PageCount);
        Page = [.. nodes.Skip((PageNumber - 1) * PageSize).Take(PageSize)];
        _startUnixNano = spans.Min(span => span.StartUnixNano);
        AxisNs = Math.Max(1, OffsetNs(spans.Max(span => Math.Max(span.StartUnixNano, span.EndUnixNano))));
    }

    /// <summary>The span that the page is about.</summary>
    public SpanId? Root { get; }

    /// <summary>Spans of the trace.</summary>
    public int Count { get; }

    /// <summary>The spans of this page in the order of the tree.</summary>
    public IReadOnlyList<SpanNode> Page { get; }

    /// <summary>Which page, from 1.</summary>
    public int PageNumber { get; }

    /// <summary>How many pages.</summary>
    public int PageCount => Math.Max(1, (Count + PageSize - 1) / PageSize);

    /// <summary>From the earliest start to the latest end, in nanoseconds, at least 1.</summary>
    public long AxisNs { get; }

    /// <summary>The address of another page.</summary>
    public string At(int page) =>
        _address + (_address.Contains('?', StringComparison.Ordinal) ? "&page=" : "?page=") + page.ToString(CultureInfo.InvariantCulture);

    /// <summary>The anchor of a span of the trace; null when the span has not arrived.</summary>
    public string? Anchor(SpanId id) =>
        !_pages.TryGetValue(id, out var page) ? null
        : page == PageNumber ? $"#s{id}"
        : $"{At(page)}#s{id}";

    /// <summary>A time in nanoseconds after the start of the trace.</summary>
    public long OffsetNs(ulong unixNano) =>
        unixNano >= _startUnixNano
            ? (long)Math.Min(unixNano - _startUnixNano, long.MaxValue)
            : -(long)Math.Min(_startUnixNano - unixNano, long.MaxValue);

    /// <summary>Duration of a span that ended; negative when a broken clock says so.</summary>
    public long DurationNs(Span span) => OffsetNs(span.EndUnixNano) - OffsetNs(span.StartUnixNano);

    /// <summary>Where a span's bar begins.</summary>
    public string X(Span span) => RowDrawing.Text(Math.Min(99.6, RowDrawing.Percent(OffsetNs(span.StartUnixNano), AxisNs)));

    /// <summary>Width of a span's bar; it reaches to the end of the trace when the span never ended.</summary>
    public string Width(Span span)
    {
        var end = span.EndUnixNano == 0 ? AxisNs : OffsetNs(span.EndUnixNano);
        return RowDrawing.Text(Math.Max(0.4, RowDrawing.Percent(end, AxisNs) - RowDrawing.Percent(OffsetNs(span.StartUnixNano), AxisNs)));
    }

    /// <summary>The peer that a span is about, as the span writes it; null when it names none.</summary>
    public static string? Peer(Span span)
    {
        foreach (var name in PeerAttributes)
        {
            if (span.Attributes.GetString(name) is { Length: > 0 } peer)
            {
                return peer;
            }
        }

        return null;
    }

    /// <summary>CSS class of its bar.</summary>
    public static string? LaneClass(Span span) =>
        span.EndUnixNano == 0 ? "open"
        : IsError(span) ? "error"
        : null;

    /// <summary>The name of a span or scope, which may have none.</summary>
    public static string Name(string name) => name.Length == 0 ? "(no name)" : name;

    /// <summary>Whether its status says that it failed.</summary>
    public static bool IsError(Span span) => span.Status?.Code == DhtTracer.Traces.Model.StatusCode.Error;
}
