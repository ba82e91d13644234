using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Queries;

/// <summary>add-provider and put-value: find the K closest peers, then send each of them the message.</summary>
internal sealed class StoreGoal(KadMessage message) : ClosestPeersGoal
{
    private readonly List<LookupPeer> _taken = [];
    private List<LookupPeer> _closest = [];

    public override bool SendsAgain => true;

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        if (type == message.Type && Accepts(answer))
        {
            _taken.Add(peer);
            run.ReportResult(peer, peer.Text);
        }

        return default;
    }

    public override async Task AfterLookupAsync(QueryRun run)
    {
        _closest = Closest(run);
        await run.SendAsync(_closest, message, this);
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _taken.Count,
            DiscoveredAt = FirstKnown(_closest),
            Peers = [.. _taken.Select(peer => new KadPeer(peer.Id, peer.Addresses))],
            NothingFound = _closest.Count == 0 ? "nobody answered" : $"none of the {_closest.Count} closest peers took it",
            NothingIsFailure = true,
        };

    // A peer that stores a value echoes the request. A different answer means that it did not store this value.
    private bool Accepts(KadMessage? answer) =>
        message.Record is null || (answer?.Record is { } record && record.Value.Span.SequenceEqual(message.Record.Value.Span));
}
