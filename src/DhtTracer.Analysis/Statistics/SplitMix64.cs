namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// A small generator with a fixed sequence for each seed (Steele, Lea and Flood, 2014). So a permalink shows the same interval on every
/// installation and runtime. <see cref="Random"/> does not guarantee its sequence across versions.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="below"/> minus 1; the bias of the multiplication is below 2^-40 for the sizes used here.</summary>
    public int Next(int below) => (int)Math.BigMul(Next(), (ulong)below, out _);

    /// <summary>At least 0, less than 1.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));
}
