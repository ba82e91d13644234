using System.Collections.Concurrent;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Keys;

/// <summary>
/// Peer ids in texts of spans. Text that is no peer id stays unchanged: it is shown, but has no position in the key space unless it is a
/// <see cref="Pseudonym"/>.
/// </summary>
internal static class PeerText
{
    private const int MostRemembered = 32_768;

    /// <summary>A peer id in base58 has at most 60 characters. Longer text is no peer, and is not cached, to save memory.</summary>
    private const int LongestRemembered = Pseudonym.Length;

    private static readonly ConcurrentDictionary<string, KnownPeer> Known = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, KnownPeer>.AlternateLookup<ReadOnlySpan<char>> KnownSpans =
        Known.GetAlternateLookup<ReadOnlySpan<char>>();

    private static int _remembered;

    /// <summary>Base58 of a peer id in any form; other text unchanged.</summary>
    public static string Canonical(ReadOnlySpan<char> text) => Of(text).Id;

    /// <summary>Base58 of a peer id; null when the text is none. <c>service.instance.id</c> is often a UUID.</summary>
    public static string? OrNull(string? text) => PeerId.TryParse(text, out var peer) ? peer.ToString() : null;

    /// <summary>The position of a peer in the key space; null when the text is no peer id.</summary>
    public static KadId? KadId(string id) => Of(id).KadId;

    /// <summary>
    /// The peer with this id. Recent peers are cached: the same few thousand appear in every query, and base58 with SHA-256 took half the
    /// time of a reconstruction.
    /// </summary>
    public static KnownPeer Of(ReadOnlySpan<char> text)
    {
        if (KnownSpans.TryGetValue(text, out var known))
        {
            return known;
        }

        var id = text.ToString();
        var isPeer = PeerId.TryParse(id, out var peer);

        // Base58 of a peer id begins with 1 or Qm and is already canonical.
        var canonical = !isPeer || id[0] == '1' || id.StartsWith("Qm", StringComparison.Ordinal) ? id : peer.ToString();
        var computed = new KnownPeer(canonical, isPeer ? Multiformats.KadId.Of(peer) : Pseudonym.KadId(id));
        if (id.Length <= LongestRemembered)
        {
            // The count is kept beside the dictionary, because its own Count takes every lock and would cost more than the cache saves.
            if (Interlocked.Increment(ref _remembered) > MostRemembered)
            {
                Known.Clear();
                Interlocked.Exchange(ref _remembered, 1);
            }

            Known[id] = computed;
        }

        return computed;
    }
}

/// <summary>A peer, as texts of spans name it.</summary>
/// <param name="Id">Base58 of the peer id; the text itself when it is no peer id.</param>
/// <param name="KadId">Its position in the key space; null when the text is neither a peer id nor a pseudonym.</param>
internal sealed record KnownPeer(string Id, KadId? KadId);
