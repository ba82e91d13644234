namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// How much memory bodies may take while they arrive, all ports together. A sender that would pass it is asked to come back, instead of
/// being let wait: bodies that wait for each other would never be whole.
/// </summary>
/// <param name="limit">Bytes at most, at least 1.</param>
internal sealed class BodyMemory(long limit)
{
    private long _taken;

    /// <summary>Bytes that all bodies of this process may take.</summary>
    public const long Limit = 512L << 20;

    /// <summary>The one of this process.</summary>
    /// <value>512 MiB.</value>
    public static BodyMemory Shared { get; } = new(Limit);

    /// <summary>Bytes taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes bytes; <see cref="Return"/> gives them back.</summary>
    /// <exception cref="BodyMemoryExhaustedException">There are not so many left.</exception>
    public void Take(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) > limit)
        {
            Interlocked.Add(ref _taken, -bytes);
            throw new BodyMemoryExhaustedException(limit);
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

/// <summary>Too many large bodies arrive at once.</summary>
/// <param name="limit">Bytes that all of them may take.</param>
public sealed class BodyMemoryExhaustedException(long limit)
    : Exception($"Bodies that are just arriving take {limit} bytes already, which is the limit; send this one again later.");
