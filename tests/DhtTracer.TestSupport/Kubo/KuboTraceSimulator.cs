using System.Text;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>
/// Simulates queries of an unpatched Kubo and writes the spans that go-libp2p-kad-dht would, with its names, attributes, encodings and
/// slips, beside what really happened. The same seed gives the same traces. About 140 spans a query with the default scenario.
/// </summary>
/// <param name="seed">Seed of everything random.</param>
public sealed class KuboTraceSimulator(int seed)
{
    private const ulong Us = 1_000;
    private const ulong Ms = 1_000_000;

    private readonly Random _random = new(seed);
    private ulong _clock = 1_795_337_000_000_000_000;

    /// <summary>Simulates a query.</summary>
    public KuboTrace Simulate(KuboScenario scenario)
    {
        _clock += ((ulong)_random.Next(1, 5_000) * Ms) + (ulong)_random.Next(1_000_000);
        var node = KuboNetwork.PeerId(_random).ToString();
        var target = scenario.Operation == KuboOperation.FindPeer && scenario.Exists ? KuboNetwork.Peer(_random, scenario) : null;
        var (key, text) = Key(scenario, target);
        var spans = new KuboSpans(_random, scenario.ResourceTellsNode ? node : null);
        var root = spans.NewId();
        var truth = new KuboTruth
        {
            Root = root,
            Node = node,
            Key = key,
            KeyText = text,
            StartUnixNano = _clock,
        };
        var providers = Enumerable.Range(0, 4).Select(_ => KuboNetwork.Peer(_random, scenario)).ToList();
        var messages = new KuboMessages(spans, _random, scenario, truth, target, providers);
        var lookup = new KuboLookup(spans, _random, scenario, new KuboNetwork(_random, scenario, key, target), truth, messages);

        var above = scenario.Dual || scenario.Operation == KuboOperation.Refresh ? spans.NewId() : default;
        var end = new KuboMethod(spans, _random, scenario, truth, messages, lookup, text, above).Run();
        truth.DurationNs = (long)(end - truth.StartUnixNano);

        // A refresh makes many lookups: each is an operation of its own.
        var operation = above.IsZero || scenario.Operation == KuboOperation.Refresh ? root : above;
        SpanId? lan = null;
        if (scenario.Operation == KuboOperation.Refresh)
        {
            spans.Add(
                above,
                default,
                "KademliaDHT.RefreshManager.refreshCpl",
                truth.StartUnixNano - (20 * Us),
                end + (9 * Us),
                [("cpl", 3)]
            );
        }
        else if (scenario.Dual)
        {
            lan = Lan(spans, truth, above);
            spans.Add(
                above,
                default,
                KuboMethod.Name("Dual", scenario.Operation),
                truth.StartUnixNano - (50 * Us),
                end + (40 * Us),
                KuboMethod.Attributes(scenario.Operation, text),
                events: [KuboSpans.Event(end + (20 * Us), "wan finished")]
            );
        }

        _clock = end;
        return new KuboTrace([.. spans.Spans.OrderBy(static span => span.EndUnixNano)], truth, lan, operation);
    }

    /// <summary>Simulates a stream of queries of all kinds, as a busy node makes them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="population">The peers that they meet; null for new ones each.</param>
    public IEnumerable<KuboTrace> Simulate(int count, KuboPopulation? population = null)
    {
        KuboOperation[] mix =
        [
            KuboOperation.FindProviders,
            KuboOperation.FindPeer,
            KuboOperation.GetClosestPeers,
            KuboOperation.Provide,
            KuboOperation.GetValue,
        ];
        for (var i = 0; i < count; i++)
        {
            yield return Simulate(
                new KuboScenario
                {
                    Operation = mix[_random.Next(mix.Length)],
                    Exists = _random.Next(4) > 0,
                    Population = population,
                }
            );
        }
    }

    /// <summary>The LAN lookup of a node without LAN peers: an empty table stops it at RunQuery.</summary>
    private static SpanId Lan(KuboSpans spans, KuboTruth truth, SpanId above)
    {
        var (root, lookup, run) = (spans.NewId(), spans.NewId(), spans.NewId());
        var start = truth.StartUnixNano + (15 * Us);
        var target = ("Target", (AttributeValue)KuboSpans.Key(truth.Key));
        spans.Add(run, lookup, "KademliaDHT.IpfsDHT.RunQuery", start + (25 * Us), start + (60 * Us));
        spans.Add(
            lookup,
            root,
            "KademliaDHT.IpfsDHT.RunLookupWithFollowup",
            start + (20 * Us),
            start + (80 * Us),
            [target],
            "failed to find any peer in table"
        );
        spans.Add(root, above, "IpfsDHT.FindPeer", start, start + (95 * Us), [("key", truth.KeyText)], "failed to find any peer in table");
        return root;
    }

    private (byte[] Key, string Text) Key(KuboScenario scenario, KuboPeer? target)
    {
        switch (scenario.Operation)
        {
            case KuboOperation.FindPeer:
                var peer = target is null ? KuboNetwork.PeerId(_random) : PeerId.Parse(target.Id);
                return (peer.Bytes.ToArray(), peer.ToString());
            case KuboOperation.FindProviders or KuboOperation.Provide:
                var content = new byte[24];
                _random.NextBytes(content);
                var cid = Cid.CreateV1(Cid.DagPb, Multihash.OfSha256(content));
                return (cid.Multihash.Bytes.ToArray(), cid.ToString());
            case KuboOperation.GetValue or KuboOperation.PutValue:
                var name = RecordKey.ForIpns(KuboNetwork.PeerId(_random));
                return (name, Multibase.Encode(MultibaseEncoding.Base64Url, name));
            default:
                var bytes = Encoding.UTF8.GetBytes($"simulated key {_random.Next()}");
                return (bytes, Encoding.UTF8.GetString(bytes));
        }
    }
}
