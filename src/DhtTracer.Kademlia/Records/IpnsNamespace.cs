using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Records;

/// <summary>
/// Keys of <c>/ipns/</c> and a peer id. A record must be signed by that peer's key and not expired; the higher sequence is better.
/// </summary>
public sealed class IpnsNamespace(TimeProvider time) : IRecordNamespace
{
    /// <inheritdoc/>
    public string Name => "ipns";

    /// <inheritdoc/>
    public string? Validate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!RecordKey.TryParseIpns(key, out var name))
        {
            return "the bytes after /ipns/ are not a peer id";
        }

        if (IpnsRecord.TryRead(name, value, out var record) is { } wrong)
        {
            return wrong;
        }

        return record!.ValidUntil <= time.GetUtcNow() ? $"the record expired at {record.ValidUntil:u}" : null;
    }

    /// <inheritdoc/>
    public int Compare(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (
            !RecordKey.TryParseIpns(key, out var name)
            || IpnsRecord.TryRead(name, first, out var one) is not null
            || IpnsRecord.TryRead(name, second, out var other) is not null
        )
        {
            return 0;
        }

        var order = one!.Sequence.CompareTo(other!.Sequence);
        if (order == 0)
        {
            order = one.ValidUntil.CompareTo(other.ValidUntil);
        }

        // Both are equally new, but all nodes must choose the same one.
        return order == 0 ? first.SequenceCompareTo(second) : order;
    }
}
