namespace DhtTracer.Analysis.Export;

/// <summary>The table of an exported page with every peer, its times exact: a line for each request, and one for each peer that was sent none.</summary>
internal static class HtmlPeerTable
{
    private const string Head =
        """
        <section><h2>Peers</h2>
        <div class="scroll" tabindex="0" role="region" aria-label="Peers"><table><thead><tr><th class="n">#</th><th>Peer</th><th class="n">XOR</th><th class="n">Hops</th><th>Named by</th><th class="n">Heard</th><th>State</th><th class="n">Dialed at</th><th class="n">Dial took</th><th>Message</th><th class="n">Sent at</th><th class="n">Took</th><th>Ended</th><th class="n">New</th><th class="n">Returned</th><th class="n">Providers</th><th class="n">Records</th><th>Error</th><th>Agent</th><th>Addresses</th></tr></thead><tbody>

        """;

    /// <summary>Writes it, in the order of the waterfall.</summary>
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

        html.Own("</tbody></table></div></section>\n");
    }

    private static void WriteLine(HtmlMarkup html, int number, QueryPeer peer, PeerRequest? request)
    {
        html.Own("<tr>").Number(number).Element("td", peer.Id, "id").Number(peer.Xor).Number(peer.Hops)
            .Element("td", NamedBy(peer), "id").Milliseconds(peer.HeardNs)
            .Element("td", Words.Of(peer.State).Replace('-', ' ') + (peer.Duplicate ? ", duplicate" : ""), StateClass(peer.State));
        if (peer.Dial is { Reused: true } reused)
        {
            html.Milliseconds(reused.StartNs).Element("td", "reused", "n");
        }
        else
        {
            html.Milliseconds(peer.Dial?.StartNs).Milliseconds(peer.Dial?.DurationNs);
        }

        html.Element("td", request is null ? HtmlMarkup.Unknown : Words.Of(request.Type)).Milliseconds(request?.StartNs).Milliseconds(request?.DurationNs)
            .Element("td", request is null ? HtmlMarkup.Unknown : Words.Of(request.Outcome).Replace('-', ' '))
            .Number(request?.New).Number(request?.Returned).Number(request?.Providers).Number(request?.Records)
            .Element("td", Error(request?.Error ?? peer.Dial?.Error), "wrap").Element("td", peer.Agent ?? HtmlMarkup.Unknown)
            .Element("td", peer.Addresses.IsDefaultOrEmpty ? HtmlMarkup.Unknown : string.Join(' ', peer.Addresses), "wrap").Own("</tr>\n");
    }

    private static string NamedBy(QueryPeer peer) => (peer.Referrer, peer.Hops) switch
    {
        ({ } referrer, _) => peer.ReferrerInferred ? referrer + " (inferred)" : referrer,
        (null, 0) => "routing table",
        _ => HtmlMarkup.Unknown,
    };

    private static string? StateClass(PeerState state) => state switch
    {
        PeerState.DialFailed or PeerState.RequestFailed => "bad",
        _ => null,
    };

    private static string Error(TraceError? error) => error is null ? "" : error.Text is { } text ? $"{error.Class}: {text}" : error.Class;
}
