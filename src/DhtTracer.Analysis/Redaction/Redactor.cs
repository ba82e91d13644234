using System.Collections.Immutable;
using System.Text;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Redaction;

/// <summary>
/// Replaces addresses, peer ids, keys, names and ids of traces before something is shared. Times, distances, counts and outcomes stay what
/// they are. <c>docs/redaction.md</c> says what is hidden and what is not.
/// </summary>
/// <param name="secret">What the pseudonyms follow from.</param>
public sealed class Redactor(RedactionSecret secret)
{
    private readonly AddressRedaction _addresses = new(secret);

    /// <summary>An operation and its queries without what identifies somebody.</summary>
    public (Operation Operation, ImmutableArray<Query> Queries) Redact(Operation operation, IEnumerable<Query> queries)
    {
        var all = queries.ToList();
        var text = Text([operation.Key, .. all.Select(static query => query.Key)]);
        return (Redact(operation, text), [.. all.Select(query => Redact(query, text))]);
    }

    /// <summary>A query without what identifies somebody.</summary>
    public Query Redact(Query query) => Redact(query, Text([query.Key]));

    /// <summary>A row of a list without what identifies somebody.</summary>
    public QuerySummary Redact(QuerySummary query) => Summary(query, Text([query.Key]));

    /// <summary>The spans of a redacted operation. A program's own spans hold too much to be redacted.</summary>
    public IReadOnlyList<Span> Spans(Operation operation, IEnumerable<Query> queries)
    {
        var (redacted, others) = Redact(operation, queries);
        return RequestTraceSpans.Of(redacted, others);
    }

    private TextRedaction Text(IEnumerable<QueryKey?> keys) => new(secret, _addresses, keys.OfType<QueryKey>());

    private Operation Redact(Operation operation, TextRedaction text) =>
        operation with
        {
            Id = secret.Id(operation.Id),
            Key = Key(operation.Key),
            Service = Word("service", operation.Service),
            Instance = operation.Instance is { } instance
                ? PeerText.KadId(instance) is { } position
                    ? secret.Position(position)
                    : secret.Word("instance", instance)
                : null,
            Node = Peer(operation.Node),
            Error = Error(operation.Error, text),
            Queries = [.. operation.Queries.Select(query => query with { Id = secret.Id(query.Id) })],
            Decisive = operation.Decisive is { } decisive ? secret.Id(decisive) : null,
            Routers =
            [
                .. operation.Routers.Select(router =>
                    router with
                    {
                        SpanId = secret.Span(router.SpanId),
                        Name = text.Of(router.Name),
                        Error = Error(router.Error, text),
                    }
                ),
            ],
            Parts = [.. operation.Parts.Select(secret.Id)],
            Context =
            [
                .. operation.Context.Select(above => new OperationContext(
                    secret.Span(above.SpanId),
                    text.Of(above.Name),
                    above.Detail is { } detail
                        // A command of Kubo's API says what was done. Any other text may be a path, a file's name or a key.
                        ? detail.StartsWith("/api/v0/", StringComparison.Ordinal)
                            ? text.Of(detail)
                            : secret.Word("text", detail)
                        : null
                )),
            ],
            Command = operation.Command is { } command ? secret.Span(command) : null,
            Fates = Fates(operation.Fates, text),
        };

    private ProviderFates? Fates(ProviderFates? fates, TextRedaction text) =>
        fates is null
            ? null
            : fates with
            {
                Cid = TargetKey.OfCid(fates.Cid) is { } cid ? secret.Position(cid.KadId) : secret.Word("cid", fates.Cid),
                SentBy = fates.SentBy is { } sender ? secret.Peer(sender) : null,
                Providers =
                [
                    .. fates.Providers.Select(provider =>
                        provider with
                        {
                            Peer = secret.Peer(provider.Peer),
                            ErrorText = provider.ErrorText is { } error ? text.Of(error) : null,
                            Addresses = [.. provider.Addresses.Select(_addresses.Multiaddr)],
                            Agent = provider.Agent is { } agent ? text.Agent(agent) : null,
                        }
                    ),
                ],
            };

    private Query Redact(Query query, TextRedaction text) =>
        (Query)Summary(query, text) with
        {
            Peers = [.. query.Peers.Select(peer => Redact(peer, text))],
        };

    private QuerySummary Summary(QuerySummary query, TextRedaction text) =>
        query with
        {
            Id = secret.Id(query.Id),
            OperationId = secret.Id(query.OperationId),
            Key = Key(query.Key),
            Service = Word("service", query.Service),
            Node = Peer(query.Node),
            Error = Error(query.Error, text),
            DiscoveredBy = Peer(query.DiscoveredBy),
        };

    private QueryPeer Redact(QueryPeer peer, TextRedaction text) =>
        peer with
        {
            Id = secret.Peer(peer.Id),
            Referrer = Peer(peer.Referrer),
            AskedAfter = Peer(peer.AskedAfter),
            Dial = peer.Dial is { } dial ? dial with { Error = Error(dial.Error, text) } : null,
            Requests =
            [
                .. peer.Requests.Select(request =>
                    request with
                    {
                        Error = Error(request.Error, text),
                        Named = request.Named.IsDefault ? default : [.. request.Named.Select(secret.Peer)],
                        Ipns = request.Ipns is { } ipns ? ipns with { Value = Path(ipns.Value) } : null,
                    }
                ),
            ],
            Agent = peer.Agent is { } agent ? text.Agent(agent) : null,
            Addresses = [.. peer.Addresses.Select(_addresses.Multiaddr)],
            Protocols = [.. peer.Protocols.Select(text.Protocol)],
        };

    private QueryKey? Key(QueryKey? key)
    {
        if (key is null)
        {
            return null;
        }

        var position = KadId.FromBytes(Convert.FromHexString(key.KadId));
        var name = secret.Position(position);
        return new QueryKey(name, Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name)), Pseudonym.KadId(name)!.Value.ToString());
    }

    /// <summary>A path such as <c>/ipfs/bafy…</c>: which one it is stays known, where it leads to does not.</summary>
    private string Path(string path) =>
        $"/{(path.StartsWith("/ipns/", StringComparison.Ordinal) ? "ipns" : "ipfs")}/{secret.Word("path", path)}";

    private string? Peer(string? id) => id is null ? null : secret.Peer(id);

    private string? Word(string kind, string? text) => text is null ? null : secret.Word(kind, text);

    private static TraceError? Error(TraceError? error, TextRedaction text) =>
        error?.Text is { } told ? error with { Text = text.Of(told) } : error;
}
