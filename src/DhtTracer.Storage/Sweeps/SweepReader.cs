using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Multiformats;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Sweeps;

/// <summary>Whose sweep is looked at, and when.</summary>
public sealed record SweepQuestion
{
    /// <summary>
    /// How long before its last fact a sweep is looked at, if nothing else is asked: Kubo's default interval and some more.
    /// </summary>
    public static TimeSpan DefaultLength => TimeSpan.FromHours(24);

    /// <summary>Name of the node, as in <see cref="SweepNode.Name"/>; null for the one whose last fact is the newest.</summary>
    public string? Node { get; init; }

    /// <summary>From this time on, in nanoseconds since 1970-01-01 UTC; null for <see cref="DefaultLength"/> before the end.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>Until this time; null for the last fact.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>The interval of reprovides in nanoseconds, if the reader gives one.</summary>
    public long? IntervalNs { get; init; }
}

/// <summary>A node that has left facts of a sweep.</summary>
/// <param name="Name">Its <c>service.instance.id</c>, or its <c>service.name</c> if it has none.</param>
/// <param name="Sources">The programs: spans may lack the id that its log has.</param>
/// <param name="LastUnixNano">Time of its last fact.</param>
public sealed record SweepNode(string Name, ImmutableArray<SweepSource> Sources, ulong LastUnixNano);

/// <summary>A report with what it rests on.</summary>
/// <param name="Nodes">The nodes to choose from, the newest first.</param>
/// <param name="Chosen">The node; null if there is none of the asked name.</param>
/// <param name="Report">The report; empty if there is no node.</param>
/// <param name="FromUnixNano">Where it begins.</param>
/// <param name="ToUnixNano">Where it ends.</param>
/// <param name="HasOlder">Whether older facts of this time were left out, because there are too many.</param>
/// <param name="LookupsRead">Number of lookups of provided keys that were read.</param>
/// <param name="HasMoreLookups">Whether there were more of them.</param>
public sealed record SweepAnswer(
    ImmutableArray<SweepNode> Nodes,
    SweepNode? Chosen,
    SweepReport Report,
    ulong FromUnixNano,
    ulong ToUnixNano,
    bool HasOlder,
    int LookupsRead,
    bool HasMoreLookups
);

/// <summary>Reads the report of a sweep out of an archive. Every read is bounded.</summary>
public static class SweepReader
{
    /// <summary>Most facts of one program that are read.</summary>
    public const int MostFacts = 150_000;

    /// <summary>Most lookups that are searched for provided keys.</summary>
    public const int MostSearched = 500;

    /// <summary>Most lookups of provided keys whose traces are read.</summary>
    public const int MostLookups = 40;

    /// <summary>Reads a report.</summary>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public static async Task<SweepAnswer> ReadAsync(TraceStore store, SweepQuestion question, CancellationToken cancellationToken = default)
    {
        var sources = await store.ListSweepSourcesAsync(cancellationToken);
        ImmutableArray<SweepNode> nodes =
        [
            .. sources
                .Select(static source => new SweepNode(NameOf(source), [source], source.LastUnixNano))
                .OrderByDescending(static node => node.LastUnixNano),
        ];
        var chosen = question.Node is null ? nodes.FirstOrDefault() : nodes.FirstOrDefault(node => node.Name == question.Node);
        if (chosen is null)
        {
            return new SweepAnswer(nodes, null, new SweepReport(), 0, 0, false, 0, false);
        }

        var to = question.ToUnixNano ?? chosen.LastUnixNano;
        var length = (ulong)SweepQuestion.DefaultLength.Ticks * 100;
        var from = question.FromUnixNano ?? (to > length ? to - length : 0);
        var (facts, hasOlder) = await FactsAsync(store, chosen.Sources[0], from, to, cancellationToken);
        var id = PeerOf(chosen.Sources[0].Instance) ?? SweepAnalysis.NodeOf(facts);
        foreach (
            var other in id is null
                ? []
                : sources.Where(source => source != chosen.Sources[0] && source.Service == chosen.Sources[0].Service)
        )
        {
            // Its log names the node when it is watched; its spans do only if the operator has set the resource.
            if (other.Instance is not null && PeerOf(other.Instance) != id || other.LastUnixNano < from || other.FirstUnixNano > to)
            {
                continue;
            }

            var (more, isCut) = await FactsAsync(store, other, from, to, cancellationToken);
            if (other.Instance is not null || SweepAnalysis.NodeOf(more) == id)
            {
                facts = [.. facts, .. more];
                hasOlder |= isCut;
                chosen = chosen with { Sources = chosen.Sources.Add(other) };
            }
        }

        var (lookups, read, hasMore) = await LookupsAsync(store, facts, from, to, cancellationToken);
        var report = SweepAnalysis.Of(
            facts,
            new SweepOptions
            {
                Node = id,
                IntervalNs = question.IntervalNs,
                Lookups = lookups,
            }
        );
        return new SweepAnswer(nodes, chosen, report, from, to, hasOlder, read, hasMore);
    }

    private static string NameOf(SweepSource source) =>
        source.Instance
        ?? source.Service switch
        {
            "" => "unknown",
            var service => service,
        };

    private static string? PeerOf(string? instance) => PeerId.TryParse(instance, out var id) ? id.ToString() : null;

    private static async Task<(IReadOnlyList<SweepFact> Facts, bool HasOlder)> FactsAsync(
        TraceStore store,
        SweepSource source,
        ulong from,
        ulong to,
        CancellationToken cancellationToken
    )
    {
        var list = await store.ListSweepFactsAsync(source.Service, source.Instance, from, to, MostFacts, cancellationToken);
        return (list.Facts, list.HasOlder);
    }

    /// <summary>The newest lookups of keys that the node provides, by whomever, with the answers of each peer.</summary>
    private static async Task<(ImmutableArray<SweepLookup> Lookups, int Read, bool HasMore)> LookupsAsync(
        TraceStore store,
        IReadOnlyList<SweepFact> facts,
        ulong from,
        ulong to,
        CancellationToken cancellationToken
    )
    {
        var keys = facts
            .OfType<SweepMark>()
            .Select(static mark => Convert.ToHexStringLower(mark.Key.AsSpan()))
            .ToHashSet(StringComparer.Ordinal);
        if (keys.Count == 0)
        {
            return ([], 0, false);
        }

        var page = await store.ListOperationsAsync(
            new QueryFilter
            {
                Type = QueryType.GetProviders,
                FromUnixNano = from,
                ToUnixNano = to == ulong.MaxValue ? to : to + 1,
            },
            QuerySort.Newest,
            null,
            MostSearched,
            cancellationToken
        );
        var found = page
            .Rows.Select(static row => row.Operation)
            .Where(operation => operation.Key is { } key && keys.Contains(key.Bytes))
            .ToList();
        var lookups = ImmutableArray.CreateBuilder<SweepLookup>();
        foreach (var operation in found.Take(MostLookups))
        {
            if (await store.GetOperationAsync(operation.Id, cancellationToken) is { } details)
            {
                // The listed row, not what the spans give now: they may have been read by an older version, or be partly gone.
                lookups.Add(Lookup(operation, details.Queries));
            }
        }

        return (lookups.ToImmutable(), lookups.Count, found.Count > MostLookups || page.Next is not null);
    }

    private static SweepLookup Lookup(Operation operation, ImmutableArray<Query> queries)
    {
        var peers = ImmutableArray.CreateBuilder<(ulong, bool)>();
        foreach (var peer in queries.SelectMany(static query => query.Peers))
        {
            var answers = peer
                .Requests.Where(static request =>
                    request is { Type: MessageType.GetProviders, Outcome: RequestOutcome.Answered, Providers: not null }
                )
                .ToList();
            if (answers.Count > 0 && PeerId.TryParse(peer.Id, out var id))
            {
                peers.Add((KeyPrefix.PositionOf(id.Bytes), answers.Exists(static answer => answer.Providers > 0)));
            }
        }

        return new SweepLookup(
            KeyPrefix.PositionOf(Convert.FromHexString(operation.Key!.Bytes)),
            operation.StartUnixNano,
            peers.ToImmutable()
        );
    }
}
