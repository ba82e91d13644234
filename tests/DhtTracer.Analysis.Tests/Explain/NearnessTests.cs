using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Tests.Explain;

/// <summary>The fast count of useless answers against its definition, word by word, on random queries with ties, gaps and
/// contradictions.</summary>
public class NearnessTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Is_the_same_as_looking_at_every_peer_for_every_answer(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var query = RandomQuery(random);
            Assert.Equal(ByDefinition(query), RequestUse.Of(query).NoneNearer);
        }
    }

    // Answers that named no peer nearer than the nearest of all others known by then. Without readable ids a distance is its bit length.
    private static int ByDefinition(Query query) =>
        query.Peers.Sum(namer =>
            namer.Requests.Count(request =>
            {
                var end = request.StartNs + request.DurationNs!.Value;
                bool IsNamed(QueryPeer peer) =>
                    peer.Referrer == namer.Id
                    && (request.Named.IsDefault ? peer.HeardNs > request.StartNs && peer.HeardNs <= end : request.Named.Contains(peer.Id));
                var named = query.Peers.Where(IsNamed).Select(peer => peer.Xor!.Value).ToList();
                var known = query.Peers.Where(peer => !IsNamed(peer) && peer.HeardNs <= end).Select(peer => peer.Xor!.Value).ToList();
                return named.Count == 0 || (known.Count > 0 && named.Min() >= known.Min());
            })
        );

    private static Query RandomQuery(Random random)
    {
        var count = random.Next(2, 25);
        var peers = new List<QueryPeer>();
        for (var i = 0; i < count; i++)
        {
            var start = random.Next(0, 50);
            peers.Add(
                new QueryPeer
                {
                    Id = $"peer-{i}",
                    Xor = random.Next(230, 240),
                    Referrer = random.Next(4) == 0 ? null : $"peer-{random.Next(count)}",
                    HeardNs = random.Next(6) == 0 ? null : random.Next(0, 60),
                    State = PeerState.Answered,
                    Requests =
                    [
                        new PeerRequest
                        {
                            Type = MessageType.FindNode,
                            StartNs = start,
                            DurationNs = random.Next(1, 20),
                            Outcome = RequestOutcome.Answered,
                            Returned = 2,
                            New = 1,
                            Named =
                                random.Next(2) == 0
                                    ? default
                                    : ImmutableArray.Create($"peer-{random.Next(count)}", $"peer-{random.Next(count)}"),
                        },
                    ],
                }
            );
        }

        return new QueryBuilder().End(100, null) with
        {
            Key = new QueryKey("key", "00", "not hex"),
            Peers = [.. peers],
        };
    }
}
