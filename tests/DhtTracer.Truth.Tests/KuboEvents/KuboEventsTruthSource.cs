using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Truth.Tests.KuboEvents;

/// <summary>
/// Streams of a Kubo's query events against what the stream says line by line, and against what it does not say: the routing tables just
/// before the command, the caller's time limit, and who was killed.
/// </summary>
internal sealed class KuboEventsTruthSource : ITruthSource
{
    public string Kind => "kubo";

    public string Name => "Kubo's query events (`--kubo`)";

    public Differences Compare(CaptureFolder capture)
    {
        var found = new Differences { Captures = 1 };
        foreach (var command in CapturedCommand.Read(capture.Path))
        {
            found.Operations++;
            var trace = TraceReconstruction.Reconstruct(CapturedStream.Spans(command));
            var place = new Place($"kubo/{capture.Label}", command.Label);
            found.Must(place, "queries", trace.Queries.Length, 1);
            Compare(found, place, command, trace.Queries[0]);
        }

        return found;
    }

    private static void Compare(Differences found, Place place, CapturedCommand command, Query query)
    {
        var truth = new StreamTruth(command);
        found.Must(place, "type", Words.Of(query.Type), CapturedStream.Type(command));
        found.Must(place, "key", query.Key is not null, true);
        found.Must(place, "side", query.Side, null);
        found.Must(place, "start", query.StartUnixNano, (ulong)command.Start);
        found.Must(place, "duration", query.DurationNs, command.End - command.Start);
        found.Must(place, "outcome", Words.Of(query.Outcome), truth.Outcome);
        if (truth.Results is { } results)
        {
            found.Must(place, "results", query.Counts.Results, results);
        }

        if (truth.FirstProviderNs is { } first)
        {
            found.Must(place, "discovery of the first provider", query.DiscoveryNs, first);
        }

        found.Must(
            place,
            "queried",
            query.Counts.Queried,
            truth.Asked.Count(static peer => peer.Value.Exists(static request => request.IsSent))
        );
        var seen = query.Peers.Select(static peer => peer.Id).ToHashSet();
        found.Must(place, "seen", seen.SetEquals(truth.Seen), true);
        foreach (var peer in query.Peers)
        {
            Compare(found, place.Of(peer.Id), truth, peer);
        }
    }

    private static void Compare(Differences found, Place place, StreamTruth truth, QueryPeer peer)
    {
        var asked = truth.Asked.GetValueOrDefault(peer.Id, []);
        found.Must(place, "requests", peer.Requests.Length, asked.Count);
        foreach (var (ours, theirs) in peer.Requests.Zip(asked))
        {
            found.Must(place, "request start", ours.StartNs, theirs.StartNs);
            found.Must(place, "request end", ours.EndNs, theirs.EndNs);
            found.Must(place, "request outcome", Words.Of(ours.Outcome), theirs.Outcome);
            if (theirs.Closer is { } closer)
            {
                found.Must(place, "returned", ours.Returned, closer.Count);
                found.Must(place, "named", ours.Named.SequenceEqual(closer), true);
            }
        }

        if (truth.DialFailed.TryGetValue(peer.Id, out var outcome) && asked.Count == 0)
        {
            found.Must(place, "state after a dial", Words.Of(peer.State), outcome);
        }

        CompareReferrer(found, place, truth, peer);
    }

    private static void CompareReferrer(Differences found, Place place, StreamTruth truth, QueryPeer peer)
    {
        const string table = "the routing table";
        var ours = peer.Hops == 0 ? table : peer.Referrer;
        if (truth.IsSeed(peer.Id) is not { } isSeed)
        {
            // Nobody noted the routing tables: then only who named whom first can be compared.
            if (ours is not null)
            {
                found.Same(
                    place,
                    "referrer, tables unknown",
                    ours,
                    truth.AskedUnnamed.Contains(peer.Id) ? table : truth.FirstNamed[peer.Id]
                );
            }

            return;
        }

        found.Same(
            place,
            truth.Asked.ContainsKey(peer.Id) ? "referrer of a peer asked" : "referrer of a peer heard of",
            ours,
            isSeed ? table : truth.FirstNamed[peer.Id]
        );
        if (truth.Hops(peer.Id) is { } hops)
        {
            found.Same(place, "hops", peer.Hops, hops);
            found.AtMost(place, "hops at least", peer.HopsAtLeast, hops);
        }
    }

    /// <summary>What the lines say, read apart from the product's reader.</summary>
    private sealed class StreamTruth
    {
        private readonly CapturedCommand _command;

        public StreamTruth(CapturedCommand command)
        {
            _command = command;
            var providers = new HashSet<string>();
            var finals = new HashSet<string>();
            var values = 0;
            string? error = null;
            var deadline = false;
            var cancelled = false;
            var waiting = new Dictionary<string, Queue<Request>>();
            foreach (var (time, text) in command.Lines)
            {
                using var json = JsonDocument.Parse(text);
                var line = json.RootElement;
                if (line.GetProperty("Type").ValueKind == JsonValueKind.String)
                {
                    error = line.GetProperty("Message").GetString();
                    continue;
                }

                var at = time - command.Start;
                var id = line.GetProperty("ID").GetString()!;
                var extra = line.GetProperty("Extra").GetString()!;
                var responses = line.GetProperty("Responses") is { ValueKind: JsonValueKind.Array } list
                    ? list.EnumerateArray().Select(static item => item.GetProperty("ID").GetString()!).ToList()
                    : [];
                if (id.Length > 0 && id != command.Node && line.GetProperty("Type").GetInt32() is 0 or 1 or 3 or 7)
                {
                    Seen.Add(id);
                }

                switch (line.GetProperty("Type").GetInt32())
                {
                    case 0:
                        var request = new Request(at);
                        if (!Asked.TryGetValue(id, out var all))
                        {
                            Asked.Add(id, all = []);
                            waiting.Add(id, new Queue<Request>());
                        }

                        all.Add(request);
                        waiting[id].Enqueue(request);
                        NoteUnnamed(id);
                        break;
                    case 1:
                        var closer = responses.Where(peer => peer != command.Node).Distinct().ToList();
                        Answer(waiting[id].Dequeue(), id, at, closer);
                        break;
                    case 2 when id.Length > 0:
                        finals.Add(id);
                        break;
                    case 2:
                        finals.UnionWith(responses);
                        break;
                    case 3:
                        var context =
                            extra.Contains("context canceled", StringComparison.Ordinal)
                            || extra.Contains("context deadline exceeded", StringComparison.Ordinal);
                        deadline |= extra.Contains("context deadline exceeded", StringComparison.Ordinal);
                        cancelled |= context;
                        if (id.Length == 0)
                        {
                            error ??= extra;
                        }
                        else if (waiting.TryGetValue(id, out var open) && open.TryDequeue(out var failed))
                        {
                            failed.EndNs = at;
                            failed.Outcome = context ? "cancelled" : "failed";

                            // The dial inside the request failed, so no server can have read it.
                            failed.IsSent = !extra.StartsWith("failed to dial: ", StringComparison.Ordinal);
                        }
                        else
                        {
                            DialFailed[id] = context ? "cancelled" : "dial-failed";
                        }

                        break;
                    case 4:
                        FirstProviderNs ??= at;
                        providers.UnionWith(responses);
                        break;
                    case 5:
                        values++;
                        break;
                    case 7:
                        NoteUnnamed(id);
                        break;
                    default:
                        break;
                }
            }

            var type = CapturedStream.Type(command);
            Results = type switch
            {
                "get-providers" => providers.Count,
                "find-peer" or "get-closest-peers" => finals.Count,
                "get-value" => values,
                _ => null,
            };
            var got = providers.Count + finals.Count + values > 0;
            Outcome =
                got || (type == "add-provider" && error is null && !command.WasKilled) ? "success"
                : command.WasKilled ? "cancelled"
                : command.End - command.Start >= CapturedStream.Limit(command) || deadline ? "timed-out"
                : cancelled || command.Label.Contains("daemon-stops", StringComparison.Ordinal) ? "cancelled"
                : error is null
                || error.Contains("not found", StringComparison.Ordinal)
                || error.Contains("failed to find any peer in table", StringComparison.Ordinal)
                    ? "not-found"
                : "failed";
        }

        public Dictionary<string, List<Request>> Asked { get; } = [];

        public HashSet<string> AskedUnnamed { get; } = [];

        public Dictionary<string, string> FirstNamed { get; } = [];

        public Dictionary<string, string> DialFailed { get; } = [];

        public HashSet<string> Seen { get; } = [];

        public string Outcome { get; }

        public int? Results { get; }

        public long? FirstProviderNs { get; }

        /// <summary>The routing tables were noted just before; a peer that was asked unnamed joined them in between.</summary>
        public bool? IsSeed(string peer) =>
            _command.Seeds is { Count: > 0 } seeds ? seeds.Contains(peer) || AskedUnnamed.Contains(peer) : null;

        public int? Hops(string peer)
        {
            for (var hops = 0; hops < 100; hops++)
            {
                if (IsSeed(peer) != false)
                {
                    return hops;
                }

                peer = FirstNamed[peer];
            }

            throw new InvalidDataException("peers name each other in a circle");
        }

        private void NoteUnnamed(string id)
        {
            if (!FirstNamed.ContainsKey(id))
            {
                AskedUnnamed.Add(id);
            }
        }

        private void Answer(Request request, string from, long at, List<string> closer)
        {
            request.EndNs = at;
            request.Outcome = "answered";
            request.Closer = closer;
            foreach (var named in closer)
            {
                Seen.Add(named);
                FirstNamed.TryAdd(named, from);
            }
        }
    }

    private sealed class Request(long startNs)
    {
        public long StartNs => startNs;

        public long? EndNs { get; set; }

        public string Outcome { get; set; } = "no-answer";

        public bool IsSent { get; set; } = true;

        public IReadOnlyList<string>? Closer { get; set; }
    }
}
