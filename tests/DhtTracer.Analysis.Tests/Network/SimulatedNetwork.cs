using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Network;

/// <summary>A network of random ids whose truth is known: every lookup finds exactly the closest ones.</summary>
internal sealed class SimulatedNetwork
{
    private readonly Random _random;
    private readonly SortedSet<ulong> _ids = [];
    private ulong[] _sorted = [];
    private int _lookups;

    public SimulatedNetwork(int peers, int seed)
    {
        _random = new Random(seed);
        while (_ids.Count < peers)
        {
            _ids.Add(Position());
        }
    }

    /// <summary>A random position.</summary>
    public ulong Position() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);

    /// <summary>Adds peers whose ids share the first bits of a key.</summary>
    public void Plant(ulong key, int bits, int peers)
    {
        var block = ulong.MaxValue >> bits;
        for (var planted = 0; planted < peers; planted += _ids.Add((key & ~block) | (Position() & block)) ? 1 : 0) { }

        _sorted = [];
    }

    /// <summary>An honest lookup.</summary>
    public ObservedLookup Lookup(ulong key, ulong start = 0) => Lookup(key, Nearest(key, 20), start);

    /// <summary>A lookup with this result.</summary>
    public ObservedLookup Lookup(ulong key, IEnumerable<ulong> closest, ulong start = 0) =>
        new()
        {
            Query = new QueryId(new TraceId(1, (ulong)++_lookups), new SpanId(1)),
            StartUnixNano = start,
            Key = key,
            Closest = [.. closest.OrderBy(id => id ^ key)],
        };

    /// <summary>The closest ids, nearest first.</summary>
    public ImmutableArray<ulong> Nearest(ulong key, int count)
    {
        if (_sorted.Length != _ids.Count)
        {
            _sorted = [.. _ids];
        }

        // Peers that share b bits with the key lie in one stretch; the smallest one with enough of them holds the closest.
        for (var bits = 40; ; bits--)
        {
            var block = bits == 0 ? ulong.MaxValue : ulong.MaxValue >> bits;
            var (first, last) = (At(key & ~block), key > ulong.MaxValue - 1 ? _sorted.Length : AfterBlock(key | block));
            if (last - first >= count || bits == 0)
            {
                return [.. _sorted[first..last].OrderBy(id => id ^ key).Take(count)];
            }
        }
    }

    private int AfterBlock(ulong end) => end == ulong.MaxValue ? _sorted.Length : At(end + 1);

    private int At(ulong position)
    {
        var at = Array.BinarySearch(_sorted, position);
        return at < 0 ? ~at : at;
    }
}
