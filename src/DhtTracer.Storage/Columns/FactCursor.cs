namespace DhtTracer.Storage.Columns;

/// <summary>Walks over the facts of one group of a block, peer by peer. Values of lists are read only when they are asked for.</summary>
internal ref struct FactCursor
{
    private readonly FactBlock _block;
    private readonly FactColumn _group;
    private readonly ColumnView _counts;
    private readonly ColumnView _queries;
    private readonly ColumnView _flags;
    private int _end;
    private int _lostAt;
    private int _requestAt;
    private int _dialAt;
    private int _failedAt;
    private int _errorAt;

    /// <summary>Starts before the first fact.</summary>
    /// <param name="block">The block.</param>
    /// <param name="group"><see cref="FactColumn.Contacted"/> or <see cref="FactColumn.Heard"/>.</param>
    public FactCursor(FactBlock block, FactColumn group)
    {
        (_block, _group) = (block, group);
        _counts = block[group + (int)FactPart.FactCount];
        _queries = block[group + (int)FactPart.Query];
        _flags = block[group + (int)FactPart.Flags];
        At = -1;
    }

    /// <summary>Place of this fact among those of its group.</summary>
    public int At { get; private set; }

    /// <summary>Its query.</summary>
    public readonly int Query => (int)_queries[At];

    /// <summary>What it has.</summary>
    public FactFlags Flags { get; private set; }

    /// <summary>Whether it has something.</summary>
    public readonly bool Has(FactFlags flag) => (Flags & flag) != FactFlags.None;

    /// <summary>Number of its errors.</summary>
    public int Errors { get; private set; }

    /// <summary>Place of its value in the list of times lost, if it has one. The others are alike.</summary>
    public readonly int LostAt => _lostAt;

    public readonly int RequestAt => _requestAt;

    public readonly int DialAt => _dialAt;

    public readonly int FailedAt => _failedAt;

    /// <summary>Place of the first of its errors.</summary>
    public readonly int ErrorAt => _errorAt;

    /// <summary>Lets <see cref="Next"/> go on with the facts of the next peer, after all those of the one before.</summary>
    /// <param name="peer">Place of that peer.</param>
    public void Enter(int peer) => _end += (int)_counts[peer];

    /// <summary>Moves before the facts of any peer.</summary>
    /// <param name="peer">Place of the peer.</param>
    public void Seek(int peer)
    {
        (At, _end) = (_block.Starts(_group)[peer] - 1, _block.Starts(_group)[peer + 1]);
        _lostAt = _block.Starts(_group + (int)FactPart.LostCount)[peer];
        _requestAt = _block.Starts(_group + (int)FactPart.RequestCount)[peer];
        _dialAt = _block.Starts(_group + (int)FactPart.DialCount)[peer];
        _failedAt = _block.Starts(_group + (int)FactPart.FailedCount)[peer];
        _errorAt = _block.Starts(_group + (int)FactPart.ErrorCount)[peer];
        (Flags, Errors) = (FactFlags.None, 0);
    }

    /// <summary>Moves to the next fact of the peer; false when there is none.</summary>
    public bool Next()
    {
        if (At + 1 >= _end)
        {
            return false;
        }

        // The values of the fact that is left behind.
        var left = (int)Flags;
        _lostAt += left >> 3 & 1;
        _requestAt += left >> 4 & 1;
        _dialAt += left >> 5 & 1;
        _failedAt += left >> 6 & 1;
        _errorAt += Errors;
        var flags = _flags[++At];
        (Flags, Errors) = ((FactFlags)(flags & 255), (int)(flags >> 8));
        return true;
    }
}
