using DhtTracer.Multiformats;

namespace DhtTracer.TestSupport.ArchiveSimulator;

/// <summary>What is wrong with a simulated peer.</summary>
public enum SimulatedFault
{
    None = 0,

    /// <summary>Its dial ends with the dial timeout.</summary>
    Dead = 1,

    /// <summary>Its dial is refused at once.</summary>
    Refuses = 2,

    /// <summary>It connects and never answers: the request timeout.</summary>
    BlackHole = 3,
}

/// <summary>A peer of a simulated network.</summary>
public sealed record SimulatedPeer(string Id, KadId KadId, double RoundTripNs, SimulatedFault Fault, string Agent)
{
    /// <summary>Indices of the peers in its routing table.</summary>
    public List<int> Known { get; } = [];
}

/// <summary>Shares of a simulated network that are faulty.</summary>
public sealed record NetworkFaults(double Dead = 0, double Refusing = 0, double BlackHoles = 0);

/// <summary>A network with known ids, routing tables, latencies and faults; the same for the same seed.</summary>
public sealed class SimulatedNetwork
{
    private const int BucketSize = 20;

    public SimulatedNetwork(int seed, int size, NetworkFaults? faults = null, double medianRoundTripNs = 60e6, double sigma = 0.7)
    {
        var random = new Random(seed);
        var share = faults ?? new NetworkFaults();
        for (var i = 0; i < size; i++)
        {
            Peers.Add(NewPeer(random, share, medianRoundTripNs, sigma));
        }

        for (var i = 0; i < size; i++)
        {
            FillTable(i, random);
        }

        Node = NewPeer(random, new NetworkFaults(), medianRoundTripNs, sigma);
        NodeTable = [.. Enumerable.Range(0, size).Where(_ => random.NextDouble() < Math.Min(1, 60.0 / size))];
    }

    /// <summary>The peers.</summary>
    public List<SimulatedPeer> Peers { get; } = [];

    /// <summary>The querying node, which nobody names.</summary>
    public SimulatedPeer Node { get; }

    /// <summary>Routing table of the querying node.</summary>
    public IReadOnlyList<int> NodeTable { get; }

    /// <summary>The nearest to a key among some peers, nearest first.</summary>
    public List<int> Nearest(IEnumerable<int> among, KadId target, int count)
    {
        var sorted = among.ToList();
        sorted.Sort((x, y) => target.CompareDistance(Peers[x].KadId, Peers[y].KadId));
        return sorted.Count > count ? sorted[..count] : sorted;
    }

    private static SimulatedPeer NewPeer(Random random, NetworkFaults faults, double medianNs, double sigma)
    {
        var multihash = new byte[34];
        random.NextBytes(multihash);
        (multihash[0], multihash[1]) = (0x12, 32);
        if (!PeerId.TryParse(multihash, out var id))
        {
            throw new InvalidOperationException("34 bytes of a SHA-256 multihash are a peer id");
        }

        var u = random.NextDouble();
        var fault =
            u < faults.Dead ? SimulatedFault.Dead
            : u < faults.Dead + faults.Refusing ? SimulatedFault.Refuses
            : u < faults.Dead + faults.Refusing + faults.BlackHoles ? SimulatedFault.BlackHole
            : SimulatedFault.None;
        return new SimulatedPeer(
            id.ToString(),
            KadId.Of(id),
            medianNs * Math.Exp(sigma * Mixture.Normal(random)),
            fault,
            random.Next(2) == 0 ? "kubo/0.36.0" : "js-libp2p/3.3.11"
        );
    }

    // A k-bucket for each common prefix length, full where the network has so many peers.
    private void FillTable(int index, Random random)
    {
        var self = Peers[index];
        foreach (
            var bucket in Enumerable
                .Range(0, Peers.Count)
                .Where(i => i != index)
                .GroupBy(i => self.KadId.CommonPrefixLength(Peers[i].KadId))
        )
        {
            var members = bucket.ToArray();
            random.Shuffle(members);
            self.Known.AddRange(members.Take(BucketSize));
        }
    }
}
