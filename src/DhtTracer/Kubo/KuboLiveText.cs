using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Node;
using DhtTracer.Output;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Kubo;

/// <summary>
/// Writes the events of a Kubo as they arrive, one line per finished peer: <c>  3  12D3KooW…wkNXc7    12ms, 2/20 peers</c> (new peers /
/// peers in the answer).
/// </summary>
internal sealed class KuboLiveText(TextWriter output)
{
    private readonly Dictionary<string, int> _order = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<TimeSpan>> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _dialed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _heard = new(StringComparer.Ordinal);

    /// <summary>Processes an event.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="at">Time since the start.</param>
    public void Write(KuboEvent happened, TimeSpan at)
    {
        switch (happened.Type)
        {
            case KuboEventType.DialingPeer:
                Order(happened.Peer);
                _dialed.TryAdd(happened.Peer, at);
                break;
            case KuboEventType.SendingQuery:
                Order(happened.Peer);
                Waiting(happened.Peer).Enqueue(at);
                break;
            case KuboEventType.PeerResponse:
                var fresh = happened.Responses.Count(response => _heard.Add(response.Id));
                Write(
                    happened.Peer,
                    $"{Took(happened.Peer, at)}{(happened.Responses.IsEmpty ? "" : $", {fresh}/{happened.Responses.Length} peers")}"
                );
                break;
            case KuboEventType.QueryError when happened.Peer.Length > 0:
                Write(happened.Peer, $"✗ {Took(happened.Peer, at)} {Begin(happened.Extra)}");
                break;
            case KuboEventType.QueryError:
                output.WriteLine(PlainText.Safe($"     {Begin(happened.Extra)}"));
                break;
            case KuboEventType.Provider:
                output.WriteLine(
                    PlainText.Safe(
                        $"     after {ResultText.Duration(at)}: {happened.Responses.Length} "
                            + $"{(happened.Responses.Length == 1 ? "provider" : "providers")}"
                    )
                );
                break;
            default:
                break;
        }
    }

    /// <summary>The results of the command, one line each, in order of arrival.</summary>
    public static IEnumerable<string> Results(IEnumerable<Span> spans, QueryType type)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var span in spans)
        {
            var told = span.Name switch
            {
                nameof(KuboEventType.Provider) => Peers(span),
                nameof(KuboEventType.FinalPeer) when type == QueryType.FindPeer => Peers(span),
                nameof(KuboEventType.FinalPeer) => [span.Attributes.GetString(KuboEventNames.Peer) ?? ""],
                nameof(KuboEventType.Value) when span.Attributes.GetString(KuboEventNames.Extra) is { } value => ["base64:" + value],
                _ => [],
            };
            foreach (var line in told.Where(line => line.Length > 0 && seen.Add(line)))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<string> Peers(Span span)
    {
        var ids = (span.Attributes[KuboEventNames.Responses] as ArrayValue)?.Values ?? [];
        var addresses = (span.Attributes[KuboEventNames.Addresses] as ArrayValue)?.Values ?? [];
        return ids.Select((id, index) => $"{id.AsString()} {(index < addresses.Length ? addresses[index].AsString() : "")}".TrimEnd());
    }

    private void Order(string peer)
    {
        _heard.Add(peer);
        _order.TryAdd(peer, _order.Count + 1);
    }

    private Queue<TimeSpan> Waiting(string peer) => _asked.TryGetValue(peer, out var waiting) ? waiting : _asked[peer] = [];

    private string Took(string peer, TimeSpan at) =>
        Waiting(peer).TryDequeue(out var asked) ? ResultText.Duration(at - asked)
        : _dialed.TryGetValue(peer, out var dialed) ? $"dial {ResultText.Duration(at - dialed)}"
        : "";

    private void Write(string peer, string what) =>
        output.WriteLine(
            PlainText.Safe($"{(_order.TryGetValue(peer, out var order) ? order : null), 4} {PlainText.Middle(peer, 15), -15}  {what}")
        );

    /// <summary>A dial error lists every address on its own line.</summary>
    private static string Begin(string text) => PlainText.End(text.Split('\n')[0], 120);
}
