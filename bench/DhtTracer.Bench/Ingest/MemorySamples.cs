namespace DhtTracer.Bench.Ingest;

/// <summary>The memory of this process, twice a second: whether it grows with the load.</summary>
internal sealed class MemorySamples : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<long> _samples = [];
    private readonly Task _loop;

    public MemorySamples() => _loop = Task.Run(SampleAsync);

    /// <summary>The median of each third of the time, in MiB.</summary>
    public string Thirds() =>
        string.Join(
            ", ",
            _samples.Chunk(Math.Max(1, (_samples.Count + 2) / 3)).Select(third => $"{third.Order().ElementAt(third.Length / 2) >> 20}")
        );

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task SampleAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _samples.Add(Environment.WorkingSet);
            await Task.Delay(500, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
