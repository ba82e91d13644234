using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>
/// The table of all peers in an exported page, with exact times: one line for each request, and one for each peer that was sent none.
/// </summary>
internal static class HtmlPeerTable
{
    /// <summary>Most characters in a cell. Longer text is shown in full below the table.</summary>
    private const int LongestCell = 110;

    private const string Head = """
        <section><h2>Peers</h2>
        <div class="scroll" tabindex="0" role="region" aria-label="Peers"><table><thead><tr>
        <th class="n">#</th><th>Peer</th><th class="n">XOR</th><th class="n">Hops</th><th>Named by</th><th>Asked after</th>
        <th class="n">Heard</th><th>State</th><th class="n">Dialed at</th><th class="n">Dial took</th><th>Message</th>
        <th class="n">Sent at</th><th class="n">Took</th><th>Ended</th><th class="n">New</th><th class="n">Returned</th>
        <th class="n">Providers</th><th class="n">Records</th><th>Error</th><th>Agent</th><th>Addresses</th></tr></thead><tbody>

        """;

    /// <summary>Writes the table, in the order of the waterfall.</summary>
    public static void Write(HtmlMarkup html, Waterfall waterfall)
    {
        html.Own(Head);
        for (var i = 0; i < waterfall.Rows.Length; i++)
        {
            var peer = waterfall.Rows[i].Peer;
            if (peer.Requests.IsEmpty)
            {
                WriteLine(html, i + 1, peer, null);
            }

            foreach (var request in peer.Requests)
            {
                WriteLine(html, i + 1, peer, request);
            }
        }

        html.Own("</tbody></table></div>\n");
        WriteLongTexts(html, waterfall);
        html.Own("</section>\n");
    }

    // A table row is one line high, so texts that are too long for it are shown here in full.
    private static void WriteLongTexts(HtmlMarkup html, Waterfall waterfall)
    {
        var peers = waterfall.Rows.Select(static row => row.Peer).ToList();
        if (peers.Any(static peer => peer.Addresses.Length > 1))
        {
            html.Own("<details><summary>All addresses</summary>\n<table class=\"params\"><tbody>\n");
            foreach (var peer in peers.Where(static peer => peer.Addresses.Length > 1))
            {
                html.Own("<tr>").Element("td", peer.Id, "id").Element("td", string.Join(' ', peer.Addresses), "wrap").Own("</tr>\n");
            }

            html.Own("</tbody></table></details>\n");
        }

        var errors = peers
            .SelectMany(static peer => peer.Requests.Select(static request => request.Error).Append(peer.Dial?.Error))
            .Select(Error)
            .Where(static text => text.Length > LongestCell)
            .CountBy(static text => text, StringComparer.Ordinal)
            .ToList();
        if (errors.Count > 0)
        {
            html.Own("<details><summary>Long error texts</summary>\n<table class=\"params\"><tbody>\n");
            foreach (var (text, count) in errors)
            {
                html.Own("<tr>").Number(count).Element("td", text, "wrap").Own("</tr>\n");
            }

            html.Own("</tbody></table></details>\n");
        }
    }

    private static void WriteLine(HtmlMarkup html, int number, QueryPeer peer, PeerRequest? request)
    {
        html.Own("<tr>")
            .Number(number)
            .Element("td", peer.Id, "id")
            .Number(peer.Xor)
            .Element("td", HeaderText.Hops(peer), "n")
            .Element("td", NamedBy(peer), "id")
            .Element("td", peer.AskedAfter ?? HtmlMarkup.Unknown, "id")
            .Milliseconds(peer.HeardNs)
            .Element("td", Words.Of(peer.State).Replace('-', ' ') + (peer.Duplicate ? ", duplicate" : ""), StateClass(peer.State));
        if (peer.Dial is { Reused: true } reused)
        {
            html.Milliseconds(reused.StartNs).Element("td", "reused", "n");
        }
        else
        {
            html.Milliseconds(peer.Dial?.StartNs).Milliseconds(peer.Dial?.DurationNs);
        }

        html.Element("td", request is null or { Type: MessageType.Unknown } ? HtmlMarkup.Unknown : Words.Of(request.Type))
            .Milliseconds(request?.StartNs)
            .Milliseconds(request?.DurationNs)
            .Element("td", request is null ? HtmlMarkup.Unknown : Words.Of(request.Outcome).Replace('-', ' '))
            .Number(request?.New)
            .Number(request?.Returned)
            .Number(request?.Providers)
            .Number(request?.Records)
            .Element("td", Shorten(Error(request?.Error ?? peer.Dial?.Error)))
            .Element("td", Shorten(peer.Agent ?? HtmlMarkup.Unknown))
            .Element("td", Addresses(peer))
            .Own("</tr>\n");
    }

    private static string Addresses(QueryPeer peer) =>
        peer.Addresses.IsDefaultOrEmpty ? HtmlMarkup.Unknown
        : peer.Addresses.Length == 1 ? Shorten(peer.Addresses[0])
        : $"{Shorten(peer.Addresses[0])} and {peer.Addresses.Length - 1} more";

    private static string Shorten(string text) => text.Length <= LongestCell ? text : string.Concat(text.AsSpan(0, LongestCell - 1), "…");

    private static string NamedBy(QueryPeer peer) =>
        (peer.Referrer, peer.Hops) switch
        {
            ({ } referrer, _) => peer.ReferrerInferred ? referrer + " (inferred)" : referrer,
            (null, 0) => "routing table",
            _ => HtmlMarkup.Unknown,
        };

    private static string? StateClass(PeerState state) =>
        state switch
        {
            PeerState.DialFailed or PeerState.RequestFailed => "bad",
            _ => null,
        };

    private static string Error(TraceError? error) =>
        error is null ? ""
        : error.Text is { } text ? $"{error.Class}: {text}"
        : error.Class;
}
