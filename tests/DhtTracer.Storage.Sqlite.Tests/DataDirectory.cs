namespace DhtTracer.Storage.Sqlite.Tests;

/// <summary>A data directory that goes away with the test.</summary>
internal sealed class DataDirectory : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "dht-tracer-tests", Guid.NewGuid().ToString("N"));

    public SqliteOptions Options => new() { Directory = Path };

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
