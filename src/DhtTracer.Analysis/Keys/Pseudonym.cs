using System.Buffers;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Keys;

/// <summary>
/// The name of a peer or key that was replaced before its trace was shared: <c>kad-</c> and 64 lower-case hex digits. The digits are its
/// position in the key space, so distances can be computed although the real id is not told.
/// </summary>
public static class Pseudonym
{
    private const string Prefix = "kad-";

    /// <summary>Length of a pseudonym in characters.</summary>
    public const int Length = 68;

    /// <summary>The pseudonym of a position.</summary>
    public static string Of(KadId id) => Prefix + id;

    /// <summary>The name of a peer, as rows have it: base58 of a peer id in any form, or a pseudonym. Null when the text is
    /// neither.</summary>
    public static string? PeerName(string? text) =>
        PeerId.TryParse(text, out var peer) ? peer.ToString()
        : text is not null && KadId(text) is not null ? text
        : null;

    /// <summary>The position of a pseudonym; null when the text is none.</summary>
    public static KadId? KadId(ReadOnlySpan<char> text)
    {
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.ContainsAnyInRange('A', 'F'))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[32];
        return Convert.FromHexString(text[Prefix.Length..], bytes, out _, out _) == OperationStatus.Done
            ? Multiformats.KadId.FromBytes(bytes)
            : null;
    }
}
