using DhtTracer.Libp2p.Multiformats;
using DhtTracer.Storage;

namespace DhtTracer.Web.Search;

/// <summary>What a reader typed as a key, as a filter that finds every encoding of it.</summary>
public static class KeySearch
{
    /// <summary>
    /// Every reading of the text (CID of any version and base, peer id in both forms, <c>/ipns/…</c>, multihash in hex, …), or a key whose text begins with it.
    /// </summary>
    public static KeyFilter Filter(string text) => new([.. KeyParser.Parse(text).Select(reading => reading.Bytes)], text.Trim());
}
