using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Truth.Tests.KuboTime;

/// <summary>The capture <c>life</c>: 25 minutes of lookups of four records under churn, beside snapshots of all servers' stores.</summary>
internal sealed class LifeCapture
{
    public static Lazy<LifeCapture> Read { get; } = new(static () => new LifeCapture());

    private LifeCapture()
    {
        var folder = CaptureFolder.Of("kubo-time", "life");
        var traces = CaptureReader
            .Spans(folder.Files("spans.*.pb.gz"))
            .GroupBy(static span => span.TraceId)
            .Select(static trace => TraceReconstruction.Reconstruct([.. trace]))
            .ToList();
        Sightings =
        [
            .. traces
                .SelectMany(static trace =>
                    trace.Operations.Select(operation =>
                        (operation, RecordSighting.Of(operation, trace.Queries.Where(query => query.OperationId == operation.Id)))
                    )
                )
                .Where(static pair => pair.Item2 is not null)
                .Select(static pair => (pair.operation, pair.Item2!))
                .OrderBy(static pair => pair.Item2.StartUnixNano),
        ];
        Corrections =
        [
            .. traces
                .SelectMany(static trace => trace.LooseParts)
                .Select(static part => (part.KeyBytes, RecordCorrection.Of(part)))
                .Where(static pair => pair.Item2 is not null)
                .Select(static pair => (pair.KeyBytes, pair.Item2!)),
        ];
        var network = JsonSerializer.Deserialize<JsonElement>(CaptureReader.Gunzip(folder.File("network.json.gz")));
        Servers = network
            .GetProperty("nodes")
            .EnumerateArray()
            .ToDictionary(static node => node.GetProperty("id").GetString()!, static node => node.GetProperty("i").GetInt32());
        var truth = CaptureReader.JsonLines(folder.File("truth.jsonl.gz"));
        Snapshots = truth
            .Where(static line => line.GetProperty("d").GetString() == "snap")
            .Select(static line => new Snapshot(
                (ulong)line.GetProperty("t").GetInt64(),
                line.GetProperty("key").GetString()!,
                [.. line.GetProperty("closest20").EnumerateArray().Select(static server => server.GetInt32())],
                line.GetProperty("holders").ValueKind == JsonValueKind.Null
                    ? []
                    : line.GetProperty("holders")
                        .EnumerateArray()
                        .ToDictionary(static holder => holder[0].GetInt32(), static holder => holder[2].ToString())
            ))
            .ToLookup(static snapshot => snapshot.Key);
        PublisherStopped = (ulong)
            CaptureReader
                .JsonLines(folder.File("events.jsonl.gz"))
                .Single(static line => line.GetProperty("what").GetString() == "A-stopped")
                .GetProperty("t")
                .GetInt64();
        Messages =
        [
            .. truth
                .Where(static line => line.GetProperty("d").GetString() == "q")
                .Select(static line => new Message(
                    (ulong)line.GetProperty("t").GetInt64(),
                    line.GetProperty("s").GetInt32(),
                    line.GetProperty("from").GetString()!,
                    line.GetProperty("ty").GetString()!,
                    line.GetProperty("k").GetString()!
                )),
        ];
    }

    /// <summary>What each operation shows, by start.</summary>
    public List<(Operation Operation, RecordSighting Sighting)> Sightings { get; }

    /// <summary>Records that the looking node sent by itself.</summary>
    public List<(string KeyBytes, RecordCorrection Correction)> Corrections { get; }

    /// <summary>Numbers of the servers by peer id.</summary>
    public Dictionary<string, int> Servers { get; }

    /// <summary>Who held a record, by name of its key.</summary>
    public ILookup<string, Snapshot> Snapshots { get; }

    /// <summary>When the publisher of k1 and nA was stopped, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong PublisherStopped { get; }

    /// <summary>Messages that carried these records, as servers read them.</summary>
    public List<Message> Messages { get; }

    /// <summary>The names of the keys that are looked up, by how their text ends.</summary>
    public static string NameOf(QueryKey key) =>
        key.Text[^6..] switch
        {
            "x7cntu" => "k1",
            "urdovi" => "k2",
            "x8gwpf" => "nA",
            "wsln0l" => "nB",
            _ => "other",
        };

    /// <summary>The life of a key, all times counted to the last lookup.</summary>
    public RecordLife Life(string name, RecordTimes? times = null)
    {
        List<RecordSighting> own = [.. Sightings.Select(static pair => pair.Sighting).Where(sighting => NameOf(sighting.Key) == name)];
        return RecordLives.Of(
            own[0].Key,
            own,
            Corrections.Where(pair => pair.KeyBytes == own[0].Key.Bytes).Select(static pair => pair.Correction),
            times ?? RecordTimes.Amino,
            Sightings.Max(static pair => pair.Sighting.StartUnixNano)
        );
    }

    /// <summary>The snapshot nearest to a time: at most 10 s away.</summary>
    public Snapshot At(string name, ulong time) => Snapshots[name].MinBy(snapshot => Math.Abs((double)snapshot.Time - time))!;

    /// <summary>Who held a record at a time.</summary>
    /// <param name="Time">When, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="Key">Name of the key.</param>
    /// <param name="Closest">The 20 servers closest to the key.</param>
    /// <param name="Holders">What each holder had.</param>
    internal sealed record Snapshot(ulong Time, string Key, HashSet<int> Closest, Dictionary<int, string> Holders);

    /// <summary>A message.</summary>
    internal sealed record Message(ulong Time, int Server, string From, string Type, string Key);
}
