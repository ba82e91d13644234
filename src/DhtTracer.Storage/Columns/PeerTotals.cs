namespace DhtTracer.Storage.Columns;

/// <summary>Sums of some columns for every peer.</summary>
/// <param name="columns">The columns. An unknown value adds nothing; the sum of only unknown ones is unknown.</param>
internal sealed class PeerTotals(params PeerColumn[] columns)
{
    private readonly Dictionary<long, int> _places = [];
    private readonly List<long> _peers = [];
    private readonly List<long>[] _sums = [.. columns.Select(static _ => new List<long>())];

    /// <summary>Number of peers.</summary>
    public int Count => _peers.Count;

    /// <summary>Number of the peer at a place.</summary>
    public long Peer(int place) => _peers[place];

    /// <summary>The place of a peer; -1 when there is none.</summary>
    public int Place(long peer) => _places.GetValueOrDefault(peer, -1);

    /// <summary>The sum of a column for the peer at a place; null when it is unknown.</summary>
    public long? Sum(PeerColumn column, int place) =>
        _sums[Array.IndexOf(columns, column)][place] is var sum && sum != ColumnCodec.Unknown ? sum : null;

    /// <summary>Adds a block.</summary>
    public void Add(PeerBlock block)
    {
        var peers = block[PeerColumn.Peer];
        var places = new int[peers.Length];
        for (var i = 0; i < peers.Length; i++)
        {
            if (!_places.TryGetValue(peers[i], out places[i]))
            {
                places[i] = _peers.Count;
                _places.Add(peers[i], places[i]);
                _peers.Add(peers[i]);
                foreach (var sums in _sums)
                {
                    sums.Add(ColumnCodec.Unknown);
                }
            }
        }

        for (var column = 0; column < columns.Length; column++)
        {
            var (values, sums) = (block[columns[column]], _sums[column]);
            for (var i = 0; i < places.Length; i++)
            {
                if (values[i] != ColumnCodec.Unknown)
                {
                    sums[places[i]] = values[i] + (sums[places[i]] == ColumnCodec.Unknown ? 0 : sums[places[i]]);
                }
            }
        }
    }
}
