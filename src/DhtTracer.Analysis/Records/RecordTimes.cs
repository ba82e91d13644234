namespace DhtTracer.Analysis.Records;

/// <summary>The times of a network's records. Defaults are those of the public IPFS network.</summary>
public sealed record RecordTimes
{
    private const long Hour = 3_600_000_000_000;

    /// <summary>How long servers keep a provider record, in nanoseconds; at least 1.</summary>
    /// <value>48 hours</value>
    public long ProviderExpiryNs { get; init; } = 48 * Hour;

    /// <summary>How long after a publication the next one is due, in nanoseconds; at least 1.</summary>
    /// <value>22 hours</value>
    public long ReprovideNs { get; init; } = 22 * Hour;

    /// <summary>How long a value lives when no lookup shows its end of life, in nanoseconds; at least 1.</summary>
    /// <value>48 hours</value>
    public long ValueLifeNs { get; init; } = 48 * Hour;

    /// <summary>The times of the public network.</summary>
    public static RecordTimes Amino { get; } = new();

    /// <summary>The times of a network whose provider records live so long: the next publication is due after 22/48 of it.</summary>
    public static RecordTimes Living(long providerExpiryNs) =>
        new()
        {
            ProviderExpiryNs = providerExpiryNs,
            ReprovideNs = Math.Max(1, (long)(providerExpiryNs * (22.0 / 48))),
            ValueLifeNs = providerExpiryNs,
        };
}
