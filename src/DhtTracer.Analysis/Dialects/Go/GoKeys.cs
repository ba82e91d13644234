using System.Text;
using System.Text.Unicode;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Reads the key of a query of go-libp2p-kad-dht. One trace holds it in up to four encodings: CID text, multibase, peer id, hex. The
/// caller's own text is tried first, because only it keeps the form of the CID.
/// </summary>
internal static class GoKeys
{
    private const char ReplacementCharacter = '\uFFFD';

    public static TargetKey? Find(TraceSpans trace, GoSpanKind[] kinds, List<int> members, List<int> ancestors, QueryType type)
    {
        var find = new Search(trace, kinds, type);
        return find.First(members, OfMethod)
            ?? find.First(ancestors, OfMethod)
            ?? find.First(members, OfLookup)
            ?? find.First(members, OfMessage);
    }

    private static TargetKey? OfMethod(Span span, GoSpanKind kind, QueryType type)
    {
        if (kind is not (GoSpanKind.Method or GoSpanKind.Context) || GoSpans.MethodType(span.Name) != type)
        {
            return null;
        }

        return type switch
        {
            QueryType.GetValue when span.Text("PeerID") is { } peer => OfPublicKey(peer),
            QueryType.FindPeer => TargetKey.OfPeer(span.Text("key")),
            QueryType.GetProviders or QueryType.AddProvider => TargetKey.OfCid(span.Text("key")) ?? OnlyKey(span, type),
            _ => TargetKey.OfMultibase(span.Text("key"), type),
        };
    }

    /// <summary>Key of GetPublicKey: the record of a peer's public key.</summary>
    private static TargetKey? OfPublicKey(string peer) =>
        PeerId.TryParse(peer, out var id) ? TargetKey.OfBytes([.. "/pk/"u8, .. id.Bytes], QueryType.GetValue) : null;

    /// <summary>Key of ProvideMany; null when it has several keys.</summary>
    private static TargetKey? OnlyKey(Span span, QueryType type) =>
        span.Strings("keys") is { Count: 1 } keys ? TargetKey.OfMultibase(keys[0], type) : null;

    private static TargetKey? OfLookup(Span span, GoSpanKind kind, QueryType type) =>
        kind switch
        {
            GoSpanKind.Lookup => OfText(span.Text("Key"), type),
            GoSpanKind.RunLookup => OfText(span.Text("Target"), type),
            _ => null,
        };

    internal static TargetKey? OfMessage(Span span, GoSpanKind kind, QueryType type)
    {
        if (kind != GoSpanKind.Message)
        {
            return null;
        }

        if (type == QueryType.Ping)
        {
            return TargetKey.OfPeer(span.Text("to"));
        }

        if (span.Text("key") is not { } key)
        {
            return null;
        }

        return GoSpans.Message(span) switch
        {
            // The target's bytes, rendered as a peer id even when they are none.
            MessageType.FindNode => Base58.Decode(key, out var bytes) == MultiformatError.None ? TargetKey.OfBytes(bytes, type) : null,
            MessageType.GetProviders or MessageType.AddProvider => Multibase.Decode("f" + key, out var multihash, out _)
            == MultiformatError.None
                ? TargetKey.OfBytes(multihash, type)
                : OfText(key, type),
            _ => OfText(key, type),
        };
    }

    /// <summary>The bytes as text when they are UTF-8, else as base58 multibase.</summary>
    private static TargetKey? OfText(string? key, QueryType type)
    {
        if (key is null || key.Contains(ReplacementCharacter, StringComparison.Ordinal))
        {
            return null;
        }

        if (key[0] == 'z' && Multibase.Decode(key, out var bytes, out _) == MultiformatError.None && !IsUtf8(bytes))
        {
            return TargetKey.OfBytes(bytes, type);
        }

        return TargetKey.OfBytes(Encoding.UTF8.GetBytes(key), type);
    }

    private static bool IsUtf8(byte[] bytes) => Utf8.IsValid(bytes);

    private readonly struct Search(TraceSpans trace, GoSpanKind[] kinds, QueryType type)
    {
        public TargetKey? First(List<int> indexes, Func<Span, GoSpanKind, QueryType, TargetKey?> read)
        {
            foreach (var index in indexes)
            {
                if (read(trace[index], kinds[index], type) is { } key)
                {
                    return key;
                }
            }

            return null;
        }
    }
}
