using DhtTracer.Analysis.Model;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Multiformats;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Live;
using DhtTracer.Web.Node;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Run;

/// <summary>Sends a query to a node and redirects to the query's page, which shows it live.</summary>
internal sealed class RunModel(NodeAddress node, NodeClient client, KuboRunner kubo, TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Connections that are listed.</summary>
    public const int MostPeers = 50;

    private const int MostRecent = 10;

    /// <summary>What was asked for, to be asked again.</summary>
    public RunRequest Asked { get; private set; } = new("find-peer", "", "", RunRequest.Node);

    /// <summary>What is wrong with it, or what the node said.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What happened, when there is no page to show it.</summary>
    public string? Notice { get; private set; }

    /// <summary>What the node says of how it understood the query, such as that its value is too large for some nodes.</summary>
    public IReadOnlyList<string> NodeNotes { get; private set; } = [];

    /// <summary>Where the query is that was begun and that the node had something to say of; null when there is none.</summary>
    public string? BegunAddress { get; private set; }

    /// <summary>What the node says of itself; null when it is away.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Why there is no state.</summary>
    public string? Away { get; private set; }

    /// <summary>The Kubo that the operator named; null when there is none, and when this reader may not use it.</summary>
    public KuboAddress? Kubo => kubo.IsAllowed(HttpContext) ? kubo.Address : null;

    /// <summary>Who the Kubo is; null when it is away.</summary>
    public KuboIdentity? KuboIdentity { get; private set; }

    /// <summary>Why the Kubo is away.</summary>
    public string? KuboAway { get; private set; }

    /// <summary>Whether this reader may use the node.</summary>
    public bool MayUseNode => node.IsAllowed(HttpContext);

    /// <summary>Whether this reader may use the node or the Kubo.</summary>
    public bool IsAllowed => MayUseNode || Kubo is not null;

    /// <summary>Who runs queries here, with what the page calls them.</summary>
    public IEnumerable<(string Name, string Title)> Places
    {
        get
        {
            if (Kubo is { } address)
            {
                yield return (RunRequest.Kubo, $"Kubo on {address}");
            }

            if (MayUseNode && (State is not null || Kubo is null))
            {
                yield return (RunRequest.Node, $"node on {NodeUrl}");
            }
        }
    }

    /// <summary>Where the node is looked for.</summary>
    public Uri? NodeUrl => node.Url;

    /// <summary>The latest queries of the Kubo, then those of our node.</summary>
    public IReadOnlyList<QuerySummary> Recent { get; private set; } = [];

    /// <summary>Connections change without a query, so the page is refreshed by a timer.</summary>
    public LivePage Live { get; } = new() { Mode = "tick", EveryMs = 3000 };

    /// <summary>The command that starts a node where this page looks for it.</summary>
    public string StartCommand =>
        $"dht-tracer node --control-port {NodeUrl?.Port ?? 7000} "
        + $"--site {Request.Scheme}://{(Request.Host.HasValue ? Request.Host.Value : "127.0.0.1:5080")}";

    /// <summary>Shows the form; its address can fill it in: <c>/run?op=get-value&amp;key=/v/name</c>.</summary>
    public async Task OnGetAsync(string? op, string? key, string? value, string? at, CancellationToken cancellationToken)
    {
        Asked = new RunRequest(
            RunRequest.Operations.Any(operation => operation.Name == op) ? op! : "find-peer",
            Short(key, RunRequest.LongestKey),
            Short(value, RunRequest.LongestValue),
            at ?? (Kubo is null ? RunRequest.Node : RunRequest.Kubo)
        );
        await LoadAsync(cancellationToken);
    }

    /// <summary>Starts the query and redirects to its page.</summary>
    public async Task<IActionResult> OnPostAsync(
        [FromForm] string? op,
        [FromForm] string? key,
        [FromForm] string? value,
        [FromForm] string? at,
        CancellationToken cancellationToken
    )
    {
        Asked = new RunRequest(op ?? "", key?.Trim() ?? "", value ?? "", at ?? RunRequest.Node);
        var isAllowed = Asked.At == RunRequest.Kubo ? Kubo is not null : MayUseNode;
        Problems.AddRange(
            isAllowed
                ? Asked.Problems()
                : ["Only a reader on the machine of this site may run queries; start the site with --node URL to allow all."]
        );
        if (Problems.Count > 0)
        {
            Response.StatusCode = isAllowed ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        }
        else if (Asked.At == RunRequest.Kubo)
        {
            if (await BeginAtKuboAsync(cancellationToken) is { } query)
            {
                return Redirect(Waiting.Address(query, clock.GetUtcNow()));
            }
        }
        else
        {
            try
            {
                var begun = await client.BeginAsync(Asked.Command(), cancellationToken);
                if (begun is { Id: { } query, Notes: [] })
                {
                    return Redirect(Waiting.Address(query, clock.GetUtcNow()));
                }

                // What the node has to say would not be seen on the page of the query.
                NodeNotes = begun.Notes;
                BegunAddress = begun.Id is { } noted ? Waiting.Address(noted, clock.GetUtcNow()) : null;
                Notice = begun.Id is null ? "The node runs it, but it exports no spans, so nothing of it will be seen here." : null;
            }
            catch (NodeRefusedException refused)
            {
                Problems.Add("The node says: " + refused.Message);
                Response.StatusCode = StatusCodes.Status400BadRequest;
            }
            catch (NodeAwayException away)
            {
                Problems.Add("The query was not sent. " + away.Message);
                Response.StatusCode = StatusCodes.Status502BadGateway;
            }
        }

        await LoadAsync(cancellationToken);
        return Page();
    }

    /// <summary>Starts the command at the Kubo; null, with a problem to show, when the Kubo refuses it.</summary>
    private async Task<QueryId?> BeginAtKuboAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await kubo.BeginAsync(Asked.KuboCommand(), cancellationToken);
        }
        catch (KuboException refused)
        {
            Problems.Add(refused.Message);
            Response.StatusCode = refused.Problem is KuboProblem.BadRequest or KuboProblem.Refused
                ? StatusCodes.Status400BadRequest
                : StatusCodes.Status502BadGateway;
            return null;
        }
    }

    private static string Short(string? text, int longest) =>
        text is null ? ""
        : text.Length > longest ? text[..longest]
        : text;

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (Kubo is not null)
        {
            await LoadKuboAsync(cancellationToken);
        }

        if (!MayUseNode)
        {
            return;
        }

        try
        {
            State = await client.GetStateAsync(cancellationToken);
        }
        catch (NodeAwayException away)
        {
            Away = away.Message;
            return;
        }

        if (PeerId.TryParse(State.Id, out var id))
        {
            Recent = [.. Recent, .. await RecentAsync(id.ToString(), cancellationToken)];
        }
    }

    private async Task LoadKuboAsync(CancellationToken cancellationToken)
    {
        try
        {
            KuboIdentity = await kubo.IdentityAsync(cancellationToken);
            Recent = await RecentAsync(KuboIdentity.Id, cancellationToken);
        }
        catch (KuboException away)
        {
            KuboAway = away.Message;
        }
    }

    private async Task<IReadOnlyList<QuerySummary>> RecentAsync(string nodeId, CancellationToken cancellationToken) =>
        (
            await store.ListQueriesAsync(
                new QueryFilter { Skipped = false, Node = nodeId },
                limit: MostRecent,
                cancellationToken: cancellationToken
            )
        ).Rows;
}
