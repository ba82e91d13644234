using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>
/// Writes a query while it runs, one line per finished peer: <c>  3  12D3KooW…wkNXc7  xor 250  hop 1  dial 4ms  FIND_NODE 12ms, 2/20
/// peers</c>.
/// </summary>
internal sealed class LiveWaterfall(TextWriter output) : IQueryObserver
{
    private readonly Dictionary<LookupPeer, (DateTimeOffset Start, string Text)> _dials = [];
    private readonly Dictionary<LookupPeer, (DateTimeOffset Start, MessageType Type)> _requests = [];
    private DateTimeOffset _start;

    /// <inheritdoc/>
    public void QueryStarted(QueryDescription query)
    {
        _start = query.Start;
        output.WriteLine(
            PlainText.Safe(
                $"{Words.Of(query.Type)} {query.KeyText}, alpha {query.Parameters.Alpha}, beta {query.Parameters.Beta}, k "
                    + $"{query.Parameters.K}, {query.RoutingTableSize} peers known"
            )
        );
    }

    /// <inheritdoc/>
    public void DialStarted(LookupPeer peer, DateTimeOffset time) => _dials[peer] = (time, "");

    /// <inheritdoc/>
    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        var duration = ResultText.Duration(time - _dials[peer].Start);
        _dials[peer] = (time, result.Reused ? "connected" : $"dial {duration}");
        if (result.Error is { } error)
        {
            Write(peer, $"✗ dial {duration} {error.Class}");
        }
    }

    /// <inheritdoc/>
    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request) => _requests[peer] = (time, request.Type);

    /// <inheritdoc/>
    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        var (start, type) = _requests[peer];
        var dial = _dials.TryGetValue(peer, out var dialed) && dialed.Text.Length > 0 ? dialed.Text + "  " : "";
        var failed = request.Error is null ? "" : "✗ ";
        var outcome =
            request.Error is { } error ? " " + error.Class
            : request.Answer is { CloserPeers.Count: > 0 } answer ? $", {request.NewPeers.Count}/{answer.CloserPeers.Count} peers"
            : "";
        var found = (request.RecordValid, request.Answer?.ProviderPeers.Count ?? 0) switch
        {
            (true, _) => ", 1 rec",
            (false, _) => ", invalid record",
            (_, 1) => ", 1 provider",
            (_, > 1 and var providers) => $", {providers} providers",
            _ => "",
        };
        Write(peer, $"{dial}{failed}{Words.Of(type)} {ResultText.Duration(time - start)}{found}{outcome}");
        _dials[peer] = (time, "");
    }

    /// <inheritdoc/>
    public void LookupTerminated(DateTimeOffset time, QueryTermination termination) =>
        output.WriteLine($"     lookup {Words.Of(termination)} after {ResultText.Duration(time - _start)}");

    private void Write(LookupPeer peer, string what) =>
        output.WriteLine(
            PlainText.Safe($"{peer.Order, 4} {PlainText.Middle(peer.Text, 15), -15}  xor {peer.Xor, 3}  hop {peer.Hops}  {what}")
        );
}
