using DhtTracer.Analysis;
using DhtTracer.Libp2p.Multiformats;
using DhtTracer.Storage;
using DhtTracer.Web.Live;
using DhtTracer.Web.Node;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Run;

/// <summary>Sends a query to a node and leads to its page, which follows it from the first span on.</summary>
internal sealed class RunModel(NodeAddress node, NodeClient client, TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Connections that are listed.</summary>
    public const int MostPeers = 50;

    private const int MostRecent = 10;

    /// <summary>What was asked for, to be asked again.</summary>
    public RunRequest Asked { get; private set; } = new("find-peer", "", "");

    /// <summary>What is wrong with it, or what the node said.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What happened, when there is no page to show it.</summary>
    public string? Notice { get; private set; }

    /// <summary>What the node says of itself; null when it is away.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Why there is no state.</summary>
    public string? Away { get; private set; }

    /// <summary>Whether this reader may use the node.</summary>
    public bool IsAllowed => node.IsAllowed(HttpContext);

    /// <summary>Where the node is looked for.</summary>
    public Uri? NodeUrl => node.Url;

    /// <summary>The latest queries of this node.</summary>
    public IReadOnlyList<QuerySummary> Recent { get; private set; } = [];

    /// <summary>Connections come and go without a query, so the page looks by the clock.</summary>
    public LivePage Live { get; } = new() { Mode = "tick", EveryMs = 3000 };

    /// <summary>The command that starts a node where this page looks for it.</summary>
    public string StartCommand =>
        $"dht-tracer node --control-port {NodeUrl?.Port ?? 7000} --site {Request.Scheme}://{(Request.Host.HasValue ? Request.Host.Value : "127.0.0.1:5080")}";

    /// <summary>Shows the form; its address can fill it in: <c>/run?op=get-value&amp;key=/v/name</c>.</summary>
    public async Task OnGetAsync(string? op, string? key, string? value, CancellationToken cancellationToken)
    {
        Asked = new RunRequest(RunRequest.Operations.Any(operation => operation.Name == op) ? op! : "find-peer", Short(key, RunRequest.LongestKey), Short(value, RunRequest.LongestValue));
        await LoadAsync(cancellationToken);
    }

    /// <summary>Begins the query and leads to its page.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? op, [FromForm] string? key, [FromForm] string? value, CancellationToken cancellationToken)
    {
        Asked = new RunRequest(op ?? "", key?.Trim() ?? "", value ?? "");
        Problems.AddRange(IsAllowed ? Asked.Problems() : ["Only a reader on the machine of this site may run queries; start the site with --node URL to allow all."]);
        if (Problems.Count > 0)
        {
            Response.StatusCode = IsAllowed ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        }
        else
        {
            try
            {
                if (await client.BeginAsync(Asked.Command(), cancellationToken) is { } query)
                {
                    return Redirect(Waiting.Address(query, clock.GetUtcNow()));
                }

                Notice = "The node runs it, but it exports no spans, so nothing of it will be seen here.";
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

    private static string Short(string? text, int longest) => text is null ? "" : text.Length > longest ? text[..longest] : text;

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (!IsAllowed)
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
            Recent = (await store.ListQueriesAsync(new QueryFilter { Node = id.ToString() }, limit: MostRecent, cancellationToken: cancellationToken)).Rows;
        }
    }
}
