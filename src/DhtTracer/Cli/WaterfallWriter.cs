using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>Draws a waterfall as text: one line per peer, bars in eighths of a column, no line wider than the terminal.</summary>
internal sealed class WaterfallWriter(TextWriter output, Terminal terminal)
{
    private const int LabelWidth = 30;
    private const int FewestBarColumns = 10;

    /// <summary>Writes the header, the rows and the legend.</summary>
    public void Write(Waterfall waterfall)
    {
        var query = waterfall.Query;
        WriteHead(waterfall);
        output.WriteLine();

        // "  12 12D3KooW…wkNXc7 249  0 " + bars + " label"
        var idWidth = terminal.Width >= 110 ? 22 : 15;
        var fixedWidth = 4 + 1 + idWidth + 1 + 3 + 1 + 4 + 1;
        var barWidth = Math.Max(FewestBarColumns, terminal.Width - fixedWidth - LabelWidth - 1);
        output.WriteLine(
            terminal.Style(
                PlainText.End(
                    $"{"#", 4} {"Peer".PadRight(idWidth)} {"XOR", 3} {"Hops", 4} {Axis(waterfall.AxisNs, barWidth)}",
                    terminal.Width
                ),
                TextStyle.Dim
            )
        );
        var number = 0;
        foreach (var row in waterfall.Rows)
        {
            WriteRow(row, ++number, idWidth, barWidth, waterfall.AxisNs);
        }

        if (waterfall.Rows.IsEmpty)
        {
            output.WriteLine(query.Peers.IsEmpty ? "  (this query heard of no peer)" : "  (no row passes the filter)");
        }

        output.WriteLine();
        output.WriteLine(
            PlainText.End(
                "─ queued  ▒ dialing  ┄ connected  █ request  ░ no answer or failed  ▓ sent  ╌ cut off   label: time, new/returned "
                    + "peers  ⚠ dup asked again",
                terminal.Width
            )
        );
        WriteLint(QueryLint.Of(query));
    }

    private void WriteLint(QueryLint lint)
    {
        if (!lint.Findings.IsEmpty)
        {
            output.WriteLine();
        }

        // The sentences hold no text of the trace, and are never cut: the end has the figures.
        foreach (var finding in lint.Findings)
        {
            var style = finding.Severity switch
            {
                LintSeverity.Error => TextStyle.Red,
                LintSeverity.Warning => TextStyle.Yellow,
                _ => TextStyle.Dim,
            };
            output.WriteLine($"{terminal.Style($"{finding.Rule} {Words.Of(finding.Severity), -7}", style)} {finding.Sentence}");
        }
    }

    private void WriteHead(Waterfall waterfall)
    {
        var query = waterfall.Query;
        var type = Words.Shown(query.Type);
        var key = query.Key is { } known ? PlainText.Safe(known.Text) : "(key unknown)";
        output.WriteLine($"{terminal.Style(type, TextStyle.Bold)} {PlainText.Middle(key, Math.Max(20, terminal.Width - type.Length - 1))}");
        output.WriteLine(
            PlainText.End(
                $"{UtcText.Of(query.StartUnixNano)} · {Words.Of(query.Source)}"
                    + $"{(query.Side is { } side ? $" · {Words.Of(side).ToUpperInvariant()} side" : "")}"
                    + $" · service {Or(query.Service)} · node {Short(query.Node)}",
                terminal.Width
            )
        );
        var outcome = Words.Of(query.Outcome);
        var style = query.Outcome switch
        {
            QueryOutcome.Success => TextStyle.Green,
            QueryOutcome.Failed or QueryOutcome.TimedOut => TextStyle.Red,
            _ => TextStyle.Bold,
        };
        var error = query.Error is { } failure ? $" ({failure.Class}{(failure.Text is { } text ? ": " + PlainText.Safe(text) : "")})" : "";
        var line = PlainText.End($"{outcome}{error} · {waterfall.Summary}", terminal.Width);
        output.WriteLine(terminal.Style(line, style));
        string?[] facts =
        [
            waterfall.Counts,
            query.FirstAnswerNs is { } first ? $"first answer {DurationText.Of(first)}" : null,
            query.DiscoveryNs is { } found ? $"discovery {DurationText.Of(found)}" : null,
            query.Xor is { } xor ? $"closest XOR {HeaderText.Number(xor)}" : null,
            query.Hops is { } hops ? $"hops {HeaderText.Number(hops)}" : null,
        ];
        output.WriteLine(PlainText.End(string.Join(" · ", facts.OfType<string>()), terminal.Width));
        if (QueryNotes.Skipped(query) is { } skipped)
        {
            output.WriteLine(PlainText.End(skipped, terminal.Width));
        }

        if (QueryNotes.Missing(query.Missing) is { } missing)
        {
            output.WriteLine(terminal.Style(PlainText.End(missing, terminal.Width), TextStyle.Yellow));
        }
    }

    private void WriteRow(WaterfallRow row, int number, int idWidth, int barWidth, long axisNs)
    {
        var peer = row.Peer;
        var id = PlainText.Middle(PlainText.Safe(peer.Id), idWidth).PadRight(idWidth);
        var label = peer.Duplicate ? $"{row.Label} {RowLabel.DuplicateMark}".Trim() : row.Label;
        if (row.Failure is { } why && !row.Label.EndsWith(why, StringComparison.Ordinal))
        {
            label = $"{label} {why}";
        }

        var style = row.Group switch
        {
            PeerFilter.Failed => TextStyle.Red,
            PeerFilter.Unqueried => TextStyle.Dim,
            _ when row.Label.StartsWith('✓') => TextStyle.Green,
            _ => TextStyle.Plain,
        };
        output.Write(
            $"{number.ToString(CultureInfo.InvariantCulture), 4} {terminal.Style(id, style)} {HeaderText.Number(peer.Xor), 3} "
                + $"{HeaderText.Hops(peer), 4} "
        );
        output.Write(Bars(row, barWidth, axisNs));
        output.WriteLine(" " + terminal.Style(PlainText.End(label, LabelWidth), style));
    }

    /// <summary>
    /// One character per column. If several bars share a column, the latest phase wins, so a short request is always visible.
    /// </summary>
    private string Bars(WaterfallRow row, int width, long axisNs)
    {
        Span<RowPhase?> columns = new RowPhase?[width];
        foreach (var segment in row.Segments)
        {
            var first = Column(segment.StartNs, width, axisNs);
            var last = Math.Max(first, Column(Math.Max(segment.StartNs, segment.EndNs - 1), width, axisNs));
            columns[first..(last + 1)].Fill(segment.Phase);
        }

        if (row.Segments.IsEmpty && row.Peer.HeardNs is { } heard)
        {
            columns[Column(heard, width, axisNs)] = RowPhase.Queued;
        }

        var text = new StringBuilder(width);
        for (var column = 0; column < width; )
        {
            var phase = columns[column];
            var end = column;
            while (end < width && columns[end] == phase)
            {
                end++;
            }

            var (mark, style) = phase switch
            {
                RowPhase.Queued => ('─', TextStyle.Dim),
                RowPhase.Dialing => ('▒', row.Peer.State == PeerState.DialFailed ? TextStyle.Red : TextStyle.Yellow),
                RowPhase.Connected => ('┄', TextStyle.Dim),
                RowPhase.Request => ('█', TextStyle.Blue),
                RowPhase.NoAnswer => ('░', TextStyle.Red),
                RowPhase.Sent => ('▓', TextStyle.Blue),
                RowPhase.Cancelled => ('╌', TextStyle.Dim),
                _ => (' ', TextStyle.Plain),
            };
            text.Append(terminal.Style(new string(mark, end - column), style));
            column = end;
        }

        return text.ToString();
    }

    private static int Column(long atNs, int width, long axisNs) =>
        (int)Math.Clamp((long)((Int128)Math.Max(0, atNs) * width / Math.Max(1, axisNs)), 0, width - 1);

    private static string Axis(long axisNs, int width)
    {
        var text = new StringBuilder(new string(' ', width));
        var free = 0;
        foreach (var tick in Waterfall.Ticks(Math.Max(1, axisNs), Math.Max(2, width / 12)))
        {
            var at = Column(tick, width, axisNs);
            var label = tick == 0 ? "0" : DurationText.Of(tick);
            if (at >= free && at + label.Length <= width)
            {
                text.Remove(at, label.Length).Insert(at, label);
                free = at + label.Length + 1;
            }
        }

        return text.ToString();
    }

    private static string Or(string? text) => text is null ? "unknown" : PlainText.Safe(text);

    private static string Short(string? node) => node is null ? "unknown" : PlainText.Middle(PlainText.Safe(node), 17);
}
