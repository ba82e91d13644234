using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Explain;

/// <summary>Which requests of a lookup were useful. Values are null when the trace does not show them.</summary>
public sealed record RequestUse
{
    /// <summary>Lookup requests that were answered (FIND_NODE, GET_PROVIDERS, GET_VALUE).</summary>
    public required int Answered { get; init; }

    /// <summary>Requests sent to a peer that this query had already asked.</summary>
    public required int? Duplicates { get; init; }

    /// <summary>Answers without provider or record that named no peer new to the query.</summary>
    public required int? NoNewPeer { get; init; }

    /// <summary>
    /// Useless requests: answers without provider or record that named no new peer nearer to the key than the nearest known one. They
    /// include all of <see cref="NoNewPeer"/>. The last answers of every lookup are among them, because nothing nearer exists.
    /// </summary>
    public required int? NoneNearer { get; init; }

    /// <summary>Counts the useful requests of a query.</summary>
    public static RequestUse Of(Query query) => Of(query, KeyDistances.Of(query));

    internal static RequestUse Of(Query query, KeyDistances distances)
    {
        var answers = query
            .Peers.SelectMany(static (peer, index) => peer.Requests.Select(request => (Peer: index, Request: request)))
            .Where(static a =>
                a.Request
                    is { Outcome: RequestOutcome.Answered, Type: MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue }
            )
            .ToList();
        var idle = answers.Where(static a => a.Request is not ({ Providers: > 0 } or { Records: > 0 })).ToList();
        var told = idle.TrueForAll(static a => a.Request is { New: not null, DurationNs: not null });
        var nearer = told && query.Key is not null && Enumerable.Range(0, query.Peers.Length).All(distances.Known);
        var nearness = nearer ? new Nearness(query, distances) : null;
        return new RequestUse
        {
            Answered = answers.Count,
            Duplicates = query.Counts.Duplicates,
            NoNewPeer = told ? idle.Count(static a => a.Request.New == 0) : null,
            NoneNearer = nearness is null ? null : idle.Count(a => !nearness.NamedNearer(query.Peers[a.Peer].Id, a.Request)),
        };
    }
}

/// <summary>Dials that failed for the same reason.</summary>
/// <param name="ErrorClass">One of <see cref="ErrorClass"/>.</param>
/// <param name="Dials">Number of dials.</param>
/// <param name="TotalNs">Sum of their durations in nanoseconds; several may have run at once. Null when one never ended.</param>
/// <param name="OnPathNs">Nanoseconds of the critical path spent on them; null when there is no path.</param>
public sealed record LostToDials(string ErrorClass, int Dials, long? TotalNs, long? OnPathNs)
{
    /// <summary>Groups the failed dials by error class, most time on the path first.</summary>
    internal static ImmutableArray<LostToDials> Of(ImmutableArray<PeerActivity> activities, CriticalPath? path) =>
        [
            .. activities
                .Where(static a => a is { Kind: PeerActivityKind.Dial, Result: ActivityResult.Failed, ErrorClass: not null })
                .GroupBy(static a => a.ErrorClass!, StringComparer.Ordinal)
                .Select(group => new LostToDials(
                    group.Key,
                    group.Count(),
                    group.All(static a => a.EndNs is not null) ? group.Sum(static a => a.EndNs - a.StartNs) : null,
                    path?.Segments.Where(s => IsFailedDial(s, group.Key)).Sum(static s => s.DurationNs)
                ))
                .OrderByDescending(static lost => lost.OnPathNs)
                .ThenByDescending(static lost => lost.TotalNs)
                .ThenBy(static lost => lost.ErrorClass, StringComparer.Ordinal),
        ];

    private static bool IsFailedDial(PathSegment segment, string errorClass) =>
        segment is { Kind: SegmentKind.Dial, Result: ActivityResult.Failed } && segment.ErrorClass == errorClass;
}
