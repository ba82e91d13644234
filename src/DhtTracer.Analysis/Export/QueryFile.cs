using System.Text;
using DhtTracer.Traces;

namespace DhtTracer.Analysis.Export;

/// <summary>Files of one query that are made of the query alone.</summary>
public static class QueryFile
{
    /// <summary>The file.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="query">The query.</param>
    /// <param name="permalink">Where the query can be opened, for kinds that say so.</param>
    /// <param name="spans">The spans of its trace, for kinds that hold them so that they can be imported again.</param>
    /// <returns>Null when this kind is not made of one query alone.</returns>
    public static byte[]? Of(ExportKind kind, Query query, string permalink, IReadOnlyList<Span> spans) =>
        kind switch
        {
            ExportKind.Html => HtmlExport.ToUtf8(query, permalink, spans),
            ExportKind.Json => QueryJson.ToUtf8(query),
            ExportKind.PeersCsv => Encoding.UTF8.GetBytes(CsvExport.Peers(query)),
            ExportKind.Har => HarExport.ToUtf8(query),
            ExportKind.ChromeTrace => ChromeTraceExport.ToUtf8(query),
            ExportKind.Svg => SvgExport.ToUtf8(Waterfall.Of(query, PeerSort.Order)),
            _ => null,
        };
}
