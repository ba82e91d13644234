using System.Globalization;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Lint;

/// <summary>Peers that answer with the neighbours of their own id, whatever the key is.</summary>
internal static class OwnNeighbours
{
    private const int FewestNamed = 10;

    /// <summary>A node with a bucket for the key's side knows at least one of so many peers there.</summary>
    private const int FewestNearer = 10;

    public static LintRule Rule { get; } =
        new(8, LintSeverity.Error, "A peer names only peers nearer to itself", Check)
        {
            What =
                "An answer named 10 peers or more, each of them nearer to the answering peer than to the key, although the lookup heard "
                + "of 10 peers or more that are nearer to the key than the answering peer is.",
            Why =
                "A node has a bucket for each part of the key space, so it should know some peer on the key's side. One that names only "
                + "its own neighbours leads the lookup in a circle: it answers for its own id, its table is stale, or it is part of an "
                + "attempt to surround a key.",
            Speaks =
                "Sources that hold the key and whom the answers named: native, js-libp2p, litep2p, go-libp2p-kad-dht except get-providers.",
            Cases =
            [
                new(
                    "js-libp2p left out peers that are not nearer than the node that answers; it now names the closest it knows",
                    "https://github.com/libp2p/js-libp2p/pull/3182"
                ),
            ],
        };

    /// <summary>Whether an answer names only peers on the answering peer's side of the key space.</summary>
    public static bool IsOnlyOfOwn(LintSubject subject, QueryPeer peer, PeerRequest request)
    {
        if (
            request.Named.IsDefault
            || request.Named.Length < FewestNamed
            || !TryKadId(subject.Query.Key?.KadId, out var target)
            || PeerText.KadId(peer.Id) is not { } own
        )
        {
            return false;
        }

        var shared = own.CommonPrefixLength(target);
        return request.Named.All(id => PeerText.KadId(id) is { } named && named.CommonPrefixLength(own) > shared)
            && subject.Query.Peers.Count(other => PeerText.KadId(other.Id) is { } id && id.CommonPrefixLength(target) > shared)
                >= FewestNearer;
    }

    private static LintVerdict Check(LintSubject subject)
    {
        if (!subject.Answers.Any())
        {
            return LintVerdict.Clean;
        }

        if (subject.Query.Key is null)
        {
            return LintVerdict.Silent("the trace does not hold the key");
        }

        if (subject.Answers.All(static answer => answer.Request.Named.IsDefault))
        {
            return LintVerdict.Silent("the trace does not hold whom its answers named");
        }

        var found = subject.Answers.Where(answer => IsOnlyOfOwn(subject, answer.Peer, answer.Request)).ToList();
        return found.Count == 0
            ? LintVerdict.Clean
            : LintVerdict.Found(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{LintSubject.Count(found.Count, "answer")} named only peers nearer to the answering peer than to the key, "
                        + $"{found.Sum(static answer => answer.Request.Named.Length)} in all."
                ),
                found.Select(static answer => new LintEvidence(answer.Peer.Id, answer.Request.StartNs, answer.Request.EndNs))
            );
    }

    private static bool TryKadId(string? hex, out KadId id)
    {
        Span<byte> bytes = stackalloc byte[32];
        var isId = hex is { Length: 64 } && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        id = isId ? KadId.FromBytes(bytes) : default;
        return isId;
    }
}
