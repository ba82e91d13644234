using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Tests.Explain;

/// <summary>Queries written by hand: times in milliseconds after the start.</summary>
internal sealed class QueryBuilder
{
    private readonly List<QueryPeer> _peers = [];

    public Query Query { get; init; } =
        new()
        {
            Id = Parse("00000000000000000000000000000001-0000000000000001"),
            OperationId = Parse("00000000000000000000000000000001-0000000000000001"),
            Type = QueryType.GetClosestPeers,
            Source = TraceSource.Native,
            StartUnixNano = 1,
            Outcome = QueryOutcome.Success,
            Parameters = new QueryParameters(3, 2, 20),
        };

    public static long Ms(double milliseconds) => (long)Math.Round(milliseconds * 1_000_000);

    public static QueryId Parse(string id) =>
        QueryId.TryParse(id, out var parsed) ? parsed : throw new ArgumentException("no query id", nameof(id));

    /// <summary>A peer that was dialed (unless <paramref name="dial"/> is null) and answered.</summary>
    public QueryBuilder Answered(
        string id,
        int xor,
        double heard,
        (double From, double To)? dial,
        (double From, double To) request,
        string? referrer = null,
        int? newPeers = null,
        MessageType type = MessageType.FindNode,
        int? records = null,
        int? providers = null
    ) =>
        Add(
            new QueryPeer
            {
                Id = id,
                Xor = xor,
                Hops = referrer is null ? 0 : 1,
                Referrer = referrer,
                HeardNs = Ms(heard),
                State = PeerState.Answered,
                Dial = dial is { } d ? new PeerDial(Ms(d.From), Ms(d.To) - Ms(d.From), false, null) : null,
                Requests =
                [
                    new PeerRequest
                    {
                        Type = type,
                        StartNs = Ms(request.From),
                        DurationNs = Ms(request.To) - Ms(request.From),
                        Outcome = RequestOutcome.Answered,
                        New = newPeers,
                        Records = records,
                        Providers = providers,
                    },
                ],
            }
        );

    /// <summary>A peer whose dial failed.</summary>
    public QueryBuilder DialFailed(string id, int xor, double heard, double from, double to, string errorClass, string? referrer = null) =>
        Add(
            new QueryPeer
            {
                Id = id,
                Xor = xor,
                Hops = referrer is null ? 0 : 1,
                Referrer = referrer,
                HeardNs = Ms(heard),
                State = PeerState.DialFailed,
                Dial = new PeerDial(Ms(from), Ms(to) - Ms(from), false, new TraceError(errorClass, null)),
            }
        );

    public QueryBuilder Add(QueryPeer peer)
    {
        _peers.Add(peer);
        return this;
    }

    public Query End(double durationMs, double? discoveryMs) =>
        Query with
        {
            DurationNs = Ms(durationMs),
            DiscoveryNs = discoveryMs is { } at ? Ms(at) : null,
            Peers = [.. _peers],
        };
}
