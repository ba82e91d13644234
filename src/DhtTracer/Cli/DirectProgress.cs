namespace DhtTracer.Cli;

/// <summary>Reports on the working thread. <see cref="Progress{T}"/> would report later, and out of order.</summary>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public void Report(T value)
    {
        lock (_gate)
        {
            report(value);
        }
    }
}
