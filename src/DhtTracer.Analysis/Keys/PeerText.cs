using System.Collections.Concurrent;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Keys;

/// <summary>
/// Peer ids in texts of spans. Text that is no peer id stays unchanged: it is shown, but has no position in the key space.
/// </summary>
internal static class PeerText
{
    private const int MostRemembered = 32_768;

    /// <summary>A peer id in base58 has at most 60 characters. Longer text is no peer id, and is not cached, to save memory.</summary>
    private const int LongestRemembered = 64;

    private static readonly ConcurrentDictionary<string, KadId?> Known = new(StringComparer.Ordinal);

    private static int _remembered;

    /// <summary>Base58 of a peer id in any form; other text unchanged.</summary>
    public static string Canonical(ReadOnlySpan<char> text)
    {
        var id = text.ToString();

        // Base58 of a peer id begins with 1 or Qm and is already canonical.
        return id[0] == '1' || id.StartsWith("Qm", StringComparison.Ordinal) || !PeerId.TryParse(id, out var peer) ? id : peer.ToString();
    }

    /// <summary>Base58 of a peer id; null when the text is none. <c>service.instance.id</c> is often a UUID.</summary>
    public static string? OrNull(string? text) => PeerId.TryParse(text, out var peer) ? peer.ToString() : null;

    /// <summary>
    /// The position of a peer in the key space; null when the text is no peer id. Recent peers are cached: the same few thousand appear in
    /// every query, and base58 with SHA-256 took half the time of a reconstruction.
    /// </summary>
    public static KadId? KadId(string id)
    {
        if (Known.TryGetValue(id, out var known))
        {
            return known;
        }

        KadId? computed = PeerId.TryParse(id, out var peer) ? Multiformats.KadId.Of(peer) : null;
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
