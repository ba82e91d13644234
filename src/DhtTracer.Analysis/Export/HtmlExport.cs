using System.Globalization;
using System.Text;
using System.Xml;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Traces.HtmlPage;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Export;

/// <summary>
/// A query as one page to attach to an issue. It needs no other file, no script and no network, and is readable in light mode, in dark mode
/// and on paper.
/// </summary>
public static class HtmlExport
{
    /// <summary>Rows in one picture. A picture fits on a page of paper, and each begins with the time axis.</summary>
    private const int RowsInPicture = 40;

    private const int PictureWidth = 1200;

    private static readonly (string Class, string Name)[] Legend =
    [
        ("q", "queued or connected"),
        ("dl", "dialing"),
        ("rq", "request"),
        ("se", "sent"),
        ("na", "no answer"),
        ("fl", "failed"),
        ("ca", "cut off"),
    ];

    /// <summary>The page as UTF-8.</summary>
    /// <param name="query">The query.</param>
    /// <param name="permalink">Address of the query, shown as text; <c>/q/…</c> when the full address is unknown.</param>
    /// <param name="spans">The spans of its trace, so that the page can be imported; empty when the spans must not be shared.</param>
    public static byte[] ToUtf8(Query query, string permalink, IReadOnlyList<Span> spans)
    {
        var waterfall = Waterfall.Of(query, PeerSort.Order);
        var explanation = Explanation.Of(query);
        var title = $"{Words.Shown(query.Type)} {query.Key?.Text ?? "key unknown"}";
        var html = new HtmlMarkup();
        html.Own("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
            .Own(HtmlExportStyle.Policy)
            .Own("\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"referrer\" content=\"no-referrer\">")
            .Element("title", $"{title}: {waterfall.Summary}")
            .Own("<style>")
            .Own(HtmlExportStyle.Sheet)
            .Own("</style></head>\n<body><main>\n");
        WriteHead(html, query, explanation);
        WriteWhy(html, query, explanation);
        WriteWaterfall(html, waterfall);
        HtmlPeerTable.Write(html, waterfall);
        WriteParameters(html, query, permalink);
        html.Own("<footer>")
            .Text(
                "Exported by DhtTracer. Times are milliseconds after the start of the query unless a unit is given; "
                    + "– is what the trace does not tell."
            );
        if (spans.Count > 0)
        {
            html.Text(
                    $" The {spans.Count.ToString("N0", CultureInfo.InvariantCulture)} spans of the trace are inside: "
                        + "dht-tracer import FILE opens the query again."
                )
                .Own(HtmlPageSpans.Encode(spans));
        }

        html.Own("</footer>\n</main></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void WriteHead(HtmlMarkup html, Query query, Explanation explanation)
    {
        html.Own("<h1>").Text(Words.Shown(query.Type)).Own(" ").Element("code", query.Key?.Text ?? "key unknown").Own("</h1>\n");
        string?[] facts =
        [
            Start(query),
            query.Node is { } node ? $"node {node}" : "node unknown",
            query.Service,
            Words.Of(query.Source),
            query.Side is { } side ? $"{Words.Of(side).ToUpperInvariant()} side" : null,
            QueryNotes.Termination(query.Termination) is { } stopped ? $"stopped asking when {stopped}" : null,
            query.Background ? "background" : null,
        ];
        html.Element("p", string.Join(" · ", facts.OfType<string>()), "facts");
        html.Element("p", explanation.Sentence + ".", "why");
        if (query.Error is { } error)
        {
            html.Element("p", error.Text is { } text ? $"{error.Class}: {text}" : error.Class, "failure");
        }

        foreach (var note in (string?[])[QueryNotes.Skipped(query), QueryNotes.Missing(query.Missing)])
        {
            if (note is not null)
            {
                html.Element("p", note, "failure");
            }
        }

        html.Own("<dl class=\"tiles\">");
        Tile(
            html,
            "outcome",
            Words.Of(query.Outcome),
            query.Outcome switch
            {
                QueryOutcome.Success => "ok",
                QueryOutcome.Failed or QueryOutcome.TimedOut => "bad",
                _ => null,
            }
        );
        Tile(html, "duration", Duration(query.DurationNs));
        Tile(html, "discovery", Duration(query.DiscoveryNs));
        Tile(html, "first answer", Duration(query.FirstAnswerNs));
        Tile(html, "results", Count(query.Counts.Results));
        if (query.Counts.Sent is { } sent)
        {
            Tile(html, "sent", Count(sent));
        }

        Tile(html, "seen", HeaderText.Number(query.Counts.Seen, !query.Counts.SeenComplete));
        Tile(html, "queried", Count(query.Counts.Queried));
        Tile(html, "dialed", Count(query.Counts.Dialed));
        Tile(html, "dials failed", Count(query.Counts.DialFailed));
        Tile(html, "to query", Count(query.Counts.ToQuery));
        Tile(html, "remaining", Count(query.Counts.Remaining));
        Tile(html, "duplicates", Count(query.Counts.Duplicates));
        Tile(html, "hops", Count(query.Hops));
        Tile(html, "closest XOR", Count(query.Xor));
        html.Own("</dl>\n");
    }

    private static void WriteWaterfall(HtmlMarkup html, Waterfall waterfall)
    {
        html.Own("<section><h2>Waterfall</h2>\n<p class=\"muted\">").Text("Peer, XOR, hops, time, label: time, new/returned peers.");
        foreach (var (css, name) in Legend)
        {
            html.Own(
                    $"<svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\">"
                        + $"<rect class=\"{css}\" width=\"12\" height=\"12\" rx=\"2\"/></svg>"
                )
                .Text(name);
        }

        html.Own("</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Waterfall\">");
        if (waterfall.Rows.IsEmpty)
        {
            html.Element("p", "This query heard of no peer.", "muted");
        }

        for (var first = 0; first < waterfall.Rows.Length; first += RowsInPicture)
        {
            var picture = new StringBuilder();
            using (
                var svg = XmlWriter.Create(
                    picture,
                    new XmlWriterSettings { OmitXmlDeclaration = true, ConformanceLevel = ConformanceLevel.Fragment }
                )
            )
            {
                SvgExport.WriteRows(svg, waterfall, PictureWidth, first..Math.Min(first + RowsInPicture, waterfall.Rows.Length));
            }

            html.Own(picture.ToString()).Own("\n");
        }

        html.Own("</div></section>\n");
    }

    private static void WriteWhy(HtmlMarkup html, Query query, Explanation explanation)
    {
        html.Own("<section><h2>Why</h2>\n");
        if (explanation.Path is not { } path)
        {
            html.Element("p", "The end of this query is not in the trace, so nobody can say what it waited for.", "muted")
                .Own("</section>\n");
            return;
        }

        html.Own(
            "<table class=\"spent\"><thead><tr><th>Spent on</th><th class=\"n\">ms</th><th class=\"n\">Share</th></tr></thead><tbody>\n"
        );
        foreach (var blame in explanation.Blames)
        {
            html.Own("<tr>")
                .Element("td", blame.Text, "wrap")
                .Milliseconds(blame.DurationNs)
                .Element("td", blame.Share.ToString("0.0 %", CultureInfo.InvariantCulture), "n")
                .Own("</tr>\n");
        }

        html.Own("</tbody></table>\n<details><summary>Critical path, step by step</summary>\n");
        WritePath(html, query, path);
        html.Own("</details></section>\n");
    }

    private static void WritePath(HtmlMarkup html, Query query, CriticalPath path)
    {
        html.Element(
            "p",
            $"The chain of waits that made the end come when it came. The parts sum to {HtmlMarkup.Exact(query.DurationNs)} ms."
                + $"{(path.AlphaObserved ? " The trace does not tell alpha; the most in flight at once stands for it." : "")}",
            "muted"
        );
        html.Own(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Critical path\"><table><thead><tr>"
                + "<th class=\"n\">From, ms</th><th class=\"n\">Took, ms</th><th class=\"n\">Share</th><th>What</th>"
                + "<th>Waited for</th><th>Meanwhile in the queue</th><th>Error</th></tr></thead><tbody>\n"
        );
        foreach (var segment in path.Segments)
        {
            html.Own("<tr>")
                .Milliseconds(segment.StartNs)
                .Milliseconds(segment.DurationNs)
                .Element(
                    "td",
                    query.DurationNs is > 0 and { } whole
                        ? ((double)segment.DurationNs / whole).ToString("0.0 %", CultureInfo.InvariantCulture)
                        : HtmlMarkup.Unknown,
                    "n"
                )
                .Element("td", What(segment), segment.Result == ActivityResult.Failed ? "bad" : null)
                .Element("td", segment.PeerId, "id")
                .Element("td", segment.QueuedPeerId, "id")
                .Element("td", segment.ErrorClass)
                .Own("</tr>\n");
        }

        html.Own("</tbody></table></div>\n");
    }

    private static string What(PathSegment segment)
    {
        var kind = Words.Of(segment.Kind).Replace('-', ' ');
        return segment.Result is { } result and not ActivityResult.Done ? $"{kind}, {Words.Of(result).Replace('-', ' ')}" : kind;
    }

    private static void WriteParameters(HtmlMarkup html, Query query, string permalink)
    {
        html.Own("<section><h2>Query</h2>\n<table class=\"params\"><tbody>\n");
        Row("permalink", permalink);
        Row("trace id", query.Id.TraceId.ToString());
        Row("root span id", query.Id.SpanId.ToString());
        Row("operation", query.OperationId.ToString());
        Row("start", $"{Start(query)}, {query.StartUnixNano.ToString(CultureInfo.InvariantCulture)} ns since 1970");
        Row("duration", query.DurationNs is { } ns ? $"{ns.ToString(CultureInfo.InvariantCulture)} ns" : null);
        Row("key", query.Key?.Text);
        Row("bytes that are hashed", query.Key?.Bytes);
        Row("Kademlia id", query.Key?.KadId);
        Row("node", query.Node);
        Row("service", query.Service);
        Row("alpha", query.Parameters.Alpha?.ToString(CultureInfo.InvariantCulture));
        Row("beta", query.Parameters.Beta?.ToString(CultureInfo.InvariantCulture));
        Row("k", query.Parameters.K?.ToString(CultureInfo.InvariantCulture));
        Row("termination", query.Termination is { } termination ? Words.Of(termination) : null);
        html.Own("</tbody></table></section>\n");

        void Row(string name, string? value) =>
            html.Own("<tr><th scope=\"row\">").Text(name).Own("</th>").Element("td", value ?? HtmlMarkup.Unknown, "id").Own("</tr>\n");
    }

    private static void Tile(HtmlMarkup html, string name, string value, string? cssClass = null) =>
        html.Own("<div>").Element("dt", name).Element("dd", value, cssClass).Own("</div>");

    private static string Start(Query query) => EventLogEventWriter.Time(query, 0);

    private static string Duration(long? ns) => ns is null ? HtmlMarkup.Unknown : DurationText.Of(ns);

    private static string Count(int? count) => count?.ToString(CultureInfo.InvariantCulture) ?? HtmlMarkup.Unknown;
}
