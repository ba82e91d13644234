using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Records;

namespace DhtTracer.Kademlia.Queries;

/// <summary>
/// get-value: collects valid records up to the quorum and keeps the best. Afterwards it sends the best to the peers that returned a worse
/// or an invalid one. The node's own record counts as the first, as in go-libp2p-kad-dht and rust-libp2p.
/// </summary>
/// <param name="key">The record key.</param>
/// <param name="validator">Validates records.</param>
/// <param name="quorum">Number of valid records wanted; 0 for all that the lookup finds.</param>
/// <param name="store">The node's own records.</param>
internal sealed class GetValueGoal(ReadOnlyMemory<byte> key, RecordValidator validator, int quorum, ValueStore store) : QueryGoal
{
    private readonly List<(LookupPeer Peer, ReadOnlyMemory<byte>? Valid)> _holders = [];
    private ReadOnlyMemory<byte>? _best;
    private DateTimeOffset? _bestAt;
    private ReadOnlyMemory<byte>? _local;
    private int _valid;

    public override bool SendsAgain => true;

    public override bool Begin(QueryRun run)
    {
        if (store.Get(key.Span) is not { } record)
        {
            return false;
        }

        _local = record.Value;
        _best = record.Value;
        _bestAt = run.ReportLocalResult(Shown(record));
        return ++_valid == quorum;
    }

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        if (type != MessageType.GetValue || answer?.Record is not { } record)
        {
            return default;
        }

        if (!record.Key.Span.SequenceEqual(key.Span) || validator.Validate(key.Span, record.Value.Span) is not null)
        {
            _holders.Add((peer, null));
            return new GoalProgress(Reached: false, RecordValid: false);
        }

        _valid++;
        _holders.Add((peer, record.Value));
        if (_best is not { } best || validator.Compare(key.Span, record.Value.Span, best.Span) > 0)
        {
            _best = record.Value;
            _bestAt = peer.DoneAt;
        }

        run.ReportResult(peer, Shown(record));
        return new GoalProgress(quorum > 0 && _valid >= quorum, RecordValid: true);
    }

    public override async Task AfterLookupAsync(QueryRun run)
    {
        if (_best is not { } best)
        {
            return;
        }

        if (_local is { } local && validator.Compare(key.Span, best.Span, local.Span) > 0)
        {
            store.Put(key.Span, best.Span);
        }

        var outdated = _holders
            .Where(holder => holder.Valid is not { } value || validator.Compare(key.Span, best.Span, value.Span) > 0)
            .Select(holder => holder.Peer);
        var correction = new KadMessage
        {
            Type = MessageType.PutValue,
            Key = key,
            Record = new KadRecord(key, best),
        };
        await run.SendAsync([.. outdated], correction, this);
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _valid,
            HasLocalResult = _local is not null,
            DiscoveredAt = _bestAt,
            Peers = _best is not { } best
                ? []
                :
                [
                    .. _holders
                        .Where(holder => holder.Valid is { } value && value.Span.SequenceEqual(best.Span))
                        .Select(holder => new KadPeer(holder.Peer.Id, holder.Peer.Addresses)),
                ],
            Value = _best,
            NothingFound = "no answer held a valid record",
        };

    private static string Shown(KadRecord record) => Convert.ToHexStringLower(record.Value.Span[..Math.Min(64, record.Value.Length)]);
}
