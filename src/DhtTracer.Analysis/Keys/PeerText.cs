using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Analysis;

/// <summary>Peer ids as texts of spans. Text that is no peer id stays as it is: it came from a span and is shown, but has no place in the key space.</summary>
internal static class PeerText
{
    /// <summary>Base58 of a peer id in any form; other text unchanged.</summary>
    public static string Canonical(ReadOnlySpan<char> text)
    {
        var id = text.ToString();

        // Base58 of a peer id begins with 1 or Qm, and is canonical already.
        return id[0] == '1' || id.StartsWith("Qm", StringComparison.Ordinal) || !PeerId.TryParse(id, out var peer) ? id : peer.ToString();
    }

    /// <summary>Base58 of a peer id, or null when the text is none: <c>service.instance.id</c> is often a UUID.</summary>
    public static string? OrNull(string? text) => PeerId.TryParse(text, out var peer) ? peer.ToString() : null;

    /// <summary>Where a peer lies in the key space; null when the text is no peer id.</summary>
    public static KadId? KadId(string id) => PeerId.TryParse(id, out var peer) ? Libp2p.Multiformats.KadId.Of(peer) : null;
}
