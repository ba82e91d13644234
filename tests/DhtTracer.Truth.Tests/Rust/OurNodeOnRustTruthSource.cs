using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Rust;

/// <summary>Our own node on a network of rust-libp2p nodes: what its spans tell is what the servers saw and answered.</summary>
internal sealed class OurNodeOnRustTruthSource : ITruthSource
{
    /// <summary>Both clocks are of one machine; a server reads a request when its task runs.</summary>
    private const ulong Scheduling = 15_000_000;

    public string Kind => "rust";

    public string Name => "our node on rust-libp2p";

    public static bool Has(CaptureFolder capture) => File.Exists(capture.File("server-truth.jsonl.gz"));

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences();
        if (!Has(capture))
        {
            return differences;
        }

        differences.Captures++;
        var seen = Served.Of(capture);
        var servers = seen.Select(static request => request.Server).ToHashSet(StringComparer.Ordinal);
        var queries = CaptureReader
            .Spans([capture.File("spans.pb.gz")])
            .GroupBy(static span => span.TraceId)
            .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Queries)
            .Where(static query => query.Type != QueryType.Ping)
            .ToList();
        foreach (var query in queries)
        {
            differences.Operations++;
            var place = new Place($"rust/{capture.Label}", $"{query.Id} {Words.Of(query.Type)}");
            foreach (var peer in query.Peers.Where(peer => servers.Contains(peer.Id)))
            {
                foreach (var request in peer.Requests)
                {
                    Compare(differences, place.Of(peer.Id), query, request, seen);
                }
            }
        }

        return differences;
    }

    private static void Compare(Differences differences, Place place, Query query, PeerRequest ours, IReadOnlyList<Served> seen)
    {
        var start = query.StartUnixNano + (ulong)ours.StartNs!.Value;
        var end = query.StartUnixNano + (ulong)(ours.EndNs ?? query.DurationNs ?? 0);
        var real = seen.Where(served =>
                served.Server == place.Peer
                && served.Type == ours.Type
                && served.Key == query.Key?.Bytes
                && served.ArrivedNs + Scheduling >= start
                && served.ArrivedNs <= end + Scheduling
            )
            .ToList();
        if (ours.Outcome is not (RequestOutcome.Answered or RequestOutcome.Sent))
        {
            // It may have been reset before the server read it.
            differences.Must(
                place,
                "answered although it is shown as not",
                real.Exists(served => served.SentNs < end && ours.Outcome == RequestOutcome.NoAnswer),
                false
            );
            return;
        }

        if (!differences.Must(place, "requests that arrived", real.Count > 0, true) || ours.Type == MessageType.AddProvider)
        {
            differences.Must(
                place,
                "outcome",
                ours.Outcome,
                ours.Type == MessageType.AddProvider ? RequestOutcome.Sent : RequestOutcome.Answered
            );
            return;
        }

        // Two queries for one key at one time: the nearest is meant.
        var served = real.MinBy(served => Math.Abs((long)(served.ArrivedNs - start)))!;
        differences.Must(place, "outcome", ours.Outcome == RequestOutcome.Answered, served.SentNs is not null);
        if (served.Closer is { } closer && query.Node is { } node)
        {
            differences.Must(place, "returned", ours.Returned, closer.Where(id => id != node).Distinct().Count());
        }

        if (served.Providers is { } providers)
        {
            differences.Must(place, "providers", ours.Providers, providers.Distinct().Count());
        }
    }

    /// <summary>A request that a server read, and what it answered.</summary>
    private sealed record Served(
        string Server,
        MessageType Type,
        string? Key,
        ulong ArrivedNs,
        ulong? SentNs,
        IReadOnlyList<string>? Closer,
        IReadOnlyList<string>? Providers
    )
    {
        public static IReadOnlyList<Served> Of(CaptureFolder capture)
        {
            var lines = CaptureReader.JsonLines(capture.File("server-truth.jsonl.gz"));
            var answers = lines
                .Where(static line => line.GetProperty("ev").GetString() == "res")
                .GroupBy(static line => Id(line))
                .ToDictionary(static group => group.Key, static group => group.First());
            return
            [
                .. lines
                    .Where(static line => line.GetProperty("ev").GetString() == "req")
                    .Select(line =>
                    {
                        JsonElement? answer = answers.TryGetValue(Id(line), out var found) ? found : null;
                        var type = line.GetProperty("type").GetString() switch
                        {
                            "FindNodeReq" => MessageType.FindNode,
                            "GetProvidersReq" => MessageType.GetProviders,
                            "GetRecord" => MessageType.GetValue,
                            "AddProvider" => MessageType.AddProvider,
                            "PutRecord" => MessageType.PutValue,
                            var other => throw new InvalidOperationException($"a new type of request: {other}"),
                        };
                        return new Served(
                            line.GetProperty("at").GetString()!,
                            type,
                            line.GetProperty("key").GetString(),
                            line.GetProperty("t").GetUInt64(),
                            answer?.GetProperty("t").GetUInt64(),
                            Ids(answer, "closer"),
                            type == MessageType.GetProviders ? Ids(answer, "providers") : null
                        );
                    }),
            ];
        }

        /// <summary>Requests without an answer (ADD_PROVIDER) have no id.</summary>
        private static (string?, long) Id(JsonElement line) =>
            (line.GetProperty("at").GetString(), line.GetProperty("id") is { ValueKind: JsonValueKind.Number } id ? id.GetInt64() : -1);

        private static List<string>? Ids(JsonElement? answer, string name) =>
            answer?.GetProperty(name) is { ValueKind: JsonValueKind.Array } value
                ? [.. value.EnumerateArray().Select(static id => id.GetString()!)]
                : null;
    }
}
