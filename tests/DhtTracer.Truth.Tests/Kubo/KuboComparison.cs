using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Kubo;

/// <summary>Compares one command with the operations that its traces gave.</summary>
internal sealed class KuboComparison(Differences differences, KuboTraces traces, KuboCommand command, Place place)
{
    /// <summary>The reader's clock and the scheduler of a machine that runs two hundred servers.</summary>
    private const long ClocksNs = 25_000_000;

    /// <summary>The start of a client's process.</summary>
    private const long ProcessNs = 100_000_000;

    public void Compare()
    {
        var operations = (command.IsDaemonStopped ? command.Traces.Select(static trace => trace.Id) : command.MainTraces)
            .SelectMany(id => traces.Of(id).Operations)
            .Where(static operation => !operation.Background)
            .ToList();
        var expected = Expected();
        if (expected is null)
        {
            // Commands that fetch blocks ask for providers, and then for their addresses.
            foreach (var operation in operations)
            {
                _ = differences.Must(place, "type", operation.Type is QueryType.GetProviders or QueryType.FindPeer, true);
                _ = operation.Type != QueryType.GetProviders || differences.Must(place, "key", operation.Key?.Bytes, command.KeyBytes);
            }
        }
        else
        {
            if (expected is [QueryType.AddProvider] && operations.Count == 0)
            {
                // With a custom router the daemon provides in the background, in a trace of its own.
                operations =
                [
                    .. command
                        .Traces.Where(static trace => trace.Role != "main")
                        .SelectMany(trace => traces.Of(trace.Id).Operations)
                        .Where(static operation => !operation.Background),
                ];
            }

            _ = differences.Must(
                place,
                "operations",
                string.Join(' ', operations.Select(static operation => Words.Of(operation.Type))),
                string.Join(' ', expected.Select(Words.Of))
            );
            foreach (var operation in operations.Where(_ => command.KeyBytes is not null))
            {
                _ = differences.Must(place, "key", operation.Key?.Bytes, command.KeyBytes);
            }
        }

        if (operations is [var only] && expected is [_])
        {
            Result(only);
        }

        foreach (var operation in operations)
        {
            Around(operation);
            Queries(operation);
        }

        Asked(operations);
        Sides();
    }

    /// <summary>Whoever read a request of this command was asked by one of its operations. (FIND_NODEs of the key may be of the
    /// sweep.)</summary>
    private void Asked(List<Operation> operations)
    {
        var asked = operations
            .SelectMany(operation => traces.Of(operation.Id.TraceId.ToString()).Queries.Where(query => query.OperationId == operation.Id))
            .SelectMany(static query => query.Peers)
            .SelectMany(static peer => peer.Requests.Select(request => (peer.Id, request.Type)))
            .ToHashSet();
        foreach (
            var message in command.Messages.Where(static message =>
                message is { IsAnswer: false, Type: MessageType.GetProviders or MessageType.GetValue }
            )
        )
        {
            _ = differences.Must(place.Of(message.Server), "asked", asked.Contains((message.Server, message.Type)), true);
        }
    }

    /// <summary>What the command asks of the DHT; null when that depends on what the node already has.</summary>
    private QueryType[]? Expected() =>
        (command.Path, command.Status) switch
        {
            ("routing/findpeer", _) => [QueryType.FindPeer],
            ("routing/findprovs", _) => [QueryType.GetProviders],
            ("routing/get", _) or ("name/resolve", _) => [QueryType.GetValue],
            ("routing/put", _) => [QueryType.PutValue],
            ("routing/provide", _) => [QueryType.AddProvider],
            ("dht/query", 500) => [],
            ("dht/query", _) => [QueryType.GetClosestPeers],
            ("name/publish", _) => [QueryType.GetValue, QueryType.PutValue],
            ("cat" or "gateway" or "block/get" or "dag/get" or "ping", _) => null,
            _ => [],
        };

    private void Result(Operation alone)
    {
        var (operation, query) = traces.Joined(alone);
        if (command.IsDaemonStopped)
        {
            return;
        }

        var results = Results();
        var success =
            results > 0 || (command.Path is "dht/query" or "routing/provide" or "routing/put" && !command.IsKilled && !command.IsTimedOut);
        if (command.IsCut)
        {
            // What is left of a command line's output says neither how many there were nor whether there were any.
            return;
        }

        _ = differences.Must(
            place,
            "outcome",
            operation.Outcome,
            success ? QueryOutcome.Success
                : command.IsKilled ? QueryOutcome.Cancelled
                : command.IsTimedOut ? QueryOutcome.TimedOut
                : QueryOutcome.NotFound
        );
        if (results is not null)
        {
            _ = differences.Must(place, "results", operation.Results, results);
        }

        if (command.Via == "api" && command.MainTraces.Contains(operation.Id.TraceId.ToString()))
        {
            Times(operation);
        }

        Discovery(operation, query);
        if (operation.Type == QueryType.AddProvider)
        {
            Sent(operation, query);
        }
    }

    private void Times(Operation operation)
    {
        _ = differences.Within(place, "start", (long)operation.StartUnixNano, command.Start, ProcessNs);

        // Commands that use the DHT in passing have work left when it has answered.
        if (!command.IsKilled && (command.Path!.StartsWith("routing/", StringComparison.Ordinal) || command.Path == "dht/query"))
        {
            _ = differences.Within(place, "end", (long)operation.StartUnixNano + operation.DurationNs, command.End, ClocksNs);
        }
    }

    /// <summary>How many things the client got; null when its output does not say.</summary>
    private int? Results() =>
        command.Path switch
        {
            "routing/findpeer" when command.Via == "cli" => command.Stdout is { Length: > 0 } ? 1 : 0,
            "routing/findpeer" => command
                .Events(2)
                .Any(static final => final.Line.TryGetProperty("Responses", out var found) && found.ValueKind == JsonValueKind.Array)
                ? 1
                : 0,
            "routing/findprovs"
                when command.Lines.Count > 0 && command.Lines.All(static line => line.Line.ValueKind == JsonValueKind.String) => command
                .Lines.Select(static line => line.Line.GetString())
                .Distinct()
                .Count(),
            "routing/findprovs" => command
                .Events(4)
                .SelectMany(static found => found.Line.GetProperty("Responses").EnumerateArray())
                .Select(static peer => peer.GetProperty("ID").GetString())
                .Distinct()
                .Count(),
            "routing/get" or "name/resolve" => command.Lines.Any(static line =>
                line.Line.ValueKind != JsonValueKind.Object || !line.Line.TryGetProperty("Message", out _)
            )
            && command.Status == 200
            && !command.IsTimedOut
                ? 1
                : 0,
            _ => null,
        };

    /// <summary>
    /// The answer was first known between the moment that a server wrote it and the moment that the client read it. Of an answer that came
    /// from elsewhere (the node's own store, a server that is not logged) the truth tells nothing.
    /// </summary>
    private void Discovery(Operation operation, Query query)
    {
        if (operation.Outcome != QueryOutcome.Success || operation.Key is not { } key)
        {
            return;
        }

        var ours = (long)operation.StartUnixNano + operation.DiscoveryNs;
        var first = operation.Type switch
        {
            QueryType.GetProviders => FirstAnswer(static message => message.Providers > 0),
            QueryType.FindPeer when command.Seeds?.Contains(key.Text) == true => (long)operation.StartUnixNano,
            QueryType.FindPeer when command.Seeds is not null => Earliest(
                FirstAnswer(message => message.Closer?.Contains(key.Text) == true),
                command.Events(1).Where(line => Names(line.Line, key.Text)).Min(static line => line.At)
            ),

            // Of two versions of a record the better one counts, and the log does not hold records.
            QueryType.GetValue
                when query.DiscoveredBy is { } peer
                    && traces.Servers.Contains(peer)
                    && !command.Label.Contains("two-versions", StringComparison.Ordinal) => FirstAnswer(static message =>
                message.HasRecord
            ),
            _ => null,
        };
        var read = operation.Type == QueryType.GetProviders ? command.Events(4).Min(static line => line.At) : null;
        first ??= read;
        if (first is { } at)
        {
            _ = differences.Within(place, "discovery", ours, Math.Clamp(ours ?? at, at, Math.Max(at, read ?? at)), ClocksNs);
        }
    }

    private static long? Earliest(long? one, long? other) => one is null || other < one ? other : one;

    private static bool Names(JsonElement line, string peer) =>
        line.TryGetProperty("Responses", out var closer)
        && closer.ValueKind == JsonValueKind.Array
        && closer.EnumerateArray().Any(id => id.ValueKind == JsonValueKind.String && id.GetString() == peer);

    private long? FirstAnswer(Func<KuboMessage, bool> that) =>
        command.Messages.Where(message => message.IsAnswer && that(message)).Min(static message => (long?)message.At);

    /// <summary>A server without a fault that the provide wrote to has read it. (It may have read one of the sweep's as well.)</summary>
    private void Sent(Operation operation, Query query)
    {
        var readers = command
            .Messages.Where(static message => message is { IsAnswer: false, Type: MessageType.AddProvider })
            .Select(static message => message.Server)
            .ToHashSet();
        foreach (
            var peer in query.Peers.Where(static peer =>
                peer.Requests.Any(static request => request is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent })
            )
        )
        {
            if (traces.Servers.Contains(peer.Id))
            {
                _ = differences.Must(place.Of(peer.Id), "sent", true, readers.Contains(peer.Id));
            }
        }

        _ = differences.Must(
            place,
            "counts.sent",
            query.Counts.Sent,
            query.Peers.Sum(static peer =>
                peer.Requests.Count(static request => request is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent })
            )
        );
        _ = differences.Must(
            place,
            "results of a provide",
            operation.Results,
            query.Peers.Count(static peer =>
                peer.Requests.Any(static request => request is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent })
            )
        );
        foreach (var (id, role) in command.Traces.Where(static trace => trace.Role == "side:KademliaDHT.ProtocolMessenger.PutProvider"))
        {
            // A classic provider can provide the same key at the same time, in another trace of the command.
            _ = differences.Must(
                place with
                {
                    Trace = $"{id} {role}",
                },
                "owner of a part",
                traces.Owners(id) is [var owner] && command.Traces.Any(trace => trace.Id == owner.Id.TraceId.ToString()),
                true
            );
        }
    }

    /// <summary>The command hangs above: found by its URL's path.</summary>
    private void Around(Operation operation)
    {
        if (command.IsDaemonStopped || !command.MainTraces.Contains(operation.Id.TraceId.ToString()))
        {
            return;
        }

        var path = command.Path == "gateway" ? "/ipfs/" : "/api/v0/" + command.Path;
        _ = differences.Must(
            place,
            "command",
            operation.Context.Any(above => above.Detail?.StartsWith(path, StringComparison.Ordinal) == true),
            true
        );
        _ = differences.Must(
            place,
            "command span",
            operation.Command is { } span && operation.Context.Any(above => above.SpanId == span),
            true
        );
    }

    private void Queries(Operation operation)
    {
        var queries = traces.Of(operation.Id.TraceId.ToString()).Queries.Where(query => query.OperationId == operation.Id).ToList();
        _ = differences.Must(place, "queries", queries.Count, operation.Queries.Length);
        var isDual = queries.Exists(static query => query.Side is not null);
        foreach (var query in queries)
        {
            var servers = new List<KuboMessage>();
            foreach (var peer in query.Peers)
            {
                foreach (var request in peer.Requests)
                {
                    if (Request(query, peer, request) is { } message)
                    {
                        servers.Add(message);
                    }
                }
            }

            if (servers.Count > 0 && isDual)
            {
                var lan = servers.Count(static message => message.IsLan) * 2 > servers.Count;
                _ = differences.Must(
                    place with
                    {
                        Trace = $"{query.Id} {command.Label}",
                    },
                    "side",
                    query.Side,
                    lan ? DhtSide.Lan : DhtSide.Wan
                );
            }

            _ = differences.Must(
                place with
                {
                    Trace = $"{query.Id} {command.Label}",
                },
                "skipped",
                query.Skipped && servers.Count > 0,
                false
            );
            if (!query.Skipped && query.Type != QueryType.AddProvider && query.Outcome != QueryOutcome.Incomplete)
            {
                _ = differences.Must(
                    place with
                    {
                        Trace = $"{query.Id} {command.Label}",
                    },
                    "not skipped",
                    query.Peers.Any(static peer => peer.Order is not null || peer.Dial is not null),
                    true
                );
            }
        }
    }

    /// <summary>Compares an answered request with the answer that the server wrote. Servers that are not logged give none.</summary>
    private KuboMessage? Request(Query query, QueryPeer peer, PeerRequest request)
    {
        if (request.Outcome != RequestOutcome.Answered || request.StartNs is not { } start)
        {
            return null;
        }

        var (from, to) = ((long)query.StartUnixNano + start, (long)query.StartUnixNano + start + request.DurationNs!.Value + ClocksNs);
        var answers = command
            .Messages.Where(message =>
                message.IsAnswer && message.Server == peer.Id && message.Type == request.Type && message.At >= from && message.At <= to
            )
            .ToList();
        if (answers.Count != 1 || query.Key?.Bytes != command.KeyBytes)
        {
            return null;
        }

        var answer = answers[0];
        var at = place.Of(peer.Id);
        if (answer.Closer is { } closer)
        {
            _ = differences.Same(at, "returned", request.Returned, closer.Count(id => id != traces.Daemon));
        }

        if (request.Type == MessageType.GetProviders)
        {
            _ = differences.Same(at, "providers", request.Providers, answer.Providers);
        }

        if (request.Type == MessageType.GetValue)
        {
            _ = differences.Same(at, "records", request.Records, answer.HasRecord ? 1 : 0);
        }

        return answer;
    }

    /// <summary>Nothing in the traces beside the command is the user's but a provide.</summary>
    private void Sides()
    {
        foreach (var (id, role) in command.Traces.Where(static trace => trace.Role != "main"))
        {
            var trace = traces.Of(id);
            var here = place with { Trace = $"{id} {role}" };
            if (role is "side:IpfsDHT.Provide" or "side:FullRT.Provide")
            {
                _ = differences.Must(here, "mark of the sweep", trace.Operations.Length, 0);
                _ = differences.Must(
                    here,
                    "mark of the sweep",
                    trace.Marks.Count(static mark => mark.Kind == BackgroundKind.ProvideMark),
                    1
                );
            }
        }
    }
}
