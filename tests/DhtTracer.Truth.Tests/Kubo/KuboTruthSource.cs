using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Truth.Tests.Kubo;

/// <summary>Captures of Kubo daemons: each command against its operations, and everything else against the rules for background.</summary>
internal sealed class KuboTruthSource : ITruthSource
{
    public string Kind => "kubo";

    public string Name => "Kubo";

    public Differences Compare(CaptureFolder capture)
    {
        var differences = new Differences { Captures = 1 };
        var traces = new KuboTraces(capture);
        var commands = CaptureReader.JsonLines(capture.File("truth.jsonl.gz")).Select(static line => new KuboCommand(line)).ToList();
        foreach (var command in commands.Where(static command => command.Path is not null && command.Traces.Count > 0))
        {
            differences.Operations++;
            new KuboComparison(
                differences,
                traces,
                command,
                new Place($"{capture.Kind}/{capture.Label}", $"{command.Traces[0].Id} {command.Label}")
            ).Compare();
        }

        traces.CompareBackground(differences, capture, commands);
        return differences;
    }
}

/// <summary>All traces of a capture, reconstructed.</summary>
internal sealed class KuboTraces
{
    private readonly Dictionary<string, ReconstructedTrace> _traces;
    private readonly List<(LoosePart Part, IReadOnlyList<Operation> Owners)> _parts;

    public KuboTraces(CaptureFolder capture)
    {
        _traces = CaptureReader
            .Spans(capture.Files("spans.*.pb.gz"))
            .GroupBy(static span => span.TraceId)
            .ToDictionary(static trace => trace.Key.ToString(), static trace => TraceReconstruction.Reconstruct([.. trace]));
        using var daemon = JsonDocument.Parse(File.ReadAllBytes(capture.File("daemon.json")));
        Daemon = daemon.RootElement.GetProperty("peer").GetString()!;
        using var network = JsonDocument.Parse(CaptureReader.Gunzip(capture.File("network.json.gz")));
        Servers = network
            .RootElement.GetProperty("nodes")
            .EnumerateArray()
            .Where(static node => node.GetProperty("fault").GetString() is null or "")
            .Select(static node => node.GetProperty("id").GetString()!)
            .ToHashSet();
        var operations = _traces.Values.SelectMany(static trace => trace.Operations).ToLookup(static operation => operation.Key?.Bytes);
        _parts =
        [
            .. _traces
                .Values.SelectMany(static trace => trace.LooseParts)
                .Select(part => (part, OperationParts.Owners(operations[part.KeyBytes], part))),
        ];
    }

    /// <summary>Peer id of the daemon.</summary>
    public string Daemon { get; }

    /// <summary>Servers without a fault, whose log is complete.</summary>
    public HashSet<string> Servers { get; }

    public ReconstructedTrace Of(string traceId) => _traces.GetValueOrDefault(traceId, ReconstructedTrace.Empty);

    /// <summary>An operation and its decisive query, with the parts of other traces.</summary>
    public (Operation Operation, Query Query) Joined(Operation operation)
    {
        var query = Of(operation.Id.TraceId.ToString()).Queries.Single(query => query.Id == operation.Decisive);
        return OperationParts.Join(
            operation,
            query,
            _parts.Where(part => part.Owners is [var only] && only == operation).Select(static part => part.Part)
        );
    }

    /// <summary>Operations that the loose part of a trace can be of; none when the trace has no such part.</summary>
    public IReadOnlyList<Operation> Owners(string traceId) =>
        _parts.SingleOrDefault(part => part.Part.Id.TraceId.ToString() == traceId).Owners ?? [];

    /// <summary>
    /// Outside of the commands nothing is the user's but provides: of what he added, which the daemon provides later without a span of the
    /// command.
    /// </summary>
    public void CompareBackground(Differences differences, CaptureFolder capture, List<KuboCommand> commands)
    {
        var main = commands
            .SelectMany(static command => command.IsDaemonStopped ? command.Traces.Select(static trace => trace.Id) : command.MainTraces)
            .ToHashSet();
        foreach (var (id, trace) in _traces)
        {
            if (main.Contains(id))
            {
                continue;
            }

            var place = new Place($"{capture.Kind}/{capture.Label}", id);
            foreach (var operation in trace.Operations)
            {
                var isProvide = operation is { Type: QueryType.AddProvider, BackgroundKind: not BackgroundKind.Reprovide };
                _ = differences.Must(place, "background", operation.Background, !isProvide);
                _ = differences.Must(place, "background kind", operation.BackgroundKind is not null, operation.Background);
            }
        }
    }
}
