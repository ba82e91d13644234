using System.Globalization;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// The anonymous memory of this process, twice a second: whether it grows with the load. The working set has the pages of the database too
/// that SQLite maps, which the system takes back when it needs them.
/// </summary>
internal sealed class MemorySamples : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<long> _samples = [];
    private readonly Task _loop;

    public MemorySamples() => _loop = Task.Run(SampleAsync);

    /// <summary>The most, in MiB.</summary>
    public long Peak => _samples.DefaultIfEmpty().Max() >> 20;

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
            _samples.Add(Anonymous());
            await Task.Delay(500, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static long Anonymous()
    {
        const string Name = "RssAnon:";
        const string Status = "/proc/self/status";
        if (!File.Exists(Status))
        {
            return Environment.WorkingSet;
        }

        // RssAnon:	  123456 kB
        var line = File.ReadLines(Status).First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return long.Parse(line[Name.Length..^2].Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
