using System.Globalization;
using System.Text;
using System.Xml;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>The waterfall as one SVG file without scripts, style sheets or embedded fonts.</summary>
public static class SvgExport
{
    private const int RowHeight = 18;
    private const int HeadingHeight = 64;
    private const int AxisHeight = 26;
    private const int PeerWidth = 176;
    private const int NumberWidth = 44;
    private const int LabelWidth = 230;
    private const int ChartLeft = PeerWidth + (2 * NumberWidth) + 16;
    private const string Namespace = "http://www.w3.org/2000/svg";

    /// <summary>The picture as UTF-8 XML.</summary>
    /// <param name="waterfall">The rows as on the page, sorted and filtered.</param>
    /// <param name="width">Width in pixels, at least 640.</param>
    public static byte[] ToUtf8(Waterfall waterfall, int width = 1200)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 640);
        using var buffer = new MemoryStream();
        using (var svg = XmlWriter.Create(buffer, new XmlWriterSettings { Encoding = new UTF8Encoding(false), OmitXmlDeclaration = true }))
        {
            new Drawing(svg, waterfall, width, .., hasHeading: true).Write();
        }

        return buffer.ToArray();
    }

    /// <summary>
    /// Writes the time axis and some rows, for a page with its own heading. The classes (t and m for text, g for the grid, and those of
    /// <see cref="PhaseColours.Class"/>) let the page set colours for dark mode.
    /// </summary>
    internal static void WriteRows(XmlWriter svg, Waterfall waterfall, int width, Range rows) =>
        new Drawing(svg, waterfall, width, rows, hasHeading: false).Write();

    private sealed class Drawing(XmlWriter svg, Waterfall waterfall, int width, Range part, bool hasHeading)
    {
        private readonly int _chartWidth = width - ChartLeft - LabelWidth;
        private readonly int _headerHeight = hasHeading ? HeadingHeight : AxisHeight;

        public void Write()
        {
            var rows = waterfall.Rows.AsSpan()[part];
            var height = _headerHeight + (rows.Length * RowHeight) + 12;
            svg.WriteStartElement("svg", Namespace);
            Attributes(("width", width), ("height", height));
            svg.WriteAttributeString("viewBox", $"0 0 {width} {height}");
            svg.WriteAttributeString("font-family", "system-ui, sans-serif");
            svg.WriteAttributeString("font-size", "11");
            svg.WriteAttributeString("role", "img");
            WriteHeading(height);
            WriteAxis(height);
            for (var i = 0; i < rows.Length; i++)
            {
                WriteRow(rows[i], _headerHeight + (i * RowHeight));
            }

            svg.WriteEndElement();
        }

        private void WriteHeading(int height)
        {
            var query = waterfall.Query;
            var title = $"{Words.Shown(query.Type)} {query.Key?.Text ?? "key unknown"}";
            svg.WriteElementString("title", Namespace, Clean($"{title}: {waterfall.Summary}"));
            if (hasHeading)
            {
                Rectangle(0, 0, width, height, "#ffffff", "b");
                Text(12, 20, Shorten(title, 110), "#111827", "t", bold: true);
                Text(12, 38, $"{waterfall.Summary} · {Words.Of(query.Outcome)} · {waterfall.Counts}", "#374151", "m");
            }
        }

        private static (string Fill, string? Edge) Colour(RowSegment bar) =>
            bar.Phase switch
            {
                RowPhase.Queued or RowPhase.Connected => (PhaseColours.Light("queued"), null),
                RowPhase.Dialing => (PhaseColours.Light("dialing"), bar.Failed ? PhaseColours.Light("silent-edge") : null),
                RowPhase.Request => (PhaseColours.Light("request"), null),
                RowPhase.Sent => (PhaseColours.Light("sent"), null),
                RowPhase.Cancelled => ("#ffffff", PhaseColours.Light("queued")),
                _ => bar.Failed
                    ? (PhaseColours.Light("silent-edge"), null)
                    : (PhaseColours.Light("silent"), PhaseColours.Light("silent-edge")),
            };

        private static string Shorten(string text, int length) =>
            text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");

        // XML 1.0 forbids most control characters and lone surrogates, but text of a trace may contain them.
        private static string Clean(string text)
        {
            var clean = new StringBuilder(text.Length);
            foreach (var rune in text.EnumerateRunes())
            {
                clean.Append(
                    rune.Value is >= 0x20 and not (>= 0x7f and <= 0x9f) and not (0xfffe or 0xffff) || rune.Value == '\t'
                        ? rune.ToString()
                        : "\ufffd"
                );
            }

            return clean.ToString();
        }

        private void WriteAxis(int height)
        {
            Text(12, _headerHeight - 8, "Peer", "#4b5563", "m");
            Text(PeerWidth + 8, _headerHeight - 8, "XOR", "#4b5563", "m");
            Text(PeerWidth + NumberWidth + 8, _headerHeight - 8, "Hops", "#4b5563", "m");
            foreach (var tick in Waterfall.Ticks(waterfall.AxisNs))
            {
                var x = X(tick);
                Rectangle(x, _headerHeight - 6, 1, height - _headerHeight, "#e5e7eb", "g");
                Text(x + 3, _headerHeight - 8, tick == 0 ? "0" : DurationText.Of(tick), "#4b5563", "m");
            }
        }

        private void WriteRow(WaterfallRow row, int top)
        {
            var baseline = top + 13;
            Text(
                12,
                baseline,
                row.Peer.Id.Length > 20
                    ? string.Concat(row.Peer.Id.AsSpan(0, 9), "…", row.Peer.Id.AsSpan(row.Peer.Id.Length - 9))
                    : row.Peer.Id,
                "#111827",
                "t"
            );
            Text(PeerWidth + 8, baseline, HeaderText.Number(row.Peer.Xor), "#374151", "m");
            Text(PeerWidth + NumberWidth + 8, baseline, HeaderText.Hops(row.Peer), "#374151", "m");
            foreach (var bar in row.Segments)
            {
                var thin = bar.Phase is RowPhase.Queued or RowPhase.Connected;
                var (fill, edge) = Colour(bar);
                Rectangle(
                    X(bar.StartNs),
                    top + (thin ? 7 : 3),
                    Math.Max(1, X(bar.EndNs) - X(bar.StartNs)),
                    thin ? 4 : 12,
                    fill,
                    PhaseColours.Class(bar),
                    edge
                );
            }

            var label = row.Peer.Duplicate ? $"{row.Label} {RowLabel.DuplicateMark}" : row.Label;
            Text(
                ChartLeft + _chartWidth + 10,
                baseline,
                Shorten(
                    row.Failure is { } failure && !label.EndsWith(failure, StringComparison.Ordinal) ? $"{label} {failure}" : label,
                    44
                ),
                "#111827",
                "t"
            );
        }

        private double X(long ns) => ChartLeft + ((double)Math.Clamp(ns, 0, waterfall.AxisNs) / waterfall.AxisNs * _chartWidth);

        private void Rectangle(double x, double y, double w, double h, string fill, string cssClass, string? edge = null)
        {
            svg.WriteStartElement("rect", Namespace);
            Attributes(("x", x), ("y", y), ("width", w), ("height", h));
            svg.WriteAttributeString("fill", fill);
            svg.WriteAttributeString("class", cssClass);
            if (edge is not null)
            {
                svg.WriteAttributeString("stroke", edge);
            }

            svg.WriteEndElement();
        }

        private void Text(double x, double y, string text, string fill, string cssClass, bool bold = false)
        {
            svg.WriteStartElement("text", Namespace);
            Attributes(("x", x), ("y", y));
            svg.WriteAttributeString("fill", fill);
            svg.WriteAttributeString("class", cssClass);
            if (bold)
            {
                svg.WriteAttributeString("font-weight", "600");
            }

            svg.WriteString(Clean(text));
            svg.WriteEndElement();
        }

        private void Attributes(params ReadOnlySpan<(string Name, double Value)> attributes)
        {
            foreach (var (name, value) in attributes)
            {
                svg.WriteAttributeString(name, value.ToString("0.##", CultureInfo.InvariantCulture));
            }
        }
    }
}
