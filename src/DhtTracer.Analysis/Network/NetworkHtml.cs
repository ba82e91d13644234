using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Network;

/// <summary>The figures of a network as one page. It needs no other file, no script and no network.</summary>
public static class NetworkHtml
{
    private const int MostRows = 50;

    /// <summary>The page as UTF-8.</summary>
    /// <param name="report">The figures.</param>
    /// <param name="tables">The tables of ProbeLab's reports.</param>
    /// <param name="filter">Which lookups, in words. Hostile text.</param>
    public static byte[] ToUtf8(NetworkReport report, MeasuredTables tables, string filter)
    {
        var html = new HtmlMarkup();
        html.Own("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
            .Own(HtmlExportStyle.Policy)
            .Own("\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"referrer\" content=\"no-referrer\">")
            .Element("title", "The network, from many lookups")
            .Own("<style>")
            .Own(HtmlExportStyle.Sheet)
            .Own("</style></head>\n<body><main>\n")
            .Element("h1", "The network, from many lookups")
            .Own("<p class=\"facts\">Lookups: ")
            .Element("code", filter)
            .Text(
                $". Rests on {Number(report.Lookups)} lookups, of which {Number(report.ClosestSets)} have a closest set"
                    + (report.HasOlder ? "; older ones were not read" : "")
                    + "."
            )
            .Own("</p>\n");
        Table(
            html,
            "Figures",
            ["Figure", "Value", "Rests on"],
            [
                [
                    "Peers that answer",
                    report.Size is { } size ? $"{Number(size.Peers)} ({Number(size.Low)} to {Number(size.High)})" : null,
                    $"{report.Keys} keys",
                ],
                ["Suspicious lookups", report.Size is null ? null : Number(report.Suspicious.Length), $"{report.ClosestSets} closest sets"],
                ["Recall, median", Share(report.Recall?.Median), $"{report.Recall?.Lookups ?? 0} lookups"],
                ["Dead of the named", Share(report.Dead?.Share), $"{report.Dead?.Tried ?? 0} peers named"],
                [
                    "Unreachable peers",
                    Share(report.Peers.Unreachable, report.Peers.Answered + report.Peers.Unreachable),
                    $"{report.Peers.Asked} peers asked",
                ],
                ["Peers without DHT", Number(report.Peers.WithoutDht), $"{report.Peers.Asked} peers asked"],
            ]
        );
        Measured(html, tables);
        Table(
            html,
            "Unreachable peers by error",
            ["Error", "Peers", "Share"],
            report.Peers.ByError.Select(error => (string?[])[error.Name, Number(error.Count), Share(error.Count, report.Peers.Unreachable)])
        );
        Table(
            html,
            "Peers by agent version",
            ["Agent version", "Peers", "Answered", "Unreachable", "No DHT"],
            report
                .Peers.ByAgent.Take(MostRows)
                .Select(agent =>
                    (string?[])
                        [
                            agent.Name ?? "unknown",
                            Number(agent.Peers),
                            Number(agent.Answered),
                            Number(agent.Unreachable),
                            Number(agent.WithoutDht),
                        ]
                )
        );
        html.Own("<footer>")
            .Text(
                "A figure that the traces do not tell is –. docs/network.md of DhtTracer defines every figure; the tables of times, hops "
                    + "and liveness follow the reports RFM 7, 17 and 21 of probe-lab/network-measurements. "
                    + "Made by DhtTracer: dht-tracer network --html."
            )
            .Own("</footer>\n</main></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void Measured(HtmlMarkup html, MeasuredTables tables)
    {
        Table(
            html,
            "Durations (RFM 7, 21)",
            ["Operation", "Number", "25 %", "50 %", "75 %", "90 %", "Mean", "Deviation", "Slow", "Under 0.5 s", "0.5 to 1 s"],
            tables.Times.Select(time =>
                (string?[])
                    [
                        time.Quartiles.Name,
                        Number(time.Quartiles.Count),
                        DurationText.Of(time.Quartiles.P25),
                        DurationText.Of(time.Quartiles.P50),
                        DurationText.Of(time.Quartiles.P75),
                        DurationText.Of(time.Quartiles.P90),
                        DurationText.Of((long)time.Mean),
                        time.Deviation is { } deviation ? DurationText.Of((long)deviation) : null,
                        Share(time.Slow, time.Quartiles.Count),
                        Share(time.UnderHalfSecond, time.Quartiles.Count),
                        Share(time.UnderSecond, time.Quartiles.Count),
                    ]
            )
        );
        Table(
            html,
            "Hops (RFM 17)",
            ["Operation", "Number", "25 %", "50 %", "75 %", "90 %"],
            tables.Hops.Select(row =>
                (string?[])[row.Name, Number(row.Count), Number(row.P25), Number(row.P50), Number(row.P75), Number(row.P90)]
            )
        );
        Table(
            html,
            $"Provider record liveness (RFM 17), of {Number(tables.Records)} records",
            ["Hours after the publication", "Lookups", "Retrievable", "Of the peers sent, still hold it"],
            tables.Liveness.Select(row =>
                (string?[])
                    [
                        row.ToHours is { } end ? $"{row.FromHours} to {end}" : $"{row.FromHours} and more",
                        Number(row.Lookups),
                        Share(row.Found, row.Lookups),
                        Share(row.Held, row.Sent),
                    ]
            )
        );
    }

    private static void Table(HtmlMarkup html, string title, IReadOnlyList<string> heads, IEnumerable<string?[]> rows)
    {
        html.Element("h2", title);
        var any = false;
        foreach (var row in rows)
        {
            if (!any)
            {
                any = true;
                html.Own("<table><thead><tr>");
                foreach (var head in heads)
                {
                    html.Element("th", head);
                }

                html.Own("</tr></thead><tbody>\n");
            }

            html.Own("<tr>").Element("td", row[0]);
            foreach (var cell in row.Skip(1))
            {
                html.Element("td", cell ?? HtmlMarkup.Unknown, "n");
            }

            html.Own("</tr>\n");
        }

        html.Own(any ? "</tbody></table>\n" : "<p class=\"facts\">No lookup tells it.</p>\n");
    }

    private static string Number(double count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string? Share(double? share) => share?.ToString("0.0 %", CultureInfo.InvariantCulture);

    private static string? Share(long? part, long whole) => whole == 0 || part is null ? null : Share((double)part / whole);
}
