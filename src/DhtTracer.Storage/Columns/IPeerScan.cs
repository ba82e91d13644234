using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>What the operations that pass a filter did with each peer.</summary>
internal interface IPeerScan
{
    /// <summary>The table of texts.</summary>
    INumberedStrings Texts { get; }

    /// <summary>The table of peers.</summary>
    INumberedStrings Peers { get; }

    /// <summary>Operations that passed in the last <see cref="Read"/>.</summary>
    int Operations { get; }

    /// <summary>The sums, in some order; it can be read several times. A peer can be in each of them.</summary>
    IEnumerable<PeerBlock> Read(CancellationToken cancellationToken);
}
