using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Lint;

/// <summary>Each rule on a simulated lookup that breaks it, and on the same lookup without the fault.</summary>
public class SimulatedLintTests
{
    private static readonly SimulatedNetwork Network = new(seed: 31, size: 150);
    private static readonly SimulatedNetwork Large = new(seed: 34, size: 600);

    [Fact]
    public void A_lookup_by_the_rules_on_a_network_without_faults_breaks_none()
    {
        foreach (var type in new[] { QueryType.FindPeer, QueryType.GetProviders })
        {
            for (var seed = 0; seed < 20; seed++)
            {
                var lint = QueryLint.Of(Run(Network, LookupSimulator.NewLookup(Network, type, seed)));

                Assert.Empty(lint.Findings);
                Assert.Empty(lint.Silent);
            }
        }
    }

    [Fact]
    public void A_lookup_that_goes_on_until_20_have_answered_asked_k_where_beta_would_do()
    {
        var lookup = LookupSimulator.NewLookup(Network, QueryType.GetProviders, 1) with { WantedProviders = 99, Providers = 0 };

        Assert.False(Has(Run(Network, lookup), "DHT002"));
        Assert.True(Has(Run(Network, lookup with { Beta = 20 }), "DHT002"));
    }

    [Fact]
    public void A_lookup_with_beta_1_stopped_before_beta()
    {
        var lookups = Enumerable
            .Range(0, 20)
            .Select(static seed => LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, seed) with { Alpha = 1 })
            .ToList();

        Assert.DoesNotContain(lookups, static lookup => Has(Run(Network, lookup), "DHT003"));
        Assert.Contains(lookups, static lookup => Has(Run(Network, lookup with { Beta = 1 }), "DHT003"));
    }

    [Fact]
    public void Dead_peers_of_the_closest_set_are_counted_exactly()
    {
        var network = new SimulatedNetwork(seed: 32, size: 150, new NetworkFaults(Refusing: 0.3));
        var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1);
        var query = Run(network, lookup);
        var heard = query.Peers.Select(peer => network.Peers.FindIndex(one => one.Id == peer.Id)).ToList();
        var refusing = network.Nearest(heard, lookup.Target, 20).Count(peer => network.Peers[peer].Fault == SimulatedFault.Refuses);

        var finding = Find(query, "DHT004");

        Assert.True(refusing > 2);
        Assert.Equal(refusing, finding!.Evidence.Length);
        Assert.StartsWith($"{refusing} of the 20 closest peers heard of failed", finding.Sentence, StringComparison.Ordinal);
        Assert.False(Has(Run(Network, LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, 1)), "DHT004"));
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(12, true)]
    public void A_silent_peer_that_is_waited_for_longer_than_10_s_had_no_limit(int seconds, bool isFound)
    {
        var network = new SimulatedNetwork(seed: 33, size: 150, new NetworkFaults(BlackHoles: 0.2));
        var lookup = LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1) with
        {
            RequestTimeoutNs = seconds * 1_000_000_000L,
            Connected = 1,
        };

        Assert.Equal(isFound, Has(Run(network, lookup), "DHT005"));
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(21, true)]
    public void An_answer_with_more_than_20_peers_is_wrong(int peers, bool isFound)
    {
        var query = WithAnswer(_ => [.. Large.Peers.Take(peers).Select(static peer => peer.Id)]);

        Assert.Equal(isFound, Find(query, "DHT006")?.Sentence.StartsWith("1 answer named more than 20", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void An_answer_about_another_key_is_wrong()
    {
        var query = WithAnswer(target =>
            [.. Large.Nearest(Enumerable.Range(0, 600), Opposite(target), 20).Select(static peer => Large.Peers[peer].Id)]
        );

        Assert.Equal("1 answer of the closest peers named none of the 20 closest known.", Find(query, "DHT006")?.Sentence);
    }

    [Fact]
    public void A_peer_that_answers_with_its_own_neighbours_is_found_and_the_honest_ones_are_not()
    {
        var lookup = LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, 1);
        var honest = Run(Network, lookup);

        // A peer of the other half of the key space, which could name many peers of the key's half.
        var liar = Network.Peers.First(peer =>
            peer.KadId.CommonPrefixLength(lookup.Target) == 0 && honest.Peers.All(heard => heard.Id != peer.Id)
        );
        var neighbours = Network
            .Peers.Where(peer => peer.KadId.CommonPrefixLength(liar.KadId) >= 1)
            .Take(20)
            .Select(static peer => peer.Id);
        var answer = honest.Peers.First(static peer => peer.State == PeerState.Answered).Requests[0] with { Named = [.. neighbours] };
        var query = honest with
        {
            Peers =
            [
                .. honest.Peers,
                new QueryPeer
                {
                    Id = liar.Id,
                    State = PeerState.Answered,
                    Requests = [answer],
                },
            ],
        };

        Assert.Equal(liar.Id, Assert.Single(Find(query, "DHT008")!.Evidence).PeerId);
        Assert.False(Has(honest, "DHT008"));
    }

    [Fact]
    public void A_lookup_that_may_ask_more_at_once_than_its_table_holds_had_too_few_seeds()
    {
        var lookup = LookupSimulator.NewLookup(Network, QueryType.GetClosestPeers, 1);

        Assert.False(Has(Run(Network, lookup with { Alpha = 20 }), "DHT014"));
        Assert.StartsWith(
            "The lookup began with 20 peers of the routing table and may ask 21 at once",
            Find(Run(Network, lookup with { Alpha = 21 }), "DHT014")?.Sentence,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_the_key_rules_on_positions_say_nothing()
    {
        var lookup = LookupSimulator.NewLookup(Network, QueryType.GetProviders, 1) with { WantedProviders = 99, Providers = 0, Beta = 1 };
        var lint = QueryLint.Of(Run(Network, lookup) with { Key = null });

        Assert.Equal(["DHT002", "DHT003", "DHT004", "DHT008"], lint.Silent.Select(static silence => silence.Rule));
        Assert.All(lint.Silent, static silence => Assert.NotEmpty(silence.Reason));
    }

    // The simulator does not write when it stopped choosing peers. A lookup that needs no more than its beta closest ends at that time.
    private static Query Run(SimulatedNetwork network, SimulatedLookup lookup)
    {
        const long reaction = 20_000;
        var query = new LookupSimulator(network).Run(lookup);
        var converged = new LookupSimulator(network).Run(lookup with { K = lookup.Beta }).DurationNs - reaction;
        return query with { TerminatedNs = Math.Min(converged!.Value, query.DurationNs!.Value) };
    }

    // A lookup whose nearest peer answers with other peers.
    private static Query WithAnswer(Func<KadId, string[]> named)
    {
        var lookup = LookupSimulator.NewLookup(Large, QueryType.GetClosestPeers, 1);
        var query = Run(Large, lookup);
        var nearest = Large
            .Nearest(Enumerable.Range(0, Large.Peers.Count), lookup.Target, 20)
            .Select(static peer => Large.Peers[peer].Id)
            .First(id => query.Peers.Any(peer => peer.Id == id && peer.State == PeerState.Answered));
        return query with
        {
            Peers =
            [
                .. query.Peers.Select(peer =>
                    peer.Id != nearest
                        ? peer
                        : peer with
                        {
                            Requests =
                            [
                                peer.Requests[0] with
                                {
                                    Named = [.. named(lookup.Target)],
                                    Returned = named(lookup.Target).Length,
                                },
                            ],
                        }
                ),
            ],
        };
    }

    private static KadId Opposite(KadId id) => KadId.FromBytes([.. id.ToBytes().Select(static value => (byte)~value)]);

    private static bool Has(Query query, string rule) => Find(query, rule) is not null;

    private static LintFinding? Find(Query query, string rule) =>
        QueryLint.Of(query).Findings.FirstOrDefault(finding => finding.Rule == rule);
}
