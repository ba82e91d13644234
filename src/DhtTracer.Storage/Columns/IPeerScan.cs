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

    /// <summary>Number of the text <see cref="ErrorClass.Cancelled"/>; -1 when there is none.</summary>
    long Cancelled { get; }

    /// <summary>The operations that pass, some at a time; it can be read several times. Each is valid until the next.</summary>
    IEnumerable<ScannedPeers> Read(CancellationToken cancellationToken);
}
