using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>The <c>ProtocolMessenger</c> spans of one lookup.</summary>
internal sealed class KuboMessages(
    KuboSpans spans,
    Random random,
    KuboScenario scenario,
    KuboTruth truth,
    KuboPeer? target,
    IReadOnlyList<KuboPeer> providers
)
{
    private readonly bool _getsProviders = scenario.Operation == KuboOperation.FindProviders;
    private readonly bool _getsValue = scenario.Operation == KuboOperation.GetValue;

    public string Name =>
        _getsProviders ? "GET_PROVIDERS"
        : _getsValue ? "GET_VALUE"
        : "FIND_NODE";

    /// <summary>Whether the spans of the answers list closer peers: those of GetProviders hold the providers in their place.</summary>
    public bool NamesPeers => !_getsProviders;

    /// <summary>When each provider was handed out, for the events of the method.</summary>
    public List<(string Peer, string From, ulong At)> Found { get; } = [];

    public void Failed(KuboPeer peer, SpanId parent, ulong start, ulong end, string error) =>
        spans.Add(spans.NewId(), parent, SpanName(), start, end, Attributes(peer), error);

    /// <summary>Writes an answered request. True when its span lists the peers that the answer named.</summary>
    public bool Answered(KuboPeer peer, SpanId parent, ulong start, ulong end, List<KuboPeer> named, KuboRequestTruth request)
    {
        var attributes = Attributes(peer);
        if (_getsProviders)
        {
            // The peers nearest to the key hold the records.
            var held = scenario.Exists && peer.Rank < 60 ? providers.Where(_ => random.Next(3) > 0).ToList() : [];
            request.Providers = held.Count;
            attributes.Add(("provs", KuboSpans.Texts(held.Select(static provider => provider.AddrInfo))));
            attributes.Add(("closestPeers", KuboSpans.Texts(held.Select(static provider => provider.AddrInfo))));
            foreach (var provider in held.Where(provider => truth.Providers.Add(provider.Id)))
            {
                Found.Add((provider.Id, peer.Id, end));
            }
        }
        else
        {
            var texts = named.ConvertAll(static other => other.AddrInfo);
            if (random.NextDouble() < scenario.NamesNodeShare)
            {
                texts.Insert(random.Next(texts.Count + 1), $"{{{truth.Node}: []}}");
            }

            if (_getsValue)
            {
                var held = scenario.Exists && peer.Rank < 30;
                truth.Records += held ? 1 : 0;
                attributes.Add(("record", held ? "key:\"...\" value:\"simulated\"" : "<nil>"));

                // Only a value that is better than the last one is handed out, and all of these are the same.
                if (held && Found.Count == 0)
                {
                    Found.Add((peer.Id, peer.Id, end));
                }
            }

            attributes.Add((_getsValue ? "closestPeers" : "peers", KuboSpans.Texts(texts)));
        }

        spans.Add(spans.NewId(), parent, SpanName(), start, end, attributes);
        return NamesPeers;
    }

    /// <summary>Whether a FindPeer can stop: an answer named the peer looked for.</summary>
    public bool IsFound(List<KuboPeer> named) =>
        scenario.Operation == KuboOperation.FindPeer && target is not null && named.Contains(target);

    private string SpanName() =>
        "KademliaDHT.ProtocolMessenger."
        + (
            _getsProviders ? "GetProviders"
            : _getsValue ? "GetValue"
            : "GetClosestPeers"
        );

    private List<(string Key, AttributeValue Value)> Attributes(KuboPeer peer) =>
        [
            ("to", peer.Id),
            (
                "key",
                _getsProviders ? Convert.ToHexStringLower(truth.Key)
                : _getsValue ? KuboSpans.Key(truth.Key)
                : Base58.Encode(truth.Key)
            ),
        ];
}
