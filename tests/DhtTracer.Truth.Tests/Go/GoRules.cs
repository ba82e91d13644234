using DhtTracer.Traces.Model;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>
/// Rules that are not certain, written down again in the plainest way and from the spans alone: where they give another value than the
/// truth, we may give it too, and nowhere else. Alpha: the greatest number of peers that were out at once (671 of 674). A dial without a
/// request failed when it ended before the lookup was over (1,494 of 1,500). K: the longest answer without the target (455 of 464).
/// </summary>
internal sealed class GoRules
{
    private readonly Dictionary<string, List<Span>> _children = [];
    private readonly List<Span> _below = [];

    public GoRules(IReadOnlyList<Span> trace, SpanId root)
    {
        foreach (var span in trace)
        {
            var parent = span.ParentSpanId.ToString();
            _children.TryAdd(parent, []);
            _children[parent].Add(span);
        }

        Collect(root.ToString());
        var spawns = Named("SpawnQuery").ToList();
        var requests = _below.Where(static span => span.Name.Contains(".ProtocolMessenger.", StringComparison.Ordinal)).ToList();
        var inLookup = requests.Where(request => Named("RunQuery").Any(run => run.SpanId == request.ParentSpanId)).ToList();
        var outs = new List<(ulong From, ulong To)>();
        foreach (var spawn in spawns)
        {
            var peer = spawn.Attributes.GetString("QueryPeer")!;
            var end =
                inLookup.Find(request => request.Attributes.GetString("to") == peer)?.EndUnixNano
                ?? Named("DialPeer").FirstOrDefault(dial => dial.Attributes.GetString("PeerID") == peer)?.EndUnixNano;
            if (end is { } ended)
            {
                outs.Add((spawn.StartUnixNano, ended));
            }
        }

        Alpha = outs.Count == 0 ? null : outs.Max(at => outs.Count(other => other.From <= at.From && other.To > at.From));
    }

    public int? Alpha { get; }

    public int? K(string? target, string self)
    {
        var answers = _below
            .Where(static span =>
                span.Name.EndsWith("Messenger.GetClosestPeers", StringComparison.Ordinal)
                || span.Name.EndsWith("Messenger.GetValue", StringComparison.Ordinal)
            )
            .Select(static span => span.Attributes["peers"] ?? span.Attributes["closestPeers"])
            .OfType<ArrayValue>()
            .Select(answer =>
                answer
                    .Values.Select(static value => value.AsString()!.Trim('{', '}').Split(':')[0])
                    .Where(peer => peer.Length > 0 && peer != target && peer != self)
                    .Distinct()
                    .Count()
            )
            .ToList();
        return answers.Count == 0 ? null : answers.Max();
    }

    /// <summary>Whether the dial of a peer without a request failed; null when the rule does not say.</summary>
    public bool? DialFailed(string peer)
    {
        if (
            Named("DialPeer").FirstOrDefault(dial => dial.Attributes.GetString("PeerID") == peer) is not { } dial
            || Named("Query.Terminate").MinBy(static span => span.StartUnixNano) is not { } end
        )
        {
            return null;
        }

        var over = end.StartUnixNano;
        if (end.Attributes.GetString("Reason") == "cancelled")
        {
            var cut = _below.Where(static span =>
                span.Name.Contains(".ProtocolMessenger.", StringComparison.Ordinal)
                && span.Status?.Message is { } text
                && !text.Contains("all dials failed", StringComparison.Ordinal)
                && (text.Contains("context ", StringComparison.Ordinal) || text.Contains("i/o deadline", StringComparison.Ordinal))
            );
            over = cut.Select(static span => span.EndUnixNano).Append(over).Min() - 1_000_000;
        }

        return dial.EndUnixNano < over;
    }

    private IEnumerable<Span> Named(string name) => _below.Where(span => span.Name == "KademliaDHT.IpfsDHT." + name);

    private void Collect(string id)
    {
        foreach (var child in _children.GetValueOrDefault(id, []))
        {
            _below.Add(child);
            Collect(child.SpanId.ToString());
        }
    }
}
