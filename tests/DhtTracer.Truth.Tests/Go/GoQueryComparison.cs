using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>Compares one query with what the library's events and the servers say of it.</summary>
internal sealed class GoQueryComparison(Differences differences, Place place, GoTruth truth, Query query, GoRules rules)
{
    private const string None = "none";

    private readonly Dictionary<string, QueryPeer> _rows = query.Peers.ToDictionary(static peer => peer.Id);

    /// <summary>Compares the lookup with the library's events.</summary>
    public void Lookup(GoLookupTruth lookup)
    {
        differences.Same(place, "node", query.Node, truth.Self);
        if (query.Parameters.K is not null)
        {
            differences.Same(place, "k", query.Parameters.K, truth.Settings.K!.Value);
            differences.Allow("k", rules.K(query.Key?.Text, truth.Self) == truth.Settings.K ? 0 : 1);
        }

        differences.Same(place, "alpha", query.Parameters.Alpha, truth.Settings.Alpha!.Value);
        if (query.Missing.Spans == 0 && rules.Alpha is { } alpha && alpha != truth.Settings.Alpha)
        {
            differences.Allow("alpha", 1);
        }

        if (lookup.Reason is not null)
        {
            differences.Same(place, "termination", query.Termination?.ToString().ToLowerInvariant(), lookup.Reason);
        }

        foreach (var (peer, (cause, _)) in lookup.Spawned)
        {
            if (_rows.TryGetValue(peer, out var row))
            {
                Spawned(lookup, row, cause);
            }
            else
            {
                differences.Must(place.Of(peer), "row of an asked peer", truth.Lost > 0, true);
            }
        }

        foreach (var row in query.Peers)
        {
            Named(lookup, row);
        }

        if (lookup.IsComplete)
        {
            Counts(lookup);
        }
    }

    /// <summary>Compares each request with what its server read and wrote.</summary>
    public void Requests()
    {
        var messages = (truth.ServerMessages ?? []).ToLookup(static message => (message.Server, message.Type));
        Queried(messages);
        foreach (var row in query.Peers)
        {
            foreach (var group in row.Requests.GroupBy(static request => request.Type))
            {
                var type = Words(group.Key);
                var read = messages[(row.Id, type)].ToList();
                foreach (var request in group)
                {
                    Request(place.Of(row.Id), request, read, group.Count() == 1);
                }
            }
        }
    }

    /// <summary>
    /// Peers count as queried when they were sent a request. A server that read one was; one that read none may have been, when the request
    /// was cut off on its way.
    /// </summary>
    private void Queried(ILookup<(string Server, string Type), GoServerMessage> messages)
    {
        if (query.Counts.Queried is not { } queried)
        {
            return;
        }

        var (read, cutOff) = (0, 0);
        foreach (var row in query.Peers.Where(static row => !row.Requests.IsEmpty))
        {
            var isRead = row.Requests.Any(request =>
                messages[(row.Id, Words(request.Type))].Any(message => message.T >= (long)query.StartUnixNano + request.StartNs - 1_000_000)
            );
            read += isRead ? 1 : 0;
            cutOff += !isRead && row.Requests.Any(static request => !IsUnsent(request.Error?.Text)) ? 1 : 0;
        }

        differences.Must(place, "queried", queried >= read && queried <= read + cutOff, true);
    }

    // The texts after which no server had read anything: 0 of 280.
    private static bool IsUnsent(string? error) =>
        error is not null
        && (
            error.Contains("failed to dial: ", StringComparison.Ordinal)
            || error.Contains("failed to negotiate protocol: ", StringComparison.Ordinal)
            || error.EndsWith("failed to open stream: context canceled", StringComparison.Ordinal)
            || error.EndsWith("message sender has been invalidated", StringComparison.Ordinal)
        );

    private static string Words(MessageType type) =>
        type switch
        {
            MessageType.FindNode => "FIND_NODE",
            MessageType.GetProviders => "GET_PROVIDERS",
            MessageType.GetValue => "GET_VALUE",
            MessageType.PutValue => "PUT_VALUE",
            MessageType.AddProvider => "ADD_PROVIDER",
            _ => "PING",
        };

    private void Spawned(GoLookupTruth lookup, QueryPeer row, string? cause)
    {
        var at = place.Of(row.Id);
        var isFirst = cause is null;

        // Where spans are lost, the node may be unknown, and then whether a cause is the node.
        differences.Same(at, "asked after", row.AskedAfter ?? (query.Missing.Spans > 0 ? null : None), isFirst ? None : cause!);
        var failed = lookup.Unreachable.Contains(row.Id);
        if (row.Requests.IsEmpty && (lookup.IsComplete || failed) && rules.DialFailed(row.Id) == !failed)
        {
            differences.Allow("state without a request", 1);
            differences.Allow("dials failed", 1);
        }

        if (row.Requests.IsEmpty && lookup.IsComplete)
        {
            differences.Same(
                at,
                "state without a request",
                Known(row.State),
                lookup.Unreachable.Contains(row.Id) ? PeerState.DialFailed : PeerState.Cancelled
            );
        }
        else if (row.Requests.IsEmpty && lookup.Unreachable.Contains(row.Id))
        {
            differences.Same(at, "state without a request", Known(row.State), PeerState.DialFailed);
        }
    }

    private static PeerState? Known(PeerState state) => state == PeerState.Unknown ? null : state;

    private void Named(GoLookupTruth lookup, QueryPeer row)
    {
        if (!lookup.TryReferrer(row.Id, out var referrer))
        {
            return;
        }

        var at = place.Of(row.Id);
        var asked = lookup.Spawned.ContainsKey(row.Id) ? "asked" : "heard";
        var hidden = query.Type == QueryType.GetProviders ? "providers, " : "";
        differences.Same(at, $"referrer ({hidden}{asked})", row.Referrer ?? (row.Hops == 0 ? None : null), referrer ?? None);
        if (lookup.Hops(row.Id) is { } hops)
        {
            differences.Same(at, $"hops ({hidden}{asked})", row.Hops, hops);
            differences.AtMost(at, "hops at least", row.HopsAtLeast, hops);
        }

        if (lookup.IsComplete && lookup.Heard.TryGetValue(row.Id, out var heard))
        {
            // The events were read by another goroutine; under load it lags behind.
            differences.Within(at, "heard", row.HeardNs, referrer is null ? 0 : heard.At - (long)query.StartUnixNano, 50_000_000);
        }
    }

    private void Counts(GoLookupTruth lookup)
    {
        if (query.Counts.SeenComplete)
        {
            differences.Same(place, "seen", query.Counts.Seen, lookup.Heard.Count);
        }
        else
        {
            // GetPublicKey asks the peer itself too, which no lookup heard of.
            differences.AtMost(
                place,
                "seen at least",
                query.Counts.Seen,
                lookup.Heard.Keys.Union(query.Peers.Where(static peer => !peer.Requests.IsEmpty).Select(static peer => peer.Id)).Count()
            );
        }

        var queried = query.Peers.Where(static peer => !peer.Requests.IsEmpty).Select(peer => lookup.Hops(peer.Id)).ToList();
        if (query.Missing.Spans == 0 && queried.Count > 0 && queried.TrueForAll(static hops => hops is not null))
        {
            differences.Same(place, "hops of the query", query.Hops, queried.Max()!.Value);
            differences.AtMost(place, "hops of the query at least", query.HopsAtLeast, queried.Max()!.Value);
        }

        differences.Same(
            place,
            "dials failed",
            query.Counts.DialFailed,
            lookup.Unreachable.Count(peer =>
                lookup.Spawned.ContainsKey(peer) && (!_rows.TryGetValue(peer, out var row) || row.Requests.IsEmpty)
            )
        );
        foreach (var (peer, fresh) in lookup.New)
        {
            if (
                _rows.TryGetValue(peer, out var row)
                && row.Requests.FirstOrDefault(static request => request.Type is MessageType.FindNode or MessageType.GetValue)
                    is { } request
            )
            {
                differences.Same(place.Of(peer), "new", request.New, fresh);
            }
        }
    }

    private void Request(Place at, PeerRequest request, List<GoServerMessage> read, bool only)
    {
        var start = (long)query.StartUnixNano + request.StartNs!.Value;
        var end = start + request.DurationNs;
        switch (request.Outcome)
        {
            case RequestOutcome.Answered:
                var answer = read.Find(message => message.Result == "answered" && message.T >= start - 1_000_000 && message.T <= end);
                differences.Must(at, "answered", answer is not null, true);
                if (answer is not null)
                {
                    Answer(at, request, answer);
                }

                break;
            case RequestOutcome.Sent:
                differences.Must(at, "sent", read.Exists(message => message.T >= start - 1_000_000), true);
                break;
            case RequestOutcome.Failed:
                differences.Must(
                    at,
                    "failed",
                    read.Exists(message => message.Result == "answered" && message.T >= start && message.TAnswer <= end),
                    false
                );
                break;
            default:
                break;
        }

        // The server wrote its answer when the asker was gone: it is not to blame.
        if (only && read is [{ Result: "cut" } cut] && cut.T >= start)
        {
            differences.Must(at, "taken back", request.Outcome, RequestOutcome.Cancelled);
        }
    }

    private void Answer(Place at, PeerRequest request, GoServerMessage answer)
    {
        var closer = (answer.Closer ?? []).Where(peer => peer.Length > 0 && peer != truth.Self).Distinct().ToList();
        switch (request.Type)
        {
            case MessageType.FindNode or MessageType.GetValue:
                differences.Same(at, "returned", request.Returned, closer.Count);
                if (!request.Named.IsDefault)
                {
                    differences.Same(at, "named", string.Join(' ', request.Named), string.Join(' ', closer));
                }

                if (request.Type == MessageType.GetValue)
                {
                    differences.Same(at, "records", request.Records, answer.Record is null ? 0 : 1);
                }

                break;
            case MessageType.GetProviders:
                differences.Same(at, "providers", request.Providers, (answer.Providers ?? []).Distinct().Count());
                break;
            default:
                break;
        }
    }
}
