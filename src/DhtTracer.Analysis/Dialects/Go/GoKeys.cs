using System.Text;
using System.Text.Unicode;
using DhtTracer.Multiformats;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>
/// The key of a query of go-libp2p-kad-dht, which stands in one trace in up to four encodings: CID text, multibase, peer id, hex.
/// What the caller wrote comes first, since it alone keeps a CID's own form.
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

    /// <summary>Of GetPublicKey: the record of a peer's public key.</summary>
    private static TargetKey? OfPublicKey(string peer) =>
        PeerId.TryParse(peer, out var id) ? TargetKey.OfBytes([.. "/pk/"u8, .. id.Bytes], QueryType.GetValue) : null;

    /// <summary>Of ProvideMany: several keys at once are no one key.</summary>
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
            // The target's bytes, whatever they are, rendered as a peer id.
            MessageType.FindNode => Base58.Decode(key, out var bytes) == MultiformatError.None ? TargetKey.OfBytes(bytes, type) : null,
            MessageType.GetProviders or MessageType.AddProvider => Multibase.Decode("f" + key, out var multihash, out _)
            == MultiformatError.None
                ? TargetKey.OfBytes(multihash, type)
                : OfText(key, type),
            _ => OfText(key, type),
        };
    }

    /// <summary>The bytes as text when they are UTF-8, else multibase base58.</summary>
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
