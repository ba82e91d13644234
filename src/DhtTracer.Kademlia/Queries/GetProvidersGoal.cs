using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Queries;

/// <summary>get-providers: ends when enough distinct providers are known.</summary>
/// <param name="wanted">How many; 0 for all that the lookup finds.</param>
internal sealed class GetProvidersGoal(int wanted) : QueryGoal
{
    // A dishonest peer can name a thousand providers in each answer, so even "all" has a limit.
    private const int Limit = 10_000;

    private readonly Dictionary<PeerId, KadPeer> _providers = [];
    private DateTimeOffset? _lastFoundAt;

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        foreach (var provider in answer?.ProviderPeers ?? [])
        {
            if (IsFull)
            {
                break;
            }

            if (_providers.TryAdd(provider.Id, provider))
            {
                _lastFoundAt = peer.DoneAt;
                run.ReportResult(peer, provider.Id.ToString());
            }
            else if (_providers[provider.Id].Addresses.Count == 0)
            {
                _providers[provider.Id] = provider;
            }
        }

        return new GoalProgress(IsFull);
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _providers.Count,
            DiscoveredAt = _lastFoundAt,
            Peers = [.. _providers.Values],
            NothingFound = "no answer named a provider",
        };

    private bool IsFull => _providers.Count >= (wanted == 0 ? Limit : Math.Min(wanted, Limit));
}
