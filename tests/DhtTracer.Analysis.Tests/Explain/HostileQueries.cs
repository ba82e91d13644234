using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Tests.Explain;

/// <summary>Queries that no lookup would make: circles of referrers, times out of order, ends before starts of others, unknowns
/// everywhere.</summary>
internal static class HostileQueries
{
    public static Query Make(int seed)
    {
        var random = new Random(seed);
        var count = random.Next(0, 12);
        var builder = new QueryBuilder
        {
            Query = new QueryBuilder().Query with
            {
                Type = Pick<QueryType>(random),
                Outcome = Pick<QueryOutcome>(random),
                Source = Pick<TraceSource>(random),
                Termination = random.Next(3) == 0 ? null : Pick<QueryTermination>(random),
                Parameters = new QueryParameters(Maybe(random, 4), Maybe(random, 4), Maybe(random, 4)),
                Key =
                    random.Next(3) == 0
                        ? null
                        : new QueryKey("k", "00", random.Next(4) == 0 ? "not hex" : new string((char)('0' + random.Next(10)), 64)),
            },
        };
        for (var i = 0; i < count; i++)
        {
            builder.Add(
                new QueryPeer
                {
                    Id = $"p{random.Next(0, count)}",
                    Xor = Maybe(random, 257),
                    Hops = Maybe(random, 3),
                    Referrer = random.Next(3) == 0 ? null : $"p{random.Next(0, count + 1)}",
                    ReferrerInferred = random.Next(5) == 0,
                    HeardNs = MaybeTime(random),
                    State = Pick<PeerState>(random),
                    Dial = random.Next(3) == 0 ? null : new PeerDial(Time(random), MaybeTime(random), random.Next(2) == 0, Error(random)),
                    Requests =
                    [
                        .. Enumerable
                            .Range(0, random.Next(0, 3))
                            .Select(_ => new PeerRequest
                            {
                                Type = (MessageType)random.Next(0, 6),
                                StartNs = Time(random),
                                DurationNs = MaybeTime(random),
                                Outcome = Pick<RequestOutcome>(random),
                                Error = Error(random),
                                New = Maybe(random, 3),
                                Named = random.Next(2) == 0 ? default : [$"p{random.Next(0, count)}", $"p{random.Next(0, count)}"],
                            }),
                    ],
                }
            );
        }

        var query = builder.End(0, null);
        return query with { DurationNs = random.Next(6) == 0 ? null : random.Next(1, 1_000), DiscoveryNs = MaybeTime(random) };
    }

    private static T Pick<T>(Random random)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        return values[random.Next(values.Length)];
    }

    private static int? Maybe(Random random, int below) => random.Next(4) == 0 ? null : random.Next(below);

    private static long Time(Random random) => random.Next(-50, 1_200);

    private static long? MaybeTime(Random random) => random.Next(4) == 0 ? null : random.Next(0, 1_200);

    private static TraceError? Error(Random random) =>
        random.Next(3) == 0 ? new TraceError(ErrorClass.All[random.Next(ErrorClass.All.Count)], null) : null;
}
