using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// The document of <c>/api/v1/queries/ID</c> as the definitions of docs/architecture.md demand it, worked out from raw facts alone: nothing
/// of the analysis is used, and of the lookup only what cannot be derived.
/// </summary>
/// <param name="truth">What happened.</param>
/// <param name="result">What the caller got.</param>
/// <param name="keyText">Canonical text of the key.</param>
/// <param name="service">Name of the service.</param>
internal sealed class ExpectedQuery(QueryWitness truth, QueryResult result, string keyText, string service)
{
    private readonly string _node = truth.Query.Node.ToString();
    private readonly Dictionary<string, (string? Referrer, int Hops, long HeardNs)> _heard = [];
    private readonly Dictionary<RequestFacts, (List<string> Named, int New)> _answers = [];
    private readonly byte[] _target = SHA256.HashData(truth.Query.Key.Span);

    public JsonObject ToJson()
    {
        HearOfPeers();
        var peers = truth.Peers.ConvertAll(Peer);
        var asked = truth.Peers.Where(peer => peer.Requests.Count > 0).ToList();
        var answered = truth.Peers.Where(peer => peer.Requests.Exists(IsAnswered)).ToList();
        var shown = truth.Peers.ToDictionary(peer => peer, Shown);
        return new JsonObject
        {
            ["id"] = $"{result.Span!.Value.TraceId}-{result.Span.Value.SpanId}",
            ["traceId"] = result.Span.Value.TraceId.ToString(),
            ["spanId"] = result.Span.Value.SpanId.ToString(),
            ["operationId"] = $"{result.Span.Value.TraceId}-{result.Span.Value.SpanId}",
            ["background"] = truth.Query.Background,
            ["skipped"] = truth.Peers.Count == 0 && (truth.End.HasLocalResult || truth.End.Error?.Class == ErrorClass.NoPeers),
            ["type"] = TypeText(truth.Query.Type),
            ["key"] = new JsonObject
            {
                ["text"] = keyText,
                ["bytes"] = Convert.ToHexStringLower(truth.Query.Key.Span),
                ["kadId"] = Convert.ToHexStringLower(_target),
            },
            ["source"] = "native",
            ["service"] = service,
            ["node"] = _node,
            ["startUnixNano"] = ((truth.Query.Start.UtcTicks - DateTime.UnixEpoch.Ticks) * 100).ToString(CultureInfo.InvariantCulture),
            ["durationNs"] = Length(0, truth.Ns(truth.End.Time)),
            ["outcome"] = Words.Of(truth.End.Outcome),
            ["error"] = Error(truth.End.Error),
            ["termination"] = truth.Termination is { } termination ? termination.ToString().ToLowerInvariant() : null,
            ["discoveryNs"] = new ExpectedResults(truth, _target).DiscoveryNs(),
            ["firstAnswerNs"] = truth
                .Ended.Where(IsAnswered)
                .Select(request => (long?)(request.StartNs + Length(request.StartNs, request.EndNs)))
                .Min(),
            ["parameters"] = new JsonObject
            {
                ["alpha"] = truth.Query.Parameters.Alpha,
                ["beta"] = truth.Query.Parameters.Beta,
                ["k"] = truth.Query.Parameters.K,
            },
            ["counts"] = new JsonObject
            {
                ["seen"] = truth.Peers.Count,
                ["queried"] = asked.Count,
                ["dialed"] = truth.Peers.Count(peer => peer.Dials.Exists(dial => !dial.Reused)),
                ["dialFailed"] = truth.Peers.Count(peer => shown[peer] is { Reused: false, Error: { Class: not "cancelled" } }),
                ["toQuery"] = truth.Peers.Count(peer => peer.Requests.Count == 0 && shown[peer] is { Error: null }),
                ["remaining"] = truth.Peers.Count(peer => peer.Requests.Count == 0 && !peer.Dials.Exists(dial => !dial.Reused)),
                ["results"] = new ExpectedResults(truth, _target).Count(),
                ["returned"] = _answers.Where(answer => NamesPeers(answer.Key.Type)).Sum(answer => answer.Value.Named.Count),
                ["duplicates"] = truth.Peers.Sum(Repeats),
            },
            ["xor"] = answered.Count == 0 ? null : answered.Min(peer => Xor(peer.Id)),
            ["hops"] = asked.Count == 0 ? null : asked.Max(peer => _heard[peer.Id].Hops),
            ["peers"] = new JsonArray([.. peers]),
        };
    }

    internal static bool IsAnswered(RequestFacts request) => request.Outcome == RequestOutcome.Answered;

    // Whom the query knew when an answer came decides what was new in it, and who named whom first.
    private void HearOfPeers()
    {
        foreach (var seed in truth.Peers.Where(peer => peer.ToldBy is null))
        {
            _heard.Add(seed.Id, (null, 0, seed.HeardNs));
        }

        foreach (var request in truth.Ended.Where(IsAnswered))
        {
            var named = (request.Answer?.CloserPeers ?? []).Select(peer => peer.Id.ToString()).Where(id => id != _node).Distinct().ToList();
            var fresh = named.Where(id => !_heard.ContainsKey(id)).ToList();
            fresh.ForEach(id => _heard.Add(id, (request.Peer.Id, _heard[request.Peer.Id].Hops + 1, request.EndNs!.Value)));
            _answers.Add(request, (named, fresh.Count));
        }

        Assert.Equal(_heard.Keys.Order(StringComparer.Ordinal), truth.Peers.Select(peer => peer.Id).Order(StringComparer.Ordinal));
    }

    private JsonObject Peer(PeerFacts peer) =>
        new()
        {
            ["id"] = peer.Id,
            ["order"] = truth.Contacted.IndexOf(peer.Id) is >= 0 and var place ? place + 1 : null,
            ["xor"] = Xor(peer.Id),
            ["hops"] = _heard[peer.Id].Hops,
            ["referrer"] = _heard[peer.Id].Referrer,
            ["referrerInferred"] = false,
            ["heardNs"] = _heard[peer.Id].HeardNs,
            ["state"] = State(peer),
            ["dial"] = Shown(peer) is { } dial
                ? new JsonObject
                {
                    ["startNs"] = dial.StartNs,
                    ["durationNs"] = dial.Reused && dial.EndNs == dial.StartNs ? 0 : Length(dial.StartNs, dial.EndNs),
                    ["reused"] = dial.Reused,
                    ["error"] = Error(dial.Error),
                }
                : null,
            ["requests"] = new JsonArray([.. peer.Requests.Select(Request)]),
            ["duplicate"] = Repeats(peer) > 0,
            ["agent"] = peer.Agent,
            ["addresses"] = new JsonArray([.. peer.Addresses.Select(address => (JsonNode?)address)]),
        };

    private JsonObject Request(RequestFacts request)
    {
        var answered = IsAnswered(request);
        var names = answered && NamesPeers(request.Type);
        return new JsonObject
        {
            ["type"] = Words.Of(request.Type),
            ["startNs"] = request.StartNs,
            ["durationNs"] = Length(request.StartNs, request.EndNs),
            ["outcome"] =
                answered && request.Type == MessageType.AddProvider ? "sent" : request.Outcome!.Value.ToString().ToLowerInvariant(),
            ["error"] = Error(request.Error),
            ["returned"] = names ? _answers[request].Named.Count : null,
            ["new"] = names ? _answers[request].New : null,
            ["providers"] =
                answered && request.Type == MessageType.GetProviders
                    ? request.Answer!.ProviderPeers.Select(peer => peer.Id).Distinct().Count()
                    : null,
            ["records"] =
                answered && request.Type == MessageType.GetValue
                    ? request.Answer!.Record is null
                        ? 0
                        : 1
                    : null,
            ["named"] = names ? new JsonArray([.. _answers[request].Named.Select(id => (JsonNode?)id)]) : null,
        };
    }

    // One answer is enough; else the last thing that was tried tells. Whether a peer nobody sent anything waited for its turn, only the
    // lookup knows.
    private static string State(PeerFacts peer)
    {
        if (peer.Requests.Exists(IsAnswered))
        {
            return "answered";
        }

        if (peer.Requests.Count > 0)
        {
            return peer.Requests[^1].Error!.Class == ErrorClass.Cancelled ? "cancelled" : "request-failed";
        }

        if (peer.Dials.Count > 0)
        {
            return peer.Dials[^1].Error switch
            {
                null => "connected",
                { Class: ErrorClass.Cancelled } => "cancelled",
                _ => "dial-failed",
            };
        }

        Assert.True(peer.Peer.State is PeerState.Heard or PeerState.Queued);
        return peer.Peer.State == PeerState.Heard ? "heard" : "queued";
    }

    // A row has room for one dial: the first that made a connection, else the first that tried to, else the first reuse.
    private static DialFacts? Shown(PeerFacts peer) =>
        peer.Dials.Find(dial => dial is { Reused: false, Error: null })
        ?? peer.Dials.Find(dial => !dial.Reused)
        ?? peer.Dials.FirstOrDefault();

    private static int Repeats(PeerFacts peer) => peer.Requests.Count - peer.Requests.Select(request => request.Type).Distinct().Count();

    private static bool NamesPeers(MessageType type) => type is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue;

    private static JsonObject? Error(DhtError? error) =>
        error is null ? null : new JsonObject { ["class"] = error.Class, ["text"] = error.Text };

    // docs/span-conventions.md: the runtime gives a span that takes no time a length of 100 ns. A connection that was open is no span.
    private static long? Length(long startNs, long? endNs) => endNs is { } end ? Math.Max(100, end - startNs) : null;

    private int Xor(string peer)
    {
        Assert.True(PeerId.TryParse(peer, out var id));
        var distance =
            new BigInteger(SHA256.HashData(id.Bytes), isUnsigned: true, isBigEndian: true)
            ^ new BigInteger(_target, isUnsigned: true, isBigEndian: true);
        return (int)distance.GetBitLength();
    }

    private static string TypeText(QueryType type) =>
        type switch
        {
            QueryType.FindPeer => "find-peer",
            QueryType.GetProviders => "get-providers",
            QueryType.AddProvider => "add-provider",
            QueryType.PutValue => "put-value",
            QueryType.GetValue => "get-value",
            QueryType.GetClosestPeers => "get-closest-peers",
            _ => "ping",
        };
}
