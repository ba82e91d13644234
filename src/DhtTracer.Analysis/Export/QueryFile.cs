using System.Text;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Export;

/// <summary>Creates the export files that need only one query.</summary>
public static class QueryFile
{
    /// <summary>Creates the file.</summary>
    /// <param name="kind">The kind of file.</param>
    /// <param name="query">The query.</param>
    /// <param name="permalink">Address of the query, for kinds that show it.</param>
    /// <param name="spans">The spans of its trace, for kinds that include them so that the file can be imported again.</param>
    /// <returns>The file; null when this kind needs more than one query.</returns>
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
