using DhtTracer.Multiformats;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>How a simulated peer behaves.</summary>
internal enum KuboBehaviour
{
    Answers,
    Dead,
    Mute,
}

/// <summary>A simulated peer; its rank is its place by distance to the target, 0 for the closest.</summary>
internal sealed class KuboPeer(string id, KadId kadId, KuboBehaviour behaviour, bool connected, string addresses)
{
    public string Id { get; } = id;

    public KadId KadId { get; } = kadId;

    public KuboBehaviour Behaviour { get; } = behaviour;

    public bool Connected { get; } = connected;

    /// <summary>As Go prints an AddrInfo.</summary>
    public string AddrInfo { get; } = $"{{{id}: [{addresses}]}}";

    public int Rank { get; set; }
}

/// <summary>Peers that many queries meet, as in a real network. Not for two queries at once: a peer keeps its rank by distance.</summary>
public sealed class KuboPopulation(int seed, int size)
{
    private readonly List<KuboPeer> _peers = Make(new Random(seed), size);

    internal List<KuboPeer> Peers() => [.. _peers];

    private static List<KuboPeer> Make(Random random, int size) =>
        [.. Enumerable.Range(0, size).Select(_ => KuboNetwork.Peer(random, new KuboScenario()))];
}

/// <summary>
/// A simulated network around one target. A peer of rank r knows peers of ranks around r/5, so a lookup comes closer by a factor of five
/// with each hop, as in a network whose routing tables are full.
/// </summary>
internal sealed class KuboNetwork
{
    private readonly List<KuboPeer> _byDistance;
    private readonly Random _random;

    public KuboNetwork(Random random, KuboScenario scenario, byte[] target, KuboPeer? targetPeer)
    {
        _random = random;
        var at = KadId.Of(target);
        _byDistance = scenario.Population?.Peers() ?? [.. Enumerable.Range(0, scenario.NetworkSize).Select(_ => Peer(random, scenario))];
        if (targetPeer is not null)
        {
            _byDistance.Add(targetPeer);
        }

        _byDistance.Sort((left, right) => at.CompareDistance(left.KadId, right.KadId));
        for (var i = 0; i < _byDistance.Count; i++)
        {
            _byDistance[i].Rank = i;
        }
    }

    public static KuboPeer Peer(Random random, KuboScenario scenario)
    {
        var id = PeerId(random);
        var fate = random.NextDouble();
        var connected = random.NextDouble() < scenario.ConnectedShare;
        var behaviour =
            connected ? KuboBehaviour.Answers
            : fate < scenario.DeadShare ? KuboBehaviour.Dead
            : fate < scenario.DeadShare + scenario.MuteShare ? KuboBehaviour.Mute
            : KuboBehaviour.Answers;

        // One in twelve is named without an address.
        var count = random.Next(12) == 0 ? 0 : 1 + random.Next(scenario.Addresses);
        var addresses = string.Join(
            ' ',
            Enumerable
                .Range(0, count)
                .Select(index =>
                {
                    var ip = $"/ip4/{random.Next(1, 224)}.{random.Next(256)}.{random.Next(256)}.{random.Next(1, 255)}";
                    return index % 2 == 0 ? $"{ip}/tcp/4001" : $"{ip}/udp/4001/quic-v1";
                })
        );
        return new KuboPeer(id.ToString(), KadId.Of(id), behaviour, connected, addresses);
    }

    public static PeerId PeerId(Random random)
    {
        var key = new byte[36];
        random.NextBytes(key);
        ((ReadOnlySpan<byte>)[0x08, 0x01, 0x12, 0x20]).CopyTo(key);
        return Multiformats.PeerId.FromPublicKeyProtobuf(key);
    }

    /// <summary>Peers of a routing table: far from the target, as most of a table is.</summary>
    public List<KuboPeer> Seeds(int count)
    {
        var seeds = new HashSet<KuboPeer>();
        while (seeds.Count < count)
        {
            seeds.Add(_byDistance[_random.Next(_byDistance.Count / 10, _byDistance.Count)]);
        }

        return [.. seeds.OrderBy(static peer => peer.Rank)];
    }

    /// <summary>The up to 20 peers that a peer answers with.</summary>
    public List<KuboPeer> Answer(KuboPeer of)
    {
        var from = of.Rank / 5;
        var window = _byDistance.Skip(Math.Max(0, from - 4)).Take(32).Where(peer => peer != of).ToList();
        while (window.Count > 20)
        {
            window.RemoveAt(_random.Next(window.Count));
        }

        return window;
    }
}
