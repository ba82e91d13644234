namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Limits the memory of incoming bodies over all ports. A sender that would exceed it is asked to retry later. Waiting is no option:
/// incomplete bodies that wait for each other would never complete.
/// </summary>
/// <param name="limit">Maximum number of bytes, at least 1.</param>
internal sealed class BodyMemory(long limit)
{
    private long _taken;

    /// <summary>Maximum number of bytes for all bodies of this process.</summary>
    public const long Limit = 512L << 20;

    /// <summary>The instance shared by this process.</summary>
    /// <value>512 MiB.</value>
    public static BodyMemory Shared { get; } = new(Limit);

    /// <summary>Number of bytes reserved now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Reserves bytes; <see cref="Return"/> releases them.</summary>
    /// <exception cref="BodyMemoryExhaustedException">Not enough bytes are left.</exception>
    public void Take(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) > limit)
        {
            Interlocked.Add(ref _taken, -bytes);
            throw new BodyMemoryExhaustedException(limit);
        }
    }

    /// <summary>Releases bytes.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

/// <summary>Too many large bodies are arriving at once.</summary>
/// <param name="limit">Maximum number of bytes for all of them.</param>
public sealed class BodyMemoryExhaustedException(long limit)
    : Exception($"Bodies that are just arriving take {limit} bytes already, which is the limit; send this one again later.");
