using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>A stream of query events, or an operation from spans, to be compared by <see cref="EventStreamMatch"/>.</summary>
/// <param name="Id">Permalink.</param>
/// <param name="Node">Peer id of the node; null when unknown.</param>
/// <param name="StartUnixNano">Start, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when the end is unknown.</param>
/// <param name="IsTimed">Whether the two times are known.</param>
/// <param name="IsWhole">False when <paramref name="Asked"/> may lack peers.</param>
/// <param name="Asked">Peers asked, as numbers; the same number means the same peer in all candidates.</param>
public sealed record JoinCandidate(
    QueryId Id,
    string? Node,
    ulong StartUnixNano,
    long? DurationNs,
    bool IsTimed,
    bool IsWhole,
    IReadOnlySet<long> Asked
);

/// <summary>The match of one stream of query events.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Operation">The operation that the stream is joined with; null when none fits or several do.</param>
/// <param name="Fits">
/// Number of operations that fit. If it is 1 and <paramref name="Operation"/> is null, that operation also fits another stream.
/// </param>
public readonly record struct StreamMatch(QueryId Stream, QueryId? Operation, int Fits);

/// <summary>
/// Finds the streams of query events and the operations from spans that are the same operation. Pure: the result does not depend on what
/// arrived first.
/// </summary>
/// <remarks>
/// Measured on 116 commands of 8 daemons: the peers that the events and the spans show as asked are the same set in 115; in the other one
/// the daemon was stopped and spans were lost.
/// </remarks>
public static class EventStreamMatch
{
    /// <summary>How much the clocks of the stream's reader and of the daemon may differ, in nanoseconds: 1 s.</summary>
    public const long ClockSlackNs = 1_000_000_000;

    /// <summary>Joins a stream with an operation if each is the only one that fits the other.</summary>
    /// <param name="streams">Streams of one type and key.</param>
    /// <param name="operations">Operations of the same type and key.</param>
    public static ImmutableArray<StreamMatch> Match(IReadOnlyList<JoinCandidate> streams, IReadOnlyList<JoinCandidate> operations)
    {
        var fits = streams.Select(stream => operations.Where(operation => Fits(stream, operation)).ToList()).ToList();
        var claims = fits.SelectMany(static found => found)
            .GroupBy(static operation => operation.Id)
            .ToDictionary(static group => group.Key, static group => group.Count());
        return
        [
            .. streams.Select(
                (stream, i) => new StreamMatch(stream.Id, fits[i] is [var only] && claims[only.Id] == 1 ? only.Id : null, fits[i].Count)
            ),
        ];
    }

    /// <summary>Whether a stream and an operation of the same type and key can be the same: node, times and asked peers agree.</summary>
    public static bool Fits(JoinCandidate stream, JoinCandidate operation) =>
        (stream.Node is null || operation.Node is null || string.Equals(stream.Node, operation.Node, StringComparison.Ordinal))
        && (stream.IsTimed ? Overlap(stream, operation) : stream.Asked.Count > 0)
        && AskedTheSame(stream, operation);

    private static bool Overlap(JoinCandidate stream, JoinCandidate operation) =>
        Before(stream.StartUnixNano, End(operation)) && Before(operation.StartUnixNano, End(stream));

    private static bool Before(ulong start, ulong? end) => end is not { } known || start <= known + ClockSlackNs;

    private static ulong? End(JoinCandidate candidate) =>
        candidate.DurationNs is { } duration ? candidate.StartUnixNano + (ulong)Math.Max(0, duration) : null;

    /// <summary>
    /// True when both asked the same peers, or when one may lack peers and all its peers are among the other's. Without times, such a part
    /// must be at least half, because nothing else separates two lookups of the same key.
    /// </summary>
    private static bool AskedTheSame(JoinCandidate stream, JoinCandidate operation)
    {
        var (told, traced) = (stream.Asked, operation.Asked);
        if (told.Count == traced.Count)
        {
            return told.IsSubsetOf(traced);
        }

        var (fewer, more, mayLack) = told.Count < traced.Count ? (told, traced, !stream.IsWhole) : (traced, told, !operation.IsWhole);
        return mayLack && fewer.Count > 0 && (stream.IsTimed || 2 * fewer.Count >= more.Count) && fewer.IsSubsetOf(more);
    }
}
