using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Node;

/// <summary>The node cannot be reached or does not answer as one. The message is for the reader.</summary>
public sealed class NodeAwayException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The node does not do what it was asked to. The message is its own text, and hostile.</summary>
public sealed class NodeRefusedException(string message) : Exception(message);

/// <summary>A connection of the node.</summary>
/// <param name="Peer">The remote peer id.</param>
/// <param name="Address">Its multiaddr.</param>
/// <param name="LatencyMs">Round trip in milliseconds; null when it was not measured.</param>
internal sealed record NodePeer(string Peer, string Address, double? LatencyMs);

/// <summary>What the node says of itself.</summary>
/// <param name="Id">Its peer id.</param>
/// <param name="Peers">Its connections.</param>
internal sealed record NodeState(string Id, IReadOnlyList<NodePeer> Peers);

/// <summary>What the node says of a query that it began.</summary>
/// <param name="Id">Permalink; null when the node exports no spans, so that nothing of the query will ever be seen.</param>
/// <param name="Notes">What the user should know of how the command is understood. Hostile text.</param>
internal sealed record NodeBegun(QueryId? Id, IReadOnlyList<string> Notes);

/// <summary>Speaks to the control server of a node: <c>/info/node</c> and <c>/cmd?q=…&amp;follow=1</c>.</summary>
internal sealed class NodeClient(NodeAddress node) : IDisposable
{
    private const int LongestAnswer = 4 * 1024 * 1024;
    private const int LongestText = 1000;
    private const int MostNotes = 10;

    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
        }
    )
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = LongestAnswer,
    };

    /// <summary>What the node says of itself.</summary>
    /// <exception cref="NodeAwayException">It does not answer, or it is no node.</exception>
    public async Task<NodeState> GetStateAsync(CancellationToken cancellationToken)
    {
        var (status, text) = await SendAsync("/info/node", cancellationToken);
        try
        {
            return status == HttpStatusCode.OK ? Read(JsonDocument.Parse(text)) : throw NoNode(text);
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw NoNode(text, wrong);
        }
    }

    /// <summary>Starts a query, which keeps running after the answer.</summary>
    /// <param name="command">As on the command line: <c>find-peer 12D3KooW…</c>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="NodeAwayException">It does not answer, or it is no node.</exception>
    /// <exception cref="NodeRefusedException">It does not run this.</exception>
    public async Task<NodeBegun> BeginAsync(string command, CancellationToken cancellationToken)
    {
        var (status, text) = await SendAsync("/cmd?follow=1&q=" + Uri.EscapeDataString(command), cancellationToken);
        if (status != HttpStatusCode.Accepted)
        {
            throw new NodeRefusedException(Short(text));
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            return new NodeBegun(
                QueryId.TryParse(json.RootElement.GetProperty("id").GetString(), out var id) ? id : null,
                json.RootElement.TryGetProperty("notes", out var notes)
                    ? [.. notes.EnumerateArray().Take(MostNotes).Select(static note => Short(note.GetString() ?? ""))]
                    : []
            );
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw NoNode(text, wrong);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static NodeState Read(JsonDocument document)
    {
        using (document)
        {
            var root = document.RootElement;
            var peers = root.GetProperty("peers")
                .EnumerateArray()
                .Select(peer => new NodePeer(
                    peer.GetProperty("peer").GetString() ?? "",
                    peer.GetProperty("address").GetString() ?? "",
                    peer.TryGetProperty("latencyMs", out var latency) && latency.ValueKind == JsonValueKind.Number
                        ? latency.GetDouble()
                        : null
                ));
            return new NodeState(root.GetProperty("id").GetString() ?? "", [.. peers]);
        }
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(string path, CancellationToken cancellationToken)
    {
        if (node.Url is not { } url)
        {
            throw new NodeAwayException("There is no node: its control server is switched off.");
        }

        try
        {
            using var response = await _http.GetAsync(new Uri(url, path), cancellationToken);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException failure)
            when (failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            throw new NodeAwayException($"No node listens on {url}.", failure);
        }
        catch (HttpRequestException failure)
        {
            throw new NodeAwayException($"The node on {url} does not answer: {Short(failure.Message)}", failure);
        }
        catch (TaskCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NodeAwayException($"The node on {url} did not answer within {_http.Timeout.TotalSeconds:0} seconds.", late);
        }
    }

    private NodeAwayException NoNode(string text, Exception? cause = null) =>
        new($"What answers on {node.Url} is no node of DhtTracer. It says: {Short(text)}", cause);

    private static string Short(string text) => text.Trim() is { Length: > LongestText } whole ? whole[..LongestText] + "…" : text.Trim();
}
