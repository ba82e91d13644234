using System.Collections.Immutable;
using DhtTracer.Analysis.Dialects.Go;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>Finds the facts of a provide sweep in one trace.</summary>
internal static class SweepFacts
{
    /// <summary>Longest answer or line that is kept, in characters: the keys of 60,000 records.</summary>
    private const int MaxText = KuboLogLine.MaxLength;

    /// <summary>The facts of a trace, by start.</summary>
    /// <param name="trace">Its spans.</param>
    /// <param name="found">What was found in them.</param>
    public static ImmutableArray<SweepFact> Of(TraceSpans trace, ReconstructedTrace found)
    {
        var facts = new List<SweepFact>();
        foreach (var span in trace.Spans)
        {
            var read = Read(span);
            if (read is SweepLogEntry { Logger: KuboLogNames.Bitswap or KuboLogNames.ProviderQueries } line)
            {
                // A line about blocks is no line of a sweep, also when it cannot be read.
                read = BlockAnswer.Of(line);
            }

            if (read is { } fact)
            {
                facts.Add(
                    fact with
                    {
                        Service = span.Resource.ServiceName ?? "",
                        Instance = span.Resource.Attributes.GetString("service.instance.id"),
                    }
                );
            }
        }

        foreach (var operation in found.Operations)
        {
            if (
                operation.BackgroundKind is BackgroundKind.Sweep or BackgroundKind.ConnectivityCheck
                && operation.Key is { } key
                && trace.Find(operation.Id.SpanId) is not TraceSpans.None and var root
                && GoMarks.IsKubo(trace[root])
            )
            {
                facts.Add(Exploration(operation, key, found.QueriesOf(operation.Id)));
            }
        }

        facts.Sort(static (left, right) => left.StartUnixNano.CompareTo(right.StartUnixNano));
        return [.. facts];
    }

    private static SweepFact? Read(Span span)
    {
        if (span.ParentSpanId.IsZero && GoMarks.IsProvideMark(span))
        {
            return Cid.TryParse(span.Text("key"), out var cid)
                ? new SweepMark
                {
                    Id = new QueryId(span.TraceId, span.SpanId),
                    StartUnixNano = span.StartUnixNano,
                    DurationNs = span.EndUnixNano == 0 ? 0 : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano),
                    Key = [.. cid.Multihash.Bytes],
                }
                : null;
        }

        if (span.ScopeName() != KuboLogNames.Scope)
        {
            return null;
        }

        return span.Name switch
        {
            KuboLogNames.Line
                when span.Text(KuboLogNames.Message) is { Length: <= MaxText } message
                    && (span.Text(KuboLogNames.Fields) ?? "") is { Length: <= MaxText } fields => new SweepLogEntry
            {
                Id = new QueryId(span.TraceId, span.SpanId),
                StartUnixNano = span.StartUnixNano,
                Level = span.Text(KuboLogNames.Level) ?? "",
                Logger = span.Text(KuboLogNames.Logger) ?? "",
                Message = message,
                Fields = fields,
            },
            KuboLogNames.Statistics
                when span.Text(KuboLogNames.Command) is { } command && span.Text(KuboLogNames.Answer) is { Length: <= MaxText } answer =>
                new SweepStatistic
                {
                    Id = new QueryId(span.TraceId, span.SpanId),
                    StartUnixNano = span.StartUnixNano,
                    Command = command,
                    Answer = answer,
                },
            _ => null,
        };
    }

    private static SweepExploration Exploration(Operation operation, QueryKey key, ImmutableArray<Query> queries)
    {
        var (answered, failed) = (ImmutableArray.CreateBuilder<ulong>(), ImmutableArray.CreateBuilder<ulong>());
        foreach (var peer in queries.SelectMany(static query => query.Peers))
        {
            var list = peer.State switch
            {
                PeerState.Answered => answered,
                PeerState.DialFailed or PeerState.RequestFailed => failed,
                _ => null,
            };
            if (list is not null && PeerText.KadId(peer.Id) is { } position)
            {
                list.Add(position.Leading64);
            }
        }

        return new SweepExploration
        {
            Id = operation.Id,
            Service = operation.Service ?? "",
            Instance = operation.Instance,
            StartUnixNano = operation.StartUnixNano,
            DurationNs = operation.DurationNs ?? 0,
            Key = [.. Convert.FromHexString(key.Bytes)],
            Answered = answered.ToImmutable(),
            Failed = failed.ToImmutable(),
        };
    }
}
