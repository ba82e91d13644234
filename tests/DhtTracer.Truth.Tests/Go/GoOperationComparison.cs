using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>Compares what a query gave its caller with what the caller got.</summary>
internal sealed class GoOperationComparison(Differences differences, Place place, GoTruth truth, Query query)
{
    /// <summary>By how much a time may differ that another goroutine took; under load it lags behind.</summary>
    private const long ClocksNs = 9_000_000;

    /// <summary>What an operation of the truth is; null for what is no query (the refresh of the routing table).</summary>
    public static QueryType? Type(string op) =>
        op switch
        {
            "FindPeer" => QueryType.FindPeer,
            "FindProvidersAsync" => QueryType.GetProviders,
            "Provide" or "ProvideMany" => QueryType.AddProvider,
            "PutValue" => QueryType.PutValue,
            "GetValue" or "SearchValue" or "GetPublicKey" => QueryType.GetValue,
            "GetClosestPeers" => QueryType.GetClosestPeers,
            "Ping" => QueryType.Ping,
            _ => null,
        };

    /// <summary>The bytes of the key; null for an operation with several keys.</summary>
    public static string? KeyBytes(GoTruth truth) =>
        truth.Op switch
        {
            "ProvideMany" => null,

            // The key of a peer's public key is its record's.
            "GetPublicKey" => Convert.ToHexStringLower("/pk/"u8) + truth.Key.Bytes,
            _ => truth.Key.Bytes,
        };

    /// <summary>How the operation ended for its caller.</summary>
    public static QueryOutcome Outcome(GoTruth truth)
    {
        var results = truth.Results?.Count ?? 0;
        var searches = Type(truth.Op) is QueryType.FindPeer or QueryType.GetProviders or QueryType.GetValue && truth.Op != "GetPublicKey";
        if (searches ? results > 0 : truth.Error is null && truth.Args.CtxErr is null)
        {
            return QueryOutcome.Success;
        }

        var text = $"{truth.Error} {truth.Args.CtxErr}";
        var took = truth.End - truth.Start;
        return text.Contains("deadline", StringComparison.Ordinal) || truth.Args.TimeoutMs * 1_000_000 <= took ? QueryOutcome.TimedOut
            : text.Contains("canceled", StringComparison.Ordinal) || truth.Args.CancelAfterMs * 1_000_000 <= took ? QueryOutcome.Cancelled
            : truth.Error is null || truth.Error.Contains("not found", StringComparison.Ordinal) ? QueryOutcome.NotFound
            : QueryOutcome.Failed;
    }

    public void Compare(GoLookupTruth? lookup)
    {
        differences.Within(place, "start", (long)query.StartUnixNano, truth.Start, 5_000_000);
        differences.Within(place, "duration", query.DurationNs, truth.End - truth.Start, 5_000_000);
        var outcome = Outcome(truth);
        differences.Same(place, "outcome", query.Outcome == QueryOutcome.Incomplete ? null : query.Outcome, outcome);
        Results(outcome);
        if (outcome == QueryOutcome.Success)
        {
            Discovery(lookup);
        }
        else
        {
            differences.Must(place, "no discovery", query.DiscoveryNs, null);
        }
    }

    private void Results(QueryOutcome outcome)
    {
        var results = truth.Results?.Count ?? 0;
        switch (query.Type)
        {
            case QueryType.FindPeer or QueryType.GetProviders:
            case QueryType.GetValue when truth.Op != "GetPublicKey":
                differences.Same(place, "results", query.Counts.Results, results);
                break;
            case QueryType.GetClosestPeers when outcome == QueryOutcome.Success:
                differences.Same(place, "results (closest)", query.Counts.Results, results);
                break;
            case QueryType.AddProvider:
                var sent = Servers("ADD_PROVIDER").Count;
                differences.Same(place, "sent", query.Counts.Sent, sent);
                differences.Same(place, "results", query.Counts.Results, sent);
                break;
            case QueryType.PutValue:
                // A store that the library took back, because it had enough, may have been answered all the same.
                var taken = query
                    .Peers.SelectMany(static peer => peer.Requests)
                    .Count(static request => request is { Type: MessageType.PutValue, Outcome: RequestOutcome.Cancelled });
                differences.Within(
                    place,
                    "results",
                    query.Counts.Results,
                    truth
                        .ServerMessages!.Where(static message => message is { Type: "PUT_VALUE", Result: "answered" })
                        .Select(static message => message.Server)
                        .Distinct()
                        .Count(),
                    taken
                );
                break;
            case QueryType.Ping:
                differences.Same(place, "results", query.Counts.Results, truth.Error is null ? 1 : 0);
                break;
            default:
                break;
        }
    }

    private HashSet<string> Servers(string type) =>
        [.. (truth.ServerMessages ?? []).Where(message => message.Type == type).Select(static message => message.Server)];

    private void Discovery(GoLookupTruth? lookup)
    {
        switch (query.Type)
        {
            case QueryType.FindPeer when lookup is not null && lookup.Heard.TryGetValue(truth.Results![0].Peer!, out var heard):
                differences.Within(
                    place,
                    "discovery (peer)",
                    query.DiscoveryNs,
                    heard.Referrer is null ? 0 : heard.At - (long)query.StartUnixNano,
                    ClocksNs
                );
                differences.Same(
                    place,
                    "discovered by",
                    query.DiscoveryNs is null ? null : query.DiscoveredBy ?? "none",
                    heard.Referrer ?? "none"
                );
                break;
            case QueryType.GetProviders:
                differences.Within(
                    place,
                    "discovery (provider)",
                    query.DiscoveryNs,
                    truth.Results![0].T - (long)query.StartUnixNano,
                    ClocksNs
                );
                break;
            case QueryType.GetValue when truth.Op == "SearchValue":
                differences.Within(
                    place,
                    "discovery (value)",
                    query.DiscoveryNs,
                    truth.Results![^1].T - (long)query.StartUnixNano,
                    ClocksNs
                );
                break;
            case QueryType.GetClosestPeers when lookup is not null:
                Closest(lookup, [.. truth.Results!.Select(static result => result.Peer!)]);
                break;
            case QueryType.AddProvider when lookup is not null:
                Closest(lookup, Servers("ADD_PROVIDER"));
                break;
            case QueryType.PutValue when lookup is not null:
                Closest(lookup, Servers("PUT_VALUE"));
                break;
            default:
                break;
        }
    }

    private void Closest(GoLookupTruth lookup, HashSet<string> closest)
    {
        if (closest.Count == 0 || !closest.All(lookup.Heard.ContainsKey))
        {
            return;
        }

        var last = closest.Max(peer => lookup.Heard[peer] is { Referrer: not null } heard ? heard.At - (long)query.StartUnixNano : 0);
        differences.Within(place, "discovery (closest)", query.DiscoveryNs, last, ClocksNs);
    }
}
