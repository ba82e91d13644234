using System.Buffers.Binary;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Traces;

namespace DhtTracer.TestSupport.ArchiveSimulator;

/// <summary>Draws facts of queries from known distributions, without simulating lookups: fast enough for thousands of trials.</summary>
public sealed class FactsSimulator(int seed)
{
    private readonly Random random = new(seed);
    private ulong next = 1;

    /// <summary>How long queries take.</summary>
    public Mixture Durations { get; init; } = Mixture.Lookups;

    /// <summary>Probability that a query succeeds.</summary>
    public double Success { get; init; } = 0.93;

    /// <summary>Mean probability that a dial fails; it differs from query to query, as faults come together.</summary>
    public double DialFailure { get; init; } = 0.2;

    /// <summary>Mean number of peers queried.</summary>
    public double Queried { get; init; } = 18;

    /// <summary>Nanoseconds since 1970 of the first start.</summary>
    public ulong FirstStartUnixNano { get; init; } = 1_795_000_000_000_000_000;

    /// <summary>Nanoseconds between two starts.</summary>
    public ulong IntervalNs { get; init; } = 60_000_000_000;

    /// <summary>A set of queries.</summary>
    public List<OperationFacts> Draw(int count)
    {
        var facts = new List<OperationFacts>(count);
        for (var i = 0; i < count; i++)
        {
            facts.Add(Draw());
        }

        return facts;
    }

    private OperationFacts Draw()
    {
        var number = next++;
        var duration = Durations.Draw(random);
        var queried = Math.Max(3, (int)Math.Round(Queried + (Mixture.Normal(random) * 5)));
        var dialed = random.Next(0, queried);
        var failure = Math.Min(1, DialFailure * -Math.Log(1 - random.NextDouble()));
        var failed = Enumerable.Range(0, dialed).Count(_ => random.NextDouble() < failure);
        var success = random.NextDouble() < Success;
        return new OperationFacts
        {
            Id = new QueryId(Trace(number), Span(number)),
            StartUnixNano = FirstStartUnixNano + (number * IntervalNs),
            Type = QueryType.GetClosestPeers,
            Outcome = success ? QueryOutcome.Success : QueryOutcome.Failed,
            ErrorClass = success ? null : ErrorClass.NoPeers,
            DurationNs = duration,
            FirstResultNs = success ? duration / 3 : null,
            DiscoveryNs = success ? duration / 2 : null,
            Hops = 1 + (int)(Math.Abs(Mixture.Normal(random)) * 2),
            Queried = queried,
            Dialed = dialed,
            DialFailed = failed,
            Reused = queried - dialed,
            Duplicates = random.NextDouble() < 0.1 ? random.Next(1, 4) : 0,
            PeerErrors = failed == 0 ? [] : [new NamedCount(ErrorClass.DialTimeout, failed)],
        };
    }

    private static TraceId Trace(ulong number)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), number);
        return TraceId.TryParse(Convert.ToHexStringLower(bytes), out var id) ? id : throw new InvalidOperationException("no trace id");
    }

    private static SpanId Span(ulong number) =>
        SpanId.TryParse(number.ToString("x16", null), out var id) ? id : throw new InvalidOperationException("no span id");
}
