using DhtTracer.Analysis.Keys;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Dialects;

/// <summary>
/// Reads keys of the 2019 log. A key is <c>/provider/Qm…</c>, whose last part encodes the bytes; a record key such as <c>/ipns/Qm…</c>; a
/// plain base58 text; or bytes that were forced into UTF-8, which are lost.
/// </summary>
internal static class EventLogKeys
{
    /// <summary>The log's prefix for every key without a namespace.</summary>
    public const string NoNamespace = "/provider/";

    private const char ReplacementCharacter = '\uFFFD';

    /// <summary>Reads a key.</summary>
    /// <param name="logged">The key as logged.</param>
    /// <param name="foundPeer">The peer that a find-peer found. It is the key even when the logged key is lost.</param>
    /// <param name="type">The type of the query.</param>
    public static TargetKey? Parse(string? logged, string? foundPeer, QueryType type)
    {
        if (logged is null || logged.Contains(ReplacementCharacter, StringComparison.Ordinal))
        {
            return type == QueryType.FindPeer ? TargetKey.OfPeer(foundPeer) : null;
        }

        if (IsRecord(logged) && RecordKey.TryParse(logged, out var record))
        {
            return TargetKey.OfBytes(record, type);
        }

        var name = LastPart(logged);
        var named = type is QueryType.GetProviders or QueryType.AddProvider
            ? TargetKey.OfCid(name) ?? TargetKey.OfPeer(name)
            : TargetKey.OfPeer(name) ?? TargetKey.OfCid(name);

        // After /provider/ comes an encoding of the bytes; elsewhere the bytes themselves.
        return named
            ?? (
                logged.StartsWith(NoNamespace, StringComparison.Ordinal)
                    ? TargetKey.OfMultibase(name, type)
                    : TargetKey.OfUtf8(logged, type)
            );
    }

    /// <summary>Whether the key is of a value record. <c>/provider/</c> is only the log's prefix for keys without a namespace.</summary>
    public static bool IsRecord(string? logged) =>
        logged is ['/', ..] && !logged.StartsWith(NoNamespace, StringComparison.Ordinal) && logged.IndexOf('/', 1) > 1;

    /// <summary>The part after the last slash.</summary>
    public static string? LastPart(string? logged) => logged?[(logged.LastIndexOf('/') + 1)..];
}
