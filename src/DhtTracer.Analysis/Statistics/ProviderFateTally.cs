using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Statistics;

/// <summary>Counts what became of providers over many block requests. Exact: every provider counts once for each request.</summary>
public sealed class ProviderFateTally
{
    /// <summary>The name of transports and agents that the trace does not tell.</summary>
    public const string Unknown = "unknown";

    private readonly Dictionary<string, FateCounts> _byTransport = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FateCounts> _byAgent = new(StringComparer.Ordinal);
    private readonly Dictionary<ProviderFailure, FailureCount> _byFailure = [];

    /// <summary>Block requests that asked for providers.</summary>
    public long Requests { get; private set; }

    /// <summary>Those whose block came.</summary>
    public long Came { get; private set; }

    /// <summary>Those whose block did not come.</summary>
    public long Missed { get; private set; }

    /// <summary>Over all providers.</summary>
    public FateCounts All { get; } = new(Unknown);

    /// <summary>By the transport of the first address, most providers first.</summary>
    public IReadOnlyList<FateCounts> ByTransport => Sorted(_byTransport.Values);

    /// <summary>By agent version, most providers first.</summary>
    public IReadOnlyList<FateCounts> ByAgent => Sorted(_byAgent.Values);

    /// <summary>By why the connect failed, most frequent first.</summary>
    public IReadOnlyList<FailureCount> ByFailure =>
        [.. _byFailure.Values.OrderByDescending(static count => count.Count).ThenBy(static count => count.Failure)];

    /// <summary>Counts a request.</summary>
    public void Add(BlockArrival block)
    {
        Requests++;
        Came += block == BlockArrival.Came ? 1 : 0;
        Missed += block == BlockArrival.None ? 1 : 0;
    }

    /// <summary>Counts providers of requests that are alike.</summary>
    /// <param name="step">How far they got.</param>
    /// <param name="failure">Why they failed; null when they did not, and when the trace lost it.</param>
    /// <param name="transport">Transport of their first address; null without one.</param>
    /// <param name="agent">Agent version; null when unknown.</param>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="timed">Those of which it is known how long the connect took.</param>
    /// <param name="connectNs">How long the connects of these took together, in nanoseconds.</param>
    public void Add(ProviderStep step, ProviderFailure? failure, string? transport, string? agent, long count, long timed, long connectNs)
    {
        All.Add(step, count);
        Of(_byTransport, transport ?? "no address").Add(step, count);
        Of(_byAgent, agent ?? Unknown).Add(step, count);
        if (failure is { } known)
        {
            var before = _byFailure.GetValueOrDefault(known) ?? new FailureCount(known, 0, 0, 0);
            _byFailure[known] = new FailureCount(known, before.Count + count, before.Timed + timed, before.ConnectNs + connectNs);
        }
    }

    /// <summary>Counts a request with its providers.</summary>
    public void Add(ProviderFates fates)
    {
        Add(fates.Block);
        foreach (var provider in fates.Providers)
        {
            var took = provider.ConnectNs;
            Add(provider.Step, provider.Failure, provider.Transport, provider.Agent, 1, took is null ? 0 : 1, took ?? 0);
        }
    }

    private static FateCounts Of(Dictionary<string, FateCounts> counts, string name)
    {
        if (!counts.TryGetValue(name, out var found))
        {
            found = new FateCounts(name);
            counts.Add(name, found);
        }

        return found;
    }

    private static List<FateCounts> Sorted(IEnumerable<FateCounts> counts) =>
        [.. counts.OrderByDescending(static count => count.Providers).ThenBy(static count => count.Name, StringComparer.Ordinal)];
}

/// <summary>Providers of one kind, counted by how far they got.</summary>
/// <param name="name">Of the kind.</param>
public sealed class FateCounts(string name)
{
    /// <summary>Of the kind.</summary>
    public string Name { get; } = name;

    /// <summary>All of them.</summary>
    public long Providers { get; private set; }

    /// <summary>Connected; whether they had the block is not known.</summary>
    public long Connected { get; private set; }

    /// <summary>Connected, and without the block.</summary>
    public long WithoutBlock { get; private set; }

    /// <summary>Not connected.</summary>
    public long Failed { get; private set; }

    /// <summary>What became of them is unknown.</summary>
    public long Unknown { get; private set; }

    /// <summary>Share of failed ones among those whose end is known; null when none is.</summary>
    public double? FailedShare => Providers == Unknown ? null : (double)Failed / (Providers - Unknown);

    internal void Add(ProviderStep step, long count)
    {
        Providers += count;
        Connected += step == ProviderStep.Connected ? count : 0;
        WithoutBlock += step == ProviderStep.WithoutBlock ? count : 0;
        Failed += step is ProviderStep.Failed or ProviderStep.FailedUnsaid ? count : 0;
        Unknown += step == ProviderStep.Unknown ? count : 0;
    }
}

/// <summary>Connects that failed for one reason.</summary>
/// <param name="Failure">The reason.</param>
/// <param name="Count">How many.</param>
/// <param name="Timed">Those of which both times are known.</param>
/// <param name="ConnectNs">Time from found to failed over these, in nanoseconds.</param>
public sealed record FailureCount(ProviderFailure Failure, long Count, long Timed, long ConnectNs)
{
    /// <summary>Mean time from found to failed, in nanoseconds; null when no time is known.</summary>
    public long? MeanNs => Timed == 0 ? null : ConnectNs / Timed;
}
