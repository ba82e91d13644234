using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>
/// Query events of Kubo's RPC API, as spans of <see cref="KuboEventSpans"/>: one query for each stream. A stream mixes the WAN and the LAN
/// lookup of a command, and does not show which event belongs to which.
/// </summary>
internal sealed class KuboEventsDialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        foreach (var stream in KuboEventStream.Find(trace))
        {
            var query = new KuboEventsQuery(stream).Build();
            drafts.Add(query);
            drafts.Add(
                new EventStream
                {
                    Id = query.Id,
                    Type = query.Type,
                    KeyBytes = query.Key?.Bytes,
                    Node = query.Node,
                    StartUnixNano = query.StartUnixNano,
                    DurationNs = query.DurationNs,
                    IsTimed = stream.IsTimed,
                    IsWhole = stream.IsWhole,
                    Asked = [.. query.Peers.Where(static peer => !peer.Requests.IsEmpty).Select(static peer => peer.Id)],
                }
            );
        }
    }
}
