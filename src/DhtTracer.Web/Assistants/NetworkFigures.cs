using System.Collections.Immutable;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Assistants;

/// <summary>What lookups show of the network, for an assistant. Shares are 0 to 1; null is unknown.</summary>
/// <param name="Link">The page, with definitions.</param>
/// <param name="Lookups">Lookups that this rests on; the newest are read.</param>
/// <param name="HasOlder">Whether older ones were left out.</param>
/// <param name="Keys">Distinct keys with a closest set.</param>
/// <param name="Size">Peers that answer, with a 95 % interval; null with too few keys.</param>
/// <param name="DenseParts">Parts of the key space more than twice as dense as the rest, beyond chance.</param>
/// <param name="Suspicious">Lookups whose key may be surrounded, most surprising first.</param>
/// <param name="SuspiciousCount">How many there are.</param>
/// <param name="MedianRecall">Of the peers near its key that others found, the median share that a lookup found.</param>
/// <param name="DeadOfNamed">Share of dead peers in answers.</param>
/// <param name="PeersAsked">Distinct peers dialed or asked.</param>
/// <param name="PeersAnswered">Those that answered.</param>
/// <param name="PeersUnreachable">Those that failed and never answered.</param>
/// <param name="PeersWithoutDht">Those that do not speak the DHT's protocol.</param>
/// <param name="UnreachableByError">Unreachable peers by error class.</param>
/// <param name="Agents">Peers by agent version, most frequent first.</param>
internal sealed record NetworkFigures(
    string Link,
    int Lookups,
    bool HasOlder,
    int Keys,
    NetworkSize? Size,
    ImmutableArray<PrefixDensity> DenseParts,
    ImmutableArray<SuspiciousLine> Suspicious,
    int SuspiciousCount,
    double? MedianRecall,
    double? DeadOfNamed,
    int PeersAsked,
    int PeersAnswered,
    int PeersUnreachable,
    int PeersWithoutDht,
    ImmutableArray<NamedCount> UnreachableByError,
    ImmutableArray<PeerGroup> Agents
)
{
    /// <summary>Shortens a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="most">Most entries of a list.</param>
    /// <param name="site">Scheme and host of the site.</param>
    /// <param name="parameters">Parameters of the page.</param>
    public static NetworkFigures Of(NetworkReport report, int most, string site, string parameters) =>
        new(
            $"{site}/network{parameters}",
            report.Lookups,
            report.HasOlder,
            report.Keys,
            report.Size,
            [.. report.Density.Where(static part => part.IsAlarm).Take(most)],
            [
                .. report
                    .Suspicious.Take(most)
                    .Select(verdict => new SuspiciousLine($"{site}/q/{verdict.Query}", verdict.Times, verdict.Adjusted ?? verdict.PValue)),
            ],
            report.Suspicious.Length,
            report.Recall?.Median,
            report.Dead?.Share,
            report.Peers.Asked,
            report.Peers.Answered,
            report.Peers.Unreachable,
            report.Peers.WithoutDht,
            [.. report.Peers.ByError.Take(most)],
            [.. report.Peers.ByAgent.Take(most)]
        );
}

/// <summary>A lookup whose key may be surrounded.</summary>
/// <param name="Link">Its page.</param>
/// <param name="Times">How many times denser than the network the key's neighbourhood is.</param>
/// <param name="PValue">Probability of that in an honest network, adjusted for the list.</param>
internal sealed record SuspiciousLine(string Link, double Times, double PValue);
