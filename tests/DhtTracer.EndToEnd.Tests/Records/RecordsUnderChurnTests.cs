using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Records;
using DhtTracer.EndToEnd.Tests.WhatIfs;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Records;

/// <summary>
/// Records that live 30 seconds, in a local network of real nodes over TCP that loses one of them every 5 seconds. Only its clock is moved
/// by hand. Two keys are provided again in time, one never.
/// </summary>
public sealed class RecordsUnderChurnTests
{
    private const int Rounds = 9;
    private const long Nanosecond = 100;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_key_that_was_published_once_is_the_only_alarm()
    {
        var clock = new MovedClock();
        using var traced = new TracedQueries();
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 26,
                Seed = 3,
                Dht = new DhtOptions
                {
                    RefreshInterval = Timeout.InfiniteTimeSpan,
                    DialTimeout = TimeSpan.FromMilliseconds(500),
                    RequestTimeout = TimeSpan.FromMilliseconds(500),
                    ProviderRecordLifetime = Life,
                    ReprovideInterval = TimeSpan.Zero,
                },
            },
            clock,
            Token
        );
        var (publisher, looker) = (network.Nodes[0].Node.Dht, network.Nodes[1].Node.Dht);
        var keys = Enumerable
            .Range(0, 3)
            .Select(static at => Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes($"{at}"))))
            .ToList();
        var sightings = new List<RecordSighting>();
        async Task AddAsync(Task<QueryResult> running)
        {
            var start = (ulong)(clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * Nanosecond;
            var query = await traced.OfAsync((await running).Span!.Value.TraceId, Token);
            var operation = ReconstructedTrace.Of([query]).Operations[0];
            sightings.Add(RecordSighting.Of(operation, [query])! with { StartUnixNano = start });
        }

        for (var round = 0; round < Rounds; round++)
        {
            // The last key is provided in the first round only; the others every 10 seconds.
            foreach (
                var key in keys.Take(
                    round == 0 ? 3
                    : round % 2 == 0 ? 2
                    : 0
                )
            )
            {
                await AddAsync(publisher.AddProviderAsync(key, cancellationToken: Token));
            }

            foreach (var key in keys)
            {
                await AddAsync(looker.GetProvidersAsync(key, cancellationToken: Token));
            }

            await network.Nodes[2 + round].KillAsync();
            clock.Move(Round);
        }

        var lives = sightings
            .GroupBy(static sighting => sighting.Key.Bytes)
            .ToDictionary(
                static group => group.Key,
                group =>
                    RecordLives.Of(
                        group.First().Key,
                        group,
                        [],
                        RecordTimes.Living(Life.Ticks * Nanosecond),
                        sightings.Max(static sighting => sighting.StartUnixNano)
                    )
            );
        var planted = Convert.ToHexStringLower(keys[2].Multihash.Bytes);

        Assert.Equal(3, lives.Count);
        Assert.Equal([planted], lives.Values.Where(static life => !life.Alarms.IsEmpty).Select(static life => life.Key.Bytes));
        Assert.Equal([RecordAlarmKind.Gone, RecordAlarmKind.PublishedOnce], lives[planted].Alarms.Select(static alarm => alarm.Kind));

        // It lived six rounds: until 30 seconds after its only publication.
        Assert.All(lives[planted].Lookups.Take(6), static lookup => Assert.True(lookup.Sighting.Holders.Length >= 3));
        Assert.All(lives[planted].Lookups.Skip(6), static lookup => Assert.Empty(lookup.Sighting.Holders));
        Assert.All(
            lives.Values.Where(life => life.Key.Bytes != planted),
            static life => Assert.All(life.Lookups, static lookup => Assert.True(lookup.Sighting.Holders.Length >= 3))
        );
    }

    /// <summary>The system's clock, moved ahead by hand; its timers run in true time.</summary>
    private sealed class MovedClock : TimeProvider
    {
        private long _ticks;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

        public void Move(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
