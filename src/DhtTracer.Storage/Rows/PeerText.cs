using DhtTracer.Multiformats;

namespace DhtTracer.Storage.Rows;

/// <summary>A peer id as a column holds it: the multihash, or the text as the trace spells it.</summary>
internal static class PeerText
{
    /// <summary>The peer id as the trace spells it; null for null.</summary>
    public static string? Of(object? id) =>
        id switch
        {
            null => null,
            byte[] multihash => Base58.Encode(multihash),
            _ => (string)id,
        };
}
