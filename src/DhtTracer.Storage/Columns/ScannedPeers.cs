namespace DhtTracer.Storage.Columns;

/// <summary>How many of the operations of a block count.</summary>
internal enum Part
{
    None = 0,
    Some = 1,
    All = 2,
}

/// <summary>What the operations of a block that pass a filter did with each peer.</summary>
internal sealed class ScannedPeers(FactBlock facts, PeerBlock? sums, Func<bool[]> passing, long cancelled)
{
    private bool[]? _passes;

    /// <summary>Facts of operations that all count.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="cancelled">See <see cref="IPeerScan.Cancelled"/>.</param>
    public static ScannedPeers OfRows(FactBlock facts, long cancelled) =>
        new(facts, null, () => [.. Enumerable.Repeat(true, facts[FactColumn.QueryOperation].Count)], cancelled)
        {
            Number = 0,
            Foreground = Part.Some,
            Background = Part.Some,
            IsSummed = false,
        };

    /// <summary>Number of the block.</summary>
    public required long Number { get; init; }

    /// <summary>How many of those that are not in the background count.</summary>
    public required Part Foreground { get; init; }

    /// <summary>How many of those in the background count.</summary>
    public required Part Background { get; init; }

    /// <summary>Whether stored sums are the sums of what counts.</summary>
    public required bool IsSummed { get; init; }

    /// <summary>The facts.</summary>
    public FactBlock Facts => facts;

    /// <summary>For each query of the block, whether it counts.</summary>
    public bool[] Passes => _passes ??= passing();

    /// <summary>Whether every query of the block counts.</summary>
    public bool IsWhole => !Passes.AsSpan().Contains(false);

    /// <summary>The stored sums that add up to what counts, if <see cref="IsSummed"/>. Each is valid until the next.</summary>
    public IEnumerable<PeerBlock> Sums()
    {
        foreach (var (part, background) in new[] { (Foreground, false), (Background, true) })
        {
            if (part == Part.All)
            {
                sums!.MoveTo(Number, background);
                yield return sums;
            }
        }
    }

    /// <summary>Sums everything over facts.</summary>
    public PeerSums SumAll() => PeerSums.Of(facts, Passes, cancelled);

    /// <summary>Sums over facts what <see cref="PeerSums.OfMet"/> sums.</summary>
    public PeerSums SumMet() => PeerSums.OfMet(facts, Passes, cancelled);

    /// <summary>Sums over facts what <see cref="PeerSums.OfContacted"/> sums.</summary>
    public PeerSums SumContacted(Func<long, bool> isKnown) => PeerSums.OfContacted(facts, Passes, cancelled, isKnown);
}
