using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Text;

/// <summary>Phases of a query in words.</summary>
internal static class PhaseWords
{
    /// <summary>Name of a phase.</summary>
    public static string Of(PathPhase phase) =>
        phase switch
        {
            PathPhase.Own => "the node itself",
            PathPhase.FirstPeers => "first peers of the table",
            PathPhase.Dials => "dials",
            PathPhase.Requests => "requests",
            PathPhase.Tail => "tail",
            PathPhase.FollowUp => "follow-up",
            PathPhase.Stores => "stores",
            _ => "not in the trace",
        };

    /// <summary>Name of a phase by its word in data; the word itself when it is none.</summary>
    public static string OfName(string word) => Words.TryParse<PathPhase>(word, out var phase) ? Of(phase) : word;

    /// <summary>What belongs to a phase.</summary>
    public static string Meaning(PathPhase phase) =>
        phase switch
        {
            PathPhase.Own => "Before, between and after dials and requests",
            PathPhase.FirstPeers => "Dials and requests of the peers of the routing table that were asked first",
            PathPhase.Dials => "Later dials",
            PathPhase.Requests => "Later requests",
            PathPhase.Tail => "Dials and requests waited for after the answer was known, or after the lookup stopped choosing peers",
            PathPhase.FollowUp => "Asking those of the K closest that had not answered when the lookup stopped",
            PathPhase.Stores => "PUT_VALUE and ADD_PROVIDER, dials for them included",
            _ => "Time that the trace does not explain",
        };

    /// <summary>Every phase and its time in nanoseconds, in the order of a query.</summary>
    public static IReadOnlyList<(PathPhase Phase, long Ns)> Parts(PhaseTimes phases) =>
        [
            (PathPhase.FirstPeers, phases.FirstPeersNs),
            (PathPhase.Dials, phases.DialsNs),
            (PathPhase.Requests, phases.RequestsNs),
            (PathPhase.Tail, phases.TailNs),
            (PathPhase.FollowUp, phases.FollowUpNs),
            (PathPhase.Stores, phases.StoresNs),
            (PathPhase.Own, phases.OwnNs),
            (PathPhase.Unknown, phases.UnknownNs),
        ];
}
