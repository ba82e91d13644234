using DhtTracer.Analysis;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract;

/// <summary>An archive that goes away with its test.</summary>
public abstract class TestArchive : IAsyncDisposable
{
    /// <summary>Opens it; creates it the first time.</summary>
    /// <param name="reconstruct">Finds the operations and queries in the spans of one trace.</param>
    /// <param name="clock">Gives the time of arrival; null for the system's.</param>
    public abstract Task<TraceStore> OpenAsync(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider? clock);

    /// <summary>Bytes that it needs now, as retention by size sees them or more.</summary>
    public abstract Task<long> BytesAsync(TraceStore store);

    /// <summary>Whether the store packs figures by itself: how often it does is then part of what is tested.</summary>
    public abstract bool PacksFigures { get; }

    /// <summary>Makes operations that come later be packed apart from those that are there.</summary>
    public virtual Task BeginBlockAsync(TraceStore store) => Task.CompletedTask;

    /// <summary>Checks that deleted traces need no space any more, where a store promises that.</summary>
    /// <param name="store">The store.</param>
    /// <param name="before"><see cref="BytesAsync"/> before about half was deleted.</param>
    public virtual Task CheckShrunkAsync(TraceStore store, long before) => Task.CompletedTask;

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
