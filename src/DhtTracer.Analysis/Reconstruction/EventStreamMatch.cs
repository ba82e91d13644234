using System.Collections.Immutable;

namespace DhtTracer.Analysis;

/// <summary>A stream of query events, or an operation that came as spans, of one type and key, as <see cref="EventStreamMatch"/> compares
/// them.</summary>
/// <param name="Id">Permalink.</param>
/// <param name="Node">Peer id of the node; null when unknown.</param>
/// <param name="StartUnixNano">Start, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when the end is unknown.</param>
/// <param name="IsTimed">Whether the two times are known.</param>
/// <param name="IsWhole">False when peers may have been asked that <paramref name="Asked"/> does not have.</param>
/// <param name="Asked">Peers asked, as numbers that mean the same in every candidate.</param>
public sealed record JoinCandidate(
    QueryId Id,
    string? Node,
    ulong StartUnixNano,
    long? DurationNs,
    bool IsTimed,
    bool IsWhole,
    IReadOnlySet<long> Asked
);

/// <summary>What a stream of query events was found to belong to.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Operation">The operation that it is joined with; null when none fits, and when several do.</param>
/// <param name="Fits">How many operations fit it. With 1 and no <paramref name="Operation"/>, that one fits another stream as well.</param>
public readonly record struct StreamMatch(QueryId Stream, QueryId? Operation, int Fits);

/// <summary>
/// Decides which stream of query events and which operation of a daemon's spans are the same operation. Pure: the result depends on what
/// is there, not on what came first.
/// </summary>
/// <remarks>
/// Measured on 116 commands of 8 daemons: the peers that the events and the spans show as asked are the same set in 115; in the other one
/// the daemon was stopped and spans were lost.
/// </remarks>
public static class EventStreamMatch
{
    /// <summary>How much the clocks of the stream's reader and of the daemon may differ, in nanoseconds: 1 s.</summary>
    public const long ClockSlackNs = 1_000_000_000;

    /// <summary>Joins each stream with the only operation that fits it, when the stream is the only one that fits the operation.</summary>
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

    /// <summary>Whether a stream and an operation of one type and key can be the same: their nodes, times and asked peers agree.</summary>
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
    /// The same peers; or those of the side that may lack some are all among those of the other. Without times such a part must be at least
    /// half, because then nothing else tells two lookups of one key apart.
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
