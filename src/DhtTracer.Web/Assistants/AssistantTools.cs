using System.Collections.Immutable;
using System.ComponentModel;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace DhtTracer.Web.Assistants;

/// <summary>The tools. Each reads; none changes anything. Filters are the parameters of the list of queries, read by the same code.</summary>
internal sealed class AssistantTools(TraceStore store, TimeProvider clock, IHttpContextAccessor http)
{
    private const int MostRows = 50;
    private const int MostNames = 10;

    private const string FilterText =
        "Filters by name, all optional, for example {\"type\": \"get-providers\", \"outcome\": \"failed\", \"min\": \"2s\"}. Names: "
        + "key (CID, peer id, /ipns/…, or how its text begins), peer (a peer that was dialed or asked), type (find-peer, get-providers, "
        + "add-provider, get-value, put-value, get-closest-peers), outcome (success, not-found, failed, timed-out, cancelled, incomplete), "
        + "error, peererror (error classes such as dial-timeout), agent (how an agent version begins), source, service, node, "
        + "min and max (durations: 250ms, 2s), minhops, maxhops, from and to (UTC: 2026-11-22T08:44), "
        + "background (1: lookups that nodes make for themselves too; only: only these). A name or value that is not understood is an error "
        + "that says what is possible.";

    private const string RangeText = "A stretch of time that ends now: 1h, 6h, 24h, 7d, 30d or all. Not together with from and to.";

    private readonly string _site = http.HttpContext is { } context
        ? $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}"
        : "";

    [McpServerTool(Name = "search_operations", Title = "Search operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Lists what was asked of the DHT, one line for each operation, with its outcome and duration. At most 50 at once.")]
    public async Task<OperationLines> SearchAsync(
        [Description(FilterText)] Dictionary<string, string>? filters = null,
        [Description("newest (default), oldest, slowest, fastest, most-peers or most-hops.")] string? sort = null,
        [Description("Lines, 1 to 50; 20 when left out.")] int limit = 20,
        [Description("`next` of another answer with the same filters and order.")] string? at = null,
        CancellationToken cancellationToken = default
    )
    {
        var address = Address(filters, ("sort", sort), ("at", at));
        try
        {
            var page = await store.ListOperationsAsync(
                address.Filter,
                address.Sort,
                address.Cursor,
                Within(limit, MostRows, nameof(limit)),
                cancellationToken
            );
            return new OperationLines([.. page.Rows.Select(Line)], page.Next, _site + address.With());
        }
        catch (InvalidCursorException error)
        {
            throw new McpException(error.Message, error);
        }
    }

    [McpServerTool(Name = "explain", Title = "Explain one operation", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Says why one operation or query took as long as it did: where its time went, which peers it waited for, what it broke.")]
    public async Task<ExplainedQuery> ExplainAsync(
        [Description("The id of an operation or query: 32 hex digits, a hyphen, 16 hex digits.")] string id,
        CancellationToken cancellationToken = default
    )
    {
        if (!QueryId.TryParse(id, out var wanted))
        {
            throw new McpException($"\"{id}\" is not an id of the form traceId-spanId in hex; search_operations gives ids.");
        }

        var operation = await store.GetOperationAsync(wanted, cancellationToken);
        var query = await store.GetQueryAsync(operation?.Operation.Decisive ?? wanted, cancellationToken);
        if (query is null)
        {
            throw new McpException(
                operation is null ? "No operation and no query has this id." : "This operation has no query: it asked nobody of the DHT."
            );
        }

        operation ??= await store.GetOperationAsync(query.OperationId, cancellationToken);
        var explanation = Explanation.Of(query);
        return new ExplainedQuery(
            operation is null ? null : Line(operation.Operation, query),
            query.Id.ToString(),
            $"{_site}/q/{query.Id}",
            explanation.Sentence,
            explanation.Hint,
            query.Peers.Length,
            [
                .. explanation.Blames.Select(static blame => new SpentTime(
                    blame.Kind,
                    blame.ErrorClass,
                    blame.Peers,
                    Ms(blame.DurationNs),
                    Math.Round(blame.Share, 4)
                )),
            ],
            [
                .. explanation
                    .Culprits.Take(MostNames)
                    .Select(culprit => new WaitedForPeer(
                        culprit.PeerId,
                        PeerLink(culprit.PeerId),
                        culprit.Agent,
                        culprit.Kind,
                        culprit.ErrorClass,
                        Ms(culprit.DurationNs),
                        Math.Round(culprit.Share, 4)
                    )),
            ],
            Failures(query),
            QueryLint.Of(query).Findings
        );
    }

    [McpServerTool(Name = "overview", Title = "Figures of many operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Figures of a set of operations, exact over all of them: success, percentiles of durations, errors, the phases that the time "
            + "went to, and the slowest ones."
    )]
    public async Task<SetFigures> OverviewAsync(
        [Description(FilterText)] Dictionary<string, string>? filters = null,
        [Description(RangeText)] string? range = null,
        CancellationToken cancellationToken = default
    )
    {
        var address = Address(filters);
        var stretch = TimeRange.Parse(range, address, clock.GetUtcNow()) ?? TimeRange.All;
        if (range is not null && TimeRange.Named(range, clock.GetUtcNow()) is null)
        {
            throw new McpException(TimeRange.Problem(range));
        }

        var filter = address.Filter with { FromUnixNano = stretch.FromUnixNano, ToUnixNano = stretch.ToUnixNano };
        var set = await store.ReadOperationsAsync(filter, cancellationToken);
        var figures = OverviewFacts.Of(set);
        var slowest = await store.ListOperationsAsync(filter, QuerySort.Slowest, null, MostNames, cancellationToken);
        return new SetFigures(
            figures.Operations,
            figures.Success.Value,
            Milliseconds.Of(figures.Duration),
            Milliseconds.Of(figures.FirstResult),
            Milliseconds.Of(figures.Discovery),
            [.. figures.Outcomes.Where(static o => o.Count > 0).Select(static o => new NamedCount(Words.Of(o.Outcome), o.Count))],
            [.. figures.OperationErrors.Take(MostNames)],
            [.. figures.PeerErrors.Take(MostNames)],
            figures.DialFailure.Value,
            [.. figures.Agents.Take(MostNames)],
            set.Phases.Operations == 0
                ? ImmutableSortedDictionary<string, double>.Empty
                : set.Phases.Names.ToImmutableSortedDictionary(static name => name, name => Ms(set.Phases.Mean(name).Mean)),
            [.. slowest.Rows.Select(Line)],
            _site + "/" + stretch.Narrow(address).Parameters() + (stretch == TimeRange.All && !address.IsFiltered ? "?range=all" : "")
        );
    }

    [McpServerTool(Name = "compare", Title = "Compare two sets of operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Compares set B with set A: every figure with a verdict that is beyond chance or says that it is not, and where the "
            + "difference in time comes from."
    )]
    public async Task<ComparedSets> CompareAsync(
        [Description("Set A. " + FilterText)] Dictionary<string, string> a,
        [Description("Set B, of the same form.")] Dictionary<string, string> b,
        CancellationToken cancellationToken = default
    )
    {
        var (setA, setB) = (Set("a", a), Set("b", b));
        var found = await SetComparison.ReadAsync(store, setA, setB, cancellationToken);
        return new ComparedSets(
            found.A.Count,
            found.B.Count,
            [.. found.Result.Figures.Select(Line)],
            [.. found.Reasons.Phases.Select(Line)],
            [.. found.Reasons.ErrorClasses.Select(Line)],
            _site + ComparedSet.Compare(setA, setB)
        );
    }

    [McpServerTool(Name = "list_peers", Title = "List peers", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Peers over a set of operations: how often each was met, asked, answered and failed, and how long operations waited for it."
    )]
    public async Task<PeerLines> PeersAsync(
        [Description(FilterText)] Dictionary<string, string>? filters = null,
        [Description(RangeText)] string? range = null,
        [Description("Part of a peer id or of an agent version.")] string? find = null,
        [Description("Greatest first by: lost (default), failed, seen, queried, answered, slow, p95, dial, named.")] string? order = null,
        [Description("Lines, 1 to 50; 20 when left out.")] int limit = 20,
        CancellationToken cancellationToken = default
    )
    {
        var parameters = Parameters(filters, ("range", range), ("find", find), ("order", order));
        var search = await PeerSearch.Parse(new QueryCollection(parameters), clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        Refuse(search.Problems);
        var found = await search.ReadAsync(store, 0, Within(limit, MostRows, nameof(limit)), cancellationToken);
        return new PeerLines([.. found.Peers.Select(Line)], found.Count, found.Operations);
    }

    private static ImmutableArray<NamedCount> Failures(Query query) =>
        [
            .. query
                .Peers.SelectMany(static peer =>
                    peer.Requests.Select(static request => request.Error?.Class)
                        .Append(peer.Dial is { Reused: false } dial ? dial.Error?.Class : null)
                )
                .OfType<string>()
                .Where(static error => error != ErrorClass.Cancelled)
                .CountBy(static error => error)
                .Select(static error => new NamedCount(error.Key, error.Value))
                .OrderByDescending(static error => error.Count)
                .ThenBy(static error => error.Name, StringComparer.Ordinal),
        ];

    private static FigureLine Line(ComparedFigure figure)
    {
        var (unit, scale) = figure.Figure.Unit switch
        {
            FigureUnit.Nanoseconds => ("ms", 1e-6),
            FigureUnit.Share => ("share", 1.0),
            _ => ("count", 1.0),
        };
        return new FigureLine(
            figure.Figure.Label,
            unit,
            figure.A is { } a ? Math.Round(a * scale, 4) : null,
            figure.B is { } b ? Math.Round(b * scale, 4) : null,
            figure.Verdict.Text,
            figure.Verdict.Better
        );
    }

    private static TimeDifference Line(LostTime lost) => new(lost.Name, Ms(lost.A), Ms(lost.B), lost.Significant);

    private static double Ms(double ns) => Math.Round(ns / 1e6, 3);

    private static int Within(int value, int most, string name) =>
        value >= 1 && value <= most ? value : throw new McpException($"{name} is 1 to {most}.");

    private static Dictionary<string, StringValues> Parameters(
        Dictionary<string, string>? filters,
        params ReadOnlySpan<(string Name, string? Value)> others
    )
    {
        var all = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var (name, value) in filters ?? [])
        {
            if (name is "sort" or "at" || !QueryListAddress.Names.Contains(name))
            {
                var names = QueryListAddress.Names.Where(static known => known is not ("sort" or "at"));
                throw new McpException($"\"{name}\" is no filter; filters are {string.Join(", ", names)}.");
            }

            all[name] = value;
        }

        foreach (var (name, value) in others)
        {
            if (value is not null)
            {
                all[name] = value;
            }
        }

        return all;
    }

    private static QueryListAddress Address(Dictionary<string, string>? filters, params ReadOnlySpan<(string Name, string? Value)> others)
    {
        var address = QueryListAddress.Parse(new QueryCollection(Parameters(filters, others)));
        Refuse(address.NamesPeerByEnd ? ["Give the whole id of a peer, not its end."] : address.Problems);
        return address;
    }

    private static ComparedSet Set(string prefix, Dictionary<string, string> filters)
    {
        var set = ComparedSet.Of(prefix, Address(filters));
        Refuse([.. set.Problems]);
        return set;
    }

    private static void Refuse(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new McpException(string.Join(' ', problems));
        }
    }

    private string PeerLink(string peer) => $"{_site}/peers/{Uri.EscapeDataString(peer)}";

    private OperationLine Line(ListedOperation row) => Line(row.Operation, row.Decisive);

    private OperationLine Line(Operation operation, QuerySummary? decisive) =>
        new(
            operation.Id.ToString(),
            $"{_site}/q/{operation.Id}",
            Words.Of(operation.Type),
            operation.Key?.Text,
            Words.Of(operation.Outcome),
            operation.Error?.Class,
            DateTime.UnixEpoch.AddTicks((long)(operation.StartUnixNano / 100)),
            Milliseconds.OfNs(operation.DurationNs),
            Milliseconds.OfNs(operation.DiscoveryNs),
            operation.Results,
            decisive?.Hops,
            decisive?.Counts.Queried,
            operation.Service,
            operation.Node
        );

    private PeerLine Line(PeerSummary peer) =>
        new(
            peer.PeerId,
            PeerLink(peer.PeerId),
            peer.Agents.IsEmpty ? null : peer.Agents[^1].Text,
            peer.Seen,
            peer.Queried,
            peer.Answered,
            peer.Failures,
            Milliseconds.OfNs(peer.TimeLostNs),
            Milliseconds.OfNs(peer.RequestLatency.P50?.Value),
            Milliseconds.OfNs(peer.DialLatency.P50?.Value)
        );
}
