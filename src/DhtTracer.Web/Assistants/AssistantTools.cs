using System.Collections.Immutable;
using System.ComponentModel;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Records;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace DhtTracer.Web.Assistants;

/// <summary>The tools. Each reads; none changes anything. Filters are those of the site, read by the same code.</summary>
internal sealed class AssistantTools(TraceStore store, TimeProvider clock, IHttpContextAccessor http)
{
    private const int MostRows = 50;
    private const int MostNames = 10;

    private const string FilterText =
        "Which operations; all when left out. Conditions that must all hold, for example: type:get-providers -outcome:success slower:2s "
        + "since:24h. Names: key (CID, peer id, /ipns/…, or how its text begins), peer (one that was dialed or asked), type (find-peer, "
        + "get-providers, add-provider, get-value, put-value, get-closest-peers), outcome (success, not-found, failed, timed-out, "
        + "cancelled, incomplete), error and peererror (classes such as dial-timeout), lint (DHT005), agent (how an agent version "
        + "begins), source, service, node, slower, faster (250ms, 2s), minhops, maxhops, since (24h), from, to (UTC: 2026-11-22T08:44), "
        + "background (1: also lookups that nodes make for themselves; only: only these). A minus sign negates. Values with spaces "
        + "stand in quotes. What is not understood is an error that says what is possible.";

    private const string RangeText = "A stretch of time that ends now: 1h, 6h, 24h, 7d, 30d or all. Not together with from and to.";

    private readonly AssistantLines _lines = AssistantLines.Of(http.HttpContext);

    [McpServerTool(Name = "search_operations", Title = "Search operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Lists what was asked of the DHT, one line for each operation, with its outcome and duration. At most 50 at once.")]
    public async Task<OperationLines> SearchAsync(
        [Description(FilterText)] string? filter = null,
        [Description("newest (default), oldest, slowest, fastest, most-peers or most-hops.")] string? sort = null,
        [Description("Lines, 1 to 50; 20 when left out.")] int limit = 20,
        [Description("`next` of another answer with the same filters and order.")] string? at = null,
        CancellationToken cancellationToken = default
    )
    {
        var address = await AddressAsync(filter, cancellationToken, ("sort", sort), ("at", at));
        try
        {
            var page = await store.ListOperationsAsync(
                address.Filter,
                address.Sort,
                address.Cursor,
                Within(limit, MostRows, nameof(limit)),
                cancellationToken
            );
            return new OperationLines([.. page.Rows.Select(_lines.Of)], page.Next, _lines.Site + address.With());
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
            operation is null ? null : _lines.Of(operation.Operation, query),
            query.Id.ToString(),
            $"{_lines.Site}/q/{query.Id}",
            explanation.Sentence,
            explanation.Hint,
            query.Peers.Length,
            [.. explanation.Blames.Select(AssistantLines.Of)],
            [.. explanation.Culprits.Take(MostNames).Select(_lines.Of)],
            AssistantLines.Failures(query),
            QueryLint.Of(query).Findings
        );
    }

    [McpServerTool(Name = "overview", Title = "Figures of many operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Figures of a set of operations, exact over all of them: success, percentiles of durations, errors, the phases that the time "
            + "went to, and the slowest ones."
    )]
    public async Task<SetFigures> OverviewAsync(
        [Description(FilterText)] string? filter = null,
        [Description(RangeText)] string? range = null,
        CancellationToken cancellationToken = default
    )
    {
        var address = await AddressAsync(filter, cancellationToken);
        var stretch = TimeRange.Parse(range, address, clock.GetUtcNow()) ?? TimeRange.All;
        if (range is not null && TimeRange.Named(range, clock.GetUtcNow()) is null)
        {
            throw new McpException(TimeRange.Problem(range));
        }

        var narrowed = address.Filter with { FromUnixNano = stretch.FromUnixNano, ToUnixNano = stretch.ToUnixNano };
        var set = await store.ReadOperationsAsync(narrowed, cancellationToken);
        var figures = OverviewFacts.Of(set);
        var slowest = await store.ListOperationsAsync(narrowed, QuerySort.Slowest, null, MostNames, cancellationToken);
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
                : set.Phases.Names.ToImmutableSortedDictionary(static name => name, name => AssistantLines.Ms(set.Phases.Mean(name).Mean)),
            [.. slowest.Rows.Select(_lines.Of)],
            _lines.Site + "/" + stretch.Narrow(address).Parameters() + (stretch == TimeRange.All && !address.IsFiltered ? "?range=all" : "")
        );
    }

    [McpServerTool(Name = "compare", Title = "Compare two sets of operations", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Compares set B with set A: every figure with a verdict that is beyond chance or says that it is not, and where the "
            + "difference in time comes from."
    )]
    public async Task<ComparedSets> CompareAsync(
        [Description("Set A. " + FilterText)] string a,
        [Description("Set B, in the same words.")] string b,
        CancellationToken cancellationToken = default
    )
    {
        var (setA, setB) = (await SetAsync("a", a, cancellationToken), await SetAsync("b", b, cancellationToken));
        var found = await SetComparison.ReadAsync(store, setA, setB, cancellationToken);
        return new ComparedSets(
            found.A.Count,
            found.B.Count,
            [.. found.Result.Figures.Select(AssistantLines.Of)],
            [.. found.Reasons.Phases.Select(AssistantLines.Of)],
            [.. found.Reasons.ErrorClasses.Select(AssistantLines.Of)],
            _lines.Site + ComparedSet.Compare(setA, setB)
        );
    }

    [McpServerTool(Name = "list_peers", Title = "List peers", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "Peers over a set of operations: how often each was met, asked, answered and failed, and how long operations waited for it."
    )]
    public async Task<PeerLines> PeersAsync(
        [Description(FilterText)] string? filter = null,
        [Description(RangeText)] string? range = null,
        [Description("Part of a peer id or of an agent version.")] string? find = null,
        [Description("Greatest first by: lost (default), failed, seen, queried, answered, slow, p95, dial, named.")] string? order = null,
        [Description("Lines, 1 to 50; 20 when left out.")] int limit = 20,
        CancellationToken cancellationToken = default
    )
    {
        var parameters = Parameters(("q", filter), ("range", range), ("find", find), ("order", order));
        var search = await PeerSearch.Parse(parameters, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        Refuse(search.Problems);
        var found = await search.ReadAsync(store, 0, Within(limit, MostRows, nameof(limit)), cancellationToken);
        return new PeerLines([.. found.Peers.Select(_lines.Of)], found.Count, found.Operations);
    }

    [McpServerTool(Name = "record", Title = "Life of one record", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "The life of one provider or IPNS record over all operations that touched it: publications, holders found by each lookup, what "
            + "happened between them, and what is wrong with it. Says what was seen and what was computed."
    )]
    public async Task<RecordStory> RecordAsync(
        [Description("The key: a CID or /ipns/ name in any encoding.")] string key,
        [Description("Latest publications and lookups, 1 to 50; 20 when left out.")] int limit = 20,
        CancellationToken cancellationToken = default
    )
    {
        var most = Within(limit, MostRows, nameof(limit));
        var life =
            await RecordReading.ReadAsync(store, key, RecordTimes.Amino, cancellationToken)
            ?? throw new McpException("No operation published or looked up this key; search_operations finds keys.");
        return RecordStory.Of(life, most, _lines.Site);
    }

    [McpServerTool(Name = "network", Title = "The network", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description(
        "What many lookups show of the network: peers that answer with an interval, dense parts of the key space, lookups whose key "
            + "somebody may surround, recall, dead and unreachable peers, agent versions. Says on how many lookups it rests."
    )]
    public async Task<NetworkFigures> NetworkAsync(
        [Description(FilterText)] string? filter = null,
        [Description(RangeText)] string? range = null,
        CancellationToken cancellationToken = default
    )
    {
        var search = await PeerSearch
            .Parse(Parameters(("q", filter), ("range", range)), clock.GetUtcNow())
            .ResolveAsync(store, cancellationToken);
        Refuse(search.Problems);
        var read = await store.ReadNetworkAsync(search.Filter, cancellationToken: cancellationToken);
        return NetworkFigures.Of(
            read.ToReport(),
            MostNames,
            _lines.Site,
            search.Range.Narrow(search.Address).With(("sort", null)).Parameters()
        );
    }

    private static int Within(int value, int most, string name) =>
        value >= 1 && value <= most ? value : throw new McpException($"{name} is 1 to {most}.");

    private static QueryCollection Parameters(params ReadOnlySpan<(string Name, string? Value)> given)
    {
        var all = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var (name, value) in given)
        {
            if (value is not null)
            {
                all[name] = value;
            }
        }

        return new QueryCollection(all);
    }

    private static void Refuse(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new McpException(string.Join(' ', problems));
        }
    }

    private async Task<QueryListAddress> AddressAsync(
        string? filter,
        CancellationToken cancellationToken,
        params (string Name, string? Value)[] others
    )
    {
        var parsed = QueryListAddress.Parse(Parameters([("q", filter), .. others]), clock.GetUtcNow());
        var address = await parsed.ResolveAsync(store, cancellationToken);
        Refuse(address.Problems);
        return address;
    }

    private async Task<ComparedSet> SetAsync(string prefix, string filter, CancellationToken cancellationToken)
    {
        var set = ComparedSet.Of(prefix, await AddressAsync(filter, cancellationToken));
        Refuse([.. set.Problems]);
        return set;
    }
}
