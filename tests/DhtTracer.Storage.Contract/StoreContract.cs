using DhtTracer.Analysis;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract;

/// <summary>
/// One topic of what every store does. A store's tests have a subclass for each topic, which only names the archive, and adds what
/// holds for that store alone. Nothing here knows how a store works.
/// </summary>
public abstract class StoreContract : IAsyncDisposable
{
    private TestArchive? _archive;

    /// <summary>Makes an empty archive. Called at most once a test.</summary>
    protected abstract TestArchive NewArchive();

    /// <summary>The archive of this test.</summary>
    protected TestArchive Archive => _archive ??= NewArchive();

    /// <summary>Opens the archive with <see cref="Make.OneQuery"/> as its analysis.</summary>
    protected Task<TraceStore> OpenAsync(TimeProvider? clock = null) => Archive.OpenAsync(Make.OneQuery, clock);

    /// <summary>Opens the archive.</summary>
    protected Task<TraceStore> OpenAsync(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct) =>
        Archive.OpenAsync(reconstruct, clock: null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_archive is not null)
        {
            await _archive.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
