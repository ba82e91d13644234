using System.Buffers.Binary;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.ArchiveSimulator;

/// <summary>Draws facts of queries from known distributions, without simulating lookups: fast enough for thousands of trials.</summary>
public sealed class FactsSimulator(int seed)
{
    private readonly Random _random = new(seed);
    private ulong _next = 1;

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
        var number = _next++;
        var duration = Durations.Draw(_random);
        var queried = Math.Max(3, (int)Math.Round(Queried + (Mixture.Normal(_random) * 5)));
        var dialed = _random.Next(0, queried);
        var failure = Math.Min(1, DialFailure * -Math.Log(1 - _random.NextDouble()));
        var failed = Enumerable.Range(0, dialed).Count(_ => _random.NextDouble() < failure);
        var success = _random.NextDouble() < Success;
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
            Hops = 1 + (int)(Math.Abs(Mixture.Normal(_random)) * 2),
            Queried = queried,
            Dialed = dialed,
            DialFailed = failed,
            Reused = queried - dialed,
            Duplicates = _random.NextDouble() < 0.1 ? _random.Next(1, 4) : 0,
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
