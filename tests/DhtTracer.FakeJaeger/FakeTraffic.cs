using System.Buffers.Binary;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using ValueType = DhtTracer.Traces.Jaeger.Proto.ValueType;

namespace DhtTracer.FakeJaeger;

/// <summary>Traces by a seed: bursts at one microsecond, traces of several services, long traces, short ids, repeated spans.</summary>
public static class FakeTraffic
{
    /// <summary>Makes traces whose first spans start within the given time.</summary>
    /// <param name="seed">Chooses everything.</param>
    /// <param name="count">How many traces.</param>
    /// <param name="fromUnixNano">Earliest start.</param>
    /// <param name="toUnixNano">Latest start of a first span.</param>
    /// <param name="services">Who takes part; a trace begins in any of them.</param>
    public static IReadOnlyList<IReadOnlyList<Span>> Traces(
        int seed,
        int count,
        long fromUnixNano,
        long toUnixNano,
        params string[] services
    )
    {
        var random = new Random(seed);
        var processes = services
            .Select(service => new Process
            {
                ServiceName = service,
                Tags =
                {
                    new KeyValue { Key = "host.name", VStr = $"host-of-{service}" },
                },
            })
            .ToArray();
        var traces = new List<IReadOnlyList<Span>>(count);
        while (traces.Count < count)
        {
            var start = random.NextInt64(fromUnixNano, toUnixNano);

            // Now and then a burst: many traces that no window above a microsecond can tell apart.
            var burst = random.Next(200) == 0 ? random.Next(50, 150) : 1;
            start = burst > 1 ? start / 1000 * 1000 : start;
            for (var i = 0; i < burst && traces.Count < count; i++)
            {
                traces.Add(Trace(random, traces.Count, start + (burst > 1 ? random.Next(1000) : 0), processes));
            }
        }

        return traces;
    }

    private static IReadOnlyList<Span> Trace(Random random, int number, long start, Process[] processes)
    {
        // Distinct by construction; one in ten has the 64-bit id of an old client.
        var id = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id.AsSpan(8), ((long)random.Next() << 24) + number + 1);
        if (random.Next(10) != 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(id, random.Next(1, int.MaxValue));
        }

        var traceId = ByteString.CopyFrom(id);
        var count = random.Next(20) == 0 ? random.Next(20, 60) : random.Next(1, 8);
        var spread = random.Next(30) == 0 ? 60_000_000_000L : 500_000_000L;
        var spans = new List<Span>(count);
        var home = random.Next(processes.Length);
        for (var i = 0; i < count; i++)
        {
            var span = new Span
            {
                TraceId = traceId,
                SpanId = ByteString.CopyFrom(BitConverter.GetBytes(((ulong)(uint)random.Next() << 16) + (ulong)i + 1)),
                OperationName = i == 0 ? "lookup" : "request",
                StartTime = JaegerTime.Timestamp(i == 0 ? start : start + random.NextInt64(spread)),
                Duration = JaegerTime.Duration(random.NextInt64(1, 2_000_000_000)),
                Process = processes[random.Next(4) == 0 ? random.Next(processes.Length) : home],
                Tags =
                {
                    new KeyValue { Key = "span.kind", VStr = "internal" },
                    new KeyValue
                    {
                        Key = "attempt",
                        VType = ValueType.Int64,
                        VInt64 = random.Next(100),
                    },
                },
            };
            if (i > 0)
            {
                span.References.Add(
                    new SpanRef
                    {
                        TraceId = traceId,
                        SpanId = spans[random.Next(spans.Count)].SpanId,
                        RefType = SpanRefType.ChildOf,
                    }
                );
            }

            spans.Add(span);
            if (random.Next(100) == 0)
            {
                spans.Add(span);
            }
        }

        return spans;
    }
}
