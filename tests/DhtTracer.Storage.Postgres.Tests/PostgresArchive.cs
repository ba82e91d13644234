using DhtTracer.Analysis;
using DhtTracer.Storage.Contract;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Tests;

/// <summary>An archive in a database of its own.</summary>
internal sealed class PostgresArchive : TestArchive
{
    private readonly SemaphoreSlim _gate = new(1);
    private PostgresOptions? _options;

    /// <inheritdoc/>
    public override bool PacksFigures => false;

    /// <summary>Where it is.</summary>
    public async Task<PostgresOptions> OptionsAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return _options ??= await ServerOfTests.NewDatabaseAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task<TraceStore> OpenAsync(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider? clock) =>
        await PostgresTraceStore.OpenAsync(await OptionsAsync(), reconstruct, clock);

    /// <inheritdoc/>
    public override async Task<long> BytesAsync(TraceStore store) => (await store.CountsAsync()).FileBytes;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _gate.Dispose();
        return default;
    }
}
