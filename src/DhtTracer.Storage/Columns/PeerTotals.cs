using System.Runtime.InteropServices;

namespace DhtTracer.Storage.Columns;

/// <summary>Sums of some columns for every peer.</summary>
/// <param name="columns">The columns. An unknown value adds nothing; the sum of only unknown ones is unknown.</param>
internal sealed class PeerTotals(params PeerColumn[] columns)
{
    // Numbers of peers are given one after another, so an array finds places fastest; a number out of its bounds is found all the same.
    private const int MostDirect = 1 << 24;

    private readonly Dictionary<long, int> _farPlaces = [];
    private readonly List<long> _peers = [];
    private readonly List<long>[] _sums = [.. columns.Select(static _ => new List<long>())];
    private int[] _places = new int[4096];
    private int[] _blockPlaces = [];

    /// <summary>Number of peers.</summary>
    public int Count => _peers.Count;

    /// <summary>Number of the peer at a place.</summary>
    public long Peer(int place) => _peers[place];

    /// <summary>The place of a peer; -1 when there is none.</summary>
    public int Place(long peer) =>
        (ulong)peer < (ulong)_places.Length ? _places[peer] - 1
        : (ulong)peer < MostDirect ? -1
        : _farPlaces.GetValueOrDefault(peer, -1);

    /// <summary>The sum of a column for the peer at a place; null when it is unknown.</summary>
    public long? Sum(PeerColumn column, int place) =>
        _sums[Array.IndexOf(columns, column)][place] is var sum && sum != ColumnCodec.Unknown ? sum : null;

    /// <summary>Whether no peer of the list can change by being heard of once more: it is in, and none of its sums is unknown.</summary>
    public bool IsSettled(long peer)
    {
        var place = Place(peer);
        if (place < 0)
        {
            return false;
        }

        foreach (var sums in _sums)
        {
            if (sums[place] == ColumnCodec.Unknown)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds stored sums.</summary>
    public void Add(PeerBlock block)
    {
        AddPeers(block.Read(PeerColumn.Peer));
        for (var column = 0; column < columns.Length; column++)
        {
            AddColumn(column, block.Read(columns[column]));
        }
    }

    /// <summary>Adds sums over facts.</summary>
    public void Add(PeerSums sums)
    {
        AddPeers(CollectionsMarshal.AsSpan(sums[PeerColumn.Peer]));
        for (var column = 0; column < columns.Length; column++)
        {
            AddColumn(column, CollectionsMarshal.AsSpan(sums[columns[column]]));
        }
    }

    private void AddPeers(ReadOnlySpan<long> peers)
    {
        if (_blockPlaces.Length < peers.Length)
        {
            _blockPlaces = new int[peers.Length * 2];
        }

        for (var i = 0; i < peers.Length; i++)
        {
            var place = Place(peers[i]);
            if (place < 0)
            {
                place = _peers.Count;
                Put(peers[i], place);
                _peers.Add(peers[i]);
                foreach (var sums in _sums)
                {
                    sums.Add(ColumnCodec.Unknown);
                }
            }

            _blockPlaces[i] = place;
        }
    }

    private void Put(long peer, int place)
    {
        if ((ulong)peer >= MostDirect)
        {
            _farPlaces.Add(peer, place);
            return;
        }

        if (peer >= _places.Length)
        {
            Array.Resize(ref _places, (int)Math.Min(MostDirect, Math.Max(peer + 1, _places.Length * 2L)));
        }

        _places[peer] = place + 1;
    }

    private void AddColumn(int column, ReadOnlySpan<long> values)
    {
        var sums = CollectionsMarshal.AsSpan(_sums[column]);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] != ColumnCodec.Unknown)
            {
                ref var sum = ref sums[_blockPlaces[i]];
                sum = values[i] + (sum == ColumnCodec.Unknown ? 0 : sum);
            }
        }
    }
}
