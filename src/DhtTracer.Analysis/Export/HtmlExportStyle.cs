using System.Security.Cryptography;
using System.Text;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>The style sheet of an exported page, and the policy that allows only this style sheet.</summary>
internal static class HtmlExportStyle
{
    /// <summary>The style sheet. Print is always light.</summary>
    public static string Sheet { get; } =
        """
            :root { color-scheme: light dark; --bg: #fff; --surface: #f6f8fa; --line: #dfe4e9; --text: #131b26; --muted: #566172;
              --accent: #5140c8; --ok: #12713a; --bad: #b42318;
              LIGHT }
            @media screen and (prefers-color-scheme: dark) {
              :root { --bg: #0e1318; --surface: #151b22; --line: #2a343f; --text: #e7ecf1; --muted: #9fabb8; --accent: #a9a0ff;
                --ok: #5bc97e; --bad: #ff8d84;
                DARK }
            }
            * { box-sizing: border-box; }
            body { margin: 0; background: var(--bg); color: var(--text);
              font: 14px/1.45 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
            main { max-width: 1500px; margin: 0 auto; padding: 20px; }
            h1 { margin: 0; font-size: 20px; overflow-wrap: anywhere; }
            h2 { margin: 28px 0 8px; font-size: 15px; }
            p { margin: 6px 0; }
            code, .id { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .93em;
              font-weight: 400; overflow-wrap: anywhere; }
            .muted, .facts { color: var(--muted); }
            .facts { overflow-wrap: anywhere; }
            .why { margin: 14px 0; padding: 10px 14px; background: var(--surface); border-left: 3px solid var(--accent); font-weight: 600; }
            .failure { margin: 14px 0; padding: 10px 14px; background: var(--surface); border-left: 3px solid var(--bad);
              overflow-wrap: anywhere; }
            .tiles { display: flex; flex-wrap: wrap; margin: 14px 0; border: 1px solid var(--line); border-radius: 6px; }
            .tiles div { padding: 8px 14px; display: flex; flex-direction: column-reverse; }
            .tiles dt { color: var(--muted); font-size: 12px; }
            .tiles dd { margin: 0; font-size: 17px; font-weight: 600; }
            .scroll { overflow-x: auto; }
            .scroll:focus-visible { outline: 2px solid var(--accent); }
            svg { display: block; min-width: 900px; width: 100%; height: auto; margin-bottom: 10px; }
            svg .b { fill: none; }
            svg .g { fill: var(--line); }
            svg .t { fill: var(--text); }
            svg .m { fill: var(--muted); }
            svg .q, svg .c { fill: var(--queued); }
            svg .dl { fill: var(--dialing); }
            svg .rq { fill: var(--request); }
            svg .se { fill: var(--sent); }
            svg .na { fill: var(--silent); stroke: var(--silent-edge); stroke-dasharray: 3 2; }
            svg .fl { fill: var(--silent-edge); }
            svg .fd { stroke: var(--silent-edge); }
            svg .ca { fill: var(--bg); stroke: var(--queued); stroke-dasharray: 2 2; }
            svg.key { display: inline-block; min-width: 0; width: 12px; height: 12px; margin: 0 4px 0 12px; vertical-align: -1px; }
            table { border-collapse: collapse; font-size: 12.5px; }
            th, td { padding: 3px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
              white-space: nowrap; unicode-bidi: isolate; }
            th { color: var(--muted); font-weight: 600; }
            .n { text-align: right; font-variant-numeric: tabular-nums; }
            .wrap { white-space: normal; min-width: 220px; overflow-wrap: anywhere; }
            details { margin: 10px 0; }
            summary { cursor: pointer; color: var(--muted); }
            .spent { min-width: min(100%, 480px); }
            .ok { color: var(--ok); }
            .bad { color: var(--bad); }
            .params th { padding-left: 0; }
            .params td { white-space: normal; overflow-wrap: anywhere; }
            footer { margin-top: 28px; color: var(--muted); font-size: 12px; }
            @media print {
              details::details-content { content-visibility: visible; height: auto; }
              @page { size: landscape; margin: 10mm; }
              main { max-width: none; padding: 0; }
              .scroll { overflow: visible; }
              svg { min-width: 0; break-inside: avoid; }
              tr, .tiles, .why { break-inside: avoid; }
              h2 { break-after: avoid; }
              thead { display: table-header-group; }
              table { width: 100%; font-size: 8px; }
              th, td { padding: 2px 3px; white-space: normal; }
              td.n, .params th { white-space: nowrap; }
              .wrap { min-width: 0; }
              * { print-color-adjust: exact; }
            }
            """.Replace("LIGHT", Colours(static colour => colour.Light), StringComparison.Ordinal).Replace(
            "DARK",
            Colours(static colour => colour.Dark),
            StringComparison.Ordinal
        );

    /// <summary>Content security policy, level 3: the page loads nothing, runs nothing, and applies only this style sheet.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Sheet)))}'; "
        + "base-uri 'none'; form-action 'none'";

    private static string Colours(Func<(string Name, string Light, string Dark), string> pick) =>
        string.Join(' ', PhaseColours.All.Select(colour => $"--{colour.Name}: {pick(colour)};"));
}
