using System.Text.Json;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Truth.Tests.Explain;

/// <summary>
/// Who is named as a culprit in networks with planted bad peers. The truth says of every peer what it is: alive, dead, a black hole,
/// silent, resetting, or no DHT server.
/// </summary>
public sealed class CulpritTests
{
    /// <summary>All answers of the testbeds' servers come within 80 ms; who costs a query seconds is bad.</summary>
    private const long SecondsNs = 4_000_000_000;

    public static TheoryData<string> GoLabels => CaptureFolder.Labels("go");

    public static TheoryData<string> KuboLabels => CaptureFolder.Labels("kubo");

    [Theory]
    [MemberData(nameof(GoLabels))]
    public void Faults_of_a_Go_network_are_charged_to_planted_bad_peers_and_never_to_living_ones(string label)
    {
        var capture = CaptureFolder.Of("go", label);
        var truth = CaptureReader.JsonLines(capture.File("truth.jsonl.gz"));
        var bad = truth.SelectMany(static operation => Kinds(operation, "peerKinds")).ToHashSet(StringComparer.Ordinal);
        Check(label, Captured.Queries(capture, "spans.*.pb.gz"), bad.Contains);
    }

    [Theory]
    [MemberData(nameof(KuboLabels))]
    public void Faults_of_a_Kubos_network_are_charged_to_planted_bad_peers_and_never_to_living_ones(string label)
    {
        var capture = CaptureFolder.Of("kubo", label);
        using var network = JsonDocument.Parse(CaptureReader.Gunzip(capture.File("network.json.gz")));
        var nodes = network
            .RootElement.GetProperty("nodes")
            .EnumerateArray()
            .ToDictionary(
                static node => node.GetProperty("id").GetString()!,
                static node => node.TryGetProperty("fault", out var fault) ? fault.GetString() ?? "" : "",
                StringComparer.Ordinal
            );

        // Peers that fail later in the life of the daemon, and daemons of captures before this one that the tables still hold, are bad as
        // well.
        var background = capture.File("background-messages.jsonl.gz");
        var later = File.Exists(background) ? CaptureReader.JsonLines(background).SelectMany(Faulty).ToHashSet(StringComparer.Ordinal) : [];
        later.UnionWith(CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).SelectMany(static operation => Kinds(operation, "kinds")));
        Check(
            label,
            Captured.Queries(capture, "spans.*.pb.gz"),
            peer => !nodes.TryGetValue(peer, out var fault) || fault.Length > 0 || later.Contains(peer)
        );
    }

    private static IEnumerable<string> Kinds(JsonElement operation, string name) =>
        operation.TryGetProperty(name, out var kinds) && kinds.ValueKind == JsonValueKind.Object
            ? kinds
                .EnumerateObject()
                .Where(static kind => kind.Value.GetString() is { Length: > 0 } and not "alive")
                .Select(static kind => kind.Name)
            : [];

    private static IEnumerable<string> Faulty(JsonElement line) =>
        line.TryGetProperty("fault", out var fault) && fault.ValueKind == JsonValueKind.String && fault.GetString() is { Length: > 0 }
            ? new[] { "peer", "server", "id" }
                .Select(name => line.TryGetProperty(name, out var id) ? id.GetString() : null)
                .OfType<string>()
            : [];

    private static void Check(string label, IReadOnlyList<Query> queries, Func<string, bool> isBad)
    {
        var wrong = new List<string>();
        var (slow, named) = (0, 0);
        foreach (var query in queries)
        {
            var explanation = Explanation.Of(query);
            Assert.Equal(query.DurationNs, explanation.Path!.Segments.Sum(static segment => segment.DurationNs));
            Assert.Equal(query.DurationNs, query.Phases?.TotalNs);
            // A peer of which the node has no usable address cannot be asked, alive or not.
            foreach (
                var culprit in explanation.Culprits.Where(static culprit => culprit.IsFault && culprit.ErrorClass != ErrorClass.NoRoute)
            )
            {
                named++;
                if (!isBad(culprit.PeerId))
                {
                    wrong.Add(
                        $"{label} {query.Id} {query.Type} blames the living {culprit.PeerId} ({culprit.Kind} {culprit.ErrorClass} "
                            + $"{culprit.DurationNs / 1e6:0} ms): {explanation.Sentence}"
                    );
                }
            }

            // A living peer cannot cost seconds, but for one that answered so late: whoever did is named, and bad.
            foreach (
                var peer in query.Peers.Where(static peer =>
                    peer.TimeLostNs > SecondsNs && peer.Requests.All(static request => request.Outcome != RequestOutcome.Answered)
                )
            )
            {
                slow++;
                if (!isBad(peer.Id))
                {
                    wrong.Add(
                        $"{label} {query.Id} {query.Type}: the living {peer.Id} lost {peer.TimeLostNs / 1e6:0} ms: {explanation.Sentence}"
                    );
                }
                else if (explanation.Culprits.All(culprit => culprit.PeerId != peer.Id) && peer.TimeLostNs > query.DurationNs / 5)
                {
                    wrong.Add(
                        $"{label} {query.Id} {query.Type}: {peer.Id} lost {peer.TimeLostNs / 1e6:0} ms and is not named: "
                            + $"{explanation.Sentence}"
                    );
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} queries, {2} faults named, {3} peers that cost seconds",
            label,
            queries.Count,
            named,
            slow
        );
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Take(20))}");
    }
}
