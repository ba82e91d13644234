using System.Security.Cryptography;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>How many results a query has, and when its final answer was first known, by the definitions and from the answers
/// alone.</summary>
/// <param name="truth">What happened.</param>
/// <param name="target">SHA-256 of the key.</param>
internal sealed class ExpectedResults(QueryWitness truth, byte[] target)
{
    private const int DefaultProviders = 20;

    private IEnumerable<RequestFacts> Answers => truth.Ended.Where(ExpectedQuery.IsAnswered);

    public int Count() =>
        truth.Query.Type switch
        {
            QueryType.FindPeer => PeerNamed() is null ? 0 : 1,
            QueryType.Ping => Answers.Any() ? 1 : 0,
            QueryType.GetProviders => Providers().Count,
            QueryType.GetValue => Values().Count,
            QueryType.GetClosestPeers => Closest(MessageType.FindNode).Count,
            QueryType.AddProvider => Answers.Count(request => request.Type == MessageType.AddProvider),
            _ => Answers.Count(request => request.Type == MessageType.PutValue && request.Answer?.Record is not null),
        };

    public long? DiscoveryNs() =>
        Count() == 0
            ? null
            : truth.Query.Type switch
            {
                QueryType.FindPeer => PeerNamed(),
                QueryType.Ping => Answers.First().EndNs,
                QueryType.GetProviders => Providers().Values.Max(),
                QueryType.GetValue => Values()
                    .Where(found => found.Value.SequenceEqual(Values().MaxBy(other => other.Value, Bytes).Value))
                    .Min(found => found.AtNs),
                _ => Closest(MessageType.FindNode).Max(peer => peer.HeardNs),
            };

    private static Comparer<byte[]> Bytes { get; } = Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    // The first answer that names the peer with an address, or comes from the peer itself.
    private long? PeerNamed() =>
        Answers
            .FirstOrDefault(request =>
                KeyIs(request.Peer.Peer.Id) || request.Answer!.CloserPeers.Any(peer => KeyIs(peer.Id) && peer.Addresses.Count > 0)
            )
            ?.EndNs;

    private bool KeyIs(PeerId peer) => peer.Bytes.SequenceEqual(truth.Query.Key.Span);

    private Dictionary<PeerId, long> Providers()
    {
        var found = new Dictionary<PeerId, long>();
        foreach (
            var (provider, at) in Answers.SelectMany(request =>
                request.Answer!.ProviderPeers.Select(provider => (provider.Id, request.EndNs!.Value))
            )
        )
        {
            if (found.Count < DefaultProviders)
            {
                found.TryAdd(provider, at);
            }
        }

        return found;
    }

    // The rule of the test namespace: whatever is not empty and does not say that it is bad.
    private List<(byte[] Value, long AtNs)> Values() =>
        [
            .. truth.Local,
            .. Answers
                .Where(request => request.Answer?.Record is not null && request.Type == MessageType.GetValue)
                .Select(request => (Value: request.Answer!.Record!.Value.ToArray(), request.EndNs!.Value))
                .Where(found => found.Value.Length > 0 && !found.Value.AsSpan().StartsWith("bad"u8)),
        ];

    private List<PeerFacts> Closest(MessageType type) =>
        [
            .. truth
                .Peers.Where(peer => peer.Requests.Exists(request => request.Type == type && ExpectedQuery.IsAnswered(request)))
                .OrderBy(peer => SHA256.HashData(peer.Peer.Id.Bytes).Zip(target, (x, y) => (byte)(x ^ y)).ToArray(), Bytes)
                .Take(truth.Query.Parameters.K),
        ];
}
