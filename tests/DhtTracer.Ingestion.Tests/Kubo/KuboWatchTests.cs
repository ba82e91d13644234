using DhtTracer.Ingestion.Kubo;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests.Kubo;

public sealed class KuboWatchTests
{
    private const string Start = """
        {"level":"info","ts":"2026-11-30T06:48:18.040Z","logger":"dht/provider","msg":"reprovide starting for prefix \"01\""}
        """;

    private const string Other =
        """{"level":"info","ts":"2026-11-30T06:48:18.041Z","logger":"bitswap","caller":"a/b.go:1","msg":"something else"}""";

    private const string Set = "/api/v0/log/level?arg=dht%2Fprovider&arg=";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_and_statistics_are_sent_and_the_level_is_put_back()
    {
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, """{"Levels":{"dht/provider":"warn"}}""");
        var (spans, told, summary) = await WatchAsync(kubo, spans => spans.Count >= 3);

        Assert.Equal(new KuboWatchSummary(1, 2, 0), summary);
        var line = Assert.Single(spans, span => span.Name == KuboLogNames.Line);
        Assert.Equal("reprovide starting for prefix \"01\"", line.Attributes.GetString(KuboLogNames.Message));
        Assert.Equal(kubo.Node, line.Resource.Attributes.GetString("service.instance.id"));
        Assert.Equal("0.43.1", line.Resource.Attributes.GetString("service.version"));
        Assert.Equal(
            ["provide/stat", "stats/dht"],
            spans.Select(span => span.Attributes.GetString(KuboLogNames.Command)).OfType<string>().Order()
        );
        Assert.Contains(spans, span => span.Attributes.GetString(KuboLogNames.Answer) == """{"wan":{"buckets":2,"peers":3}}""");
        Assert.Equal([Set + "info", Set + "warn"], LevelsSet(kubo));
        Assert.Contains("The level of dht/provider is warn again.", told);
    }

    [Fact]
    public async Task A_level_that_an_old_daemon_does_not_tell_is_the_default_again()
    {
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, "{}");

        await WatchAsync(kubo, spans => spans.Count >= 3);

        Assert.Equal([Set + "info", Set + "error"], LevelsSet(kubo));
    }

    [Fact]
    public async Task A_level_that_says_more_already_is_left_alone()
    {
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, """{"Levels":{"dht/provider":"debug"}}""");

        await WatchAsync(kubo, spans => spans.Count >= 3);

        Assert.Empty(LevelsSet(kubo));
    }

    [Fact]
    public async Task A_stream_that_was_cut_is_opened_again_and_the_level_raised_again()
    {
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, """{"Levels":{"dht/provider":"error"}}""");
        kubo.Answer("log/tail", FakeKuboAnswer.Of(Start) with { IsCut = true });

        var (_, told, _) = await WatchAsync(kubo, _ => LevelsSet(kubo).Count >= 2 && Tails(kubo) >= 2);

        Assert.Equal([Set + "info", Set + "info"], LevelsSet(kubo).Take(2));
        Assert.Equal(Set + "error", LevelsSet(kubo)[^1]);
        Assert.Contains(told, text => text.StartsWith("Connecting again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_receiver_does_not_take_is_sent_again_and_counted_as_lost_at_the_end()
    {
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, """{"Levels":{"dht/provider":"error"}}""");
        var attempts = 0;

        var (_, _, summary) = await WatchAsync(kubo, _ => Volatile.Read(ref attempts) >= 2, _ => Interlocked.Increment(ref attempts) < 0);

        Assert.True(summary.Lost >= 1);
        Assert.Equal(Set + "error", LevelsSet(kubo)[^1]);
    }

    [Fact]
    public async Task With_blocks_their_loggers_are_raised_too_and_their_lines_are_sent()
    {
        const string Answered = """
            {"level":"debug","ts":"2026-11-30T06:48:19.040Z","logger":"bitswap/session","msg":"Bitswap <- HAVE","from":"a","cid":"b"}
            """;
        await using var kubo = await FakeKubo.StartAsync();
        Answers(kubo, """{"Levels":{"dht/provider":"error","bitswap/session":"warn","routing/provqrymgr":"debug"}}""");
        kubo.Answer("log/tail", FakeKuboAnswer.Of(Other, Start, Answered) with { End = TimeSpan.FromMinutes(5) });

        var (spans, told, _) = await WatchAsync(kubo, spans => spans.Count >= 4, blocks: true);

        Assert.Contains(spans, span => span.Attributes.GetString(KuboLogNames.Message) == "Bitswap <- HAVE");
        const string OfBitswap = "/api/v0/log/level?arg=bitswap%2Fsession&arg=";
        Assert.Equal(
            [OfBitswap + "debug", OfBitswap + "warn"],
            kubo.Requests.Select(request => request.PathAndQuery).Where(path => path.StartsWith(OfBitswap, StringComparison.Ordinal))
        );
        Assert.Contains("The level of routing/provqrymgr is debug already.", told);
        Assert.Contains(kubo.Requests, request => request.PathAndQuery == "/api/v0/log/tail?log-level=debug");
    }

    [Fact]
    public async Task A_daemon_that_is_not_there_is_said_at_once()
    {
        using var client = new KuboRpcClient(KuboAddress.Parse("http://127.0.0.1:1", out _));
        var watch = new KuboWatch(client, new KuboWatchOptions(), _ => Task.FromResult(true), TimeProvider.System);

        Assert.Equal(KuboProblem.Unreachable, (await Assert.ThrowsAsync<KuboException>(() => watch.RunAsync(Ct))).Problem);
    }

    private static void Answers(FakeKubo kubo, string levels)
    {
        kubo.Answer("log/level", FakeKuboAnswer.Of(levels));
        kubo.Answer("log/tail", FakeKuboAnswer.Of(Other, Start, "no line") with { End = TimeSpan.FromMinutes(5) });
        kubo.Answer("provide/stat", FakeKuboAnswer.Of("""{"Sweep":{"timing":{"uptime":1},"schedule":{"keys":7}}}"""));
        kubo.Answer(
            "stats/dht",
            FakeKuboAnswer.Of("""{"Name":"wan","Buckets":[{"Peers":[{"ID":"a"},{"ID":"b"}]},{"Peers":[{"ID":"c"}]}]}""")
        );
    }

    private static List<string> LevelsSet(FakeKubo kubo) =>
        [.. kubo.Requests.Select(request => request.PathAndQuery).Where(path => path.StartsWith(Set, StringComparison.Ordinal))];

    private static int Tails(FakeKubo kubo) => kubo.Requests.Count(request => request.PathAndQuery == "/api/v0/log/tail?log-level=info");

    /// <summary>Watches until something has happened, then cancels, as Ctrl-C does.</summary>
    private static async Task<(List<Span> Spans, List<string> Told, KuboWatchSummary Summary)> WatchAsync(
        FakeKubo kubo,
        Func<List<Span>, bool> until,
        Func<IReadOnlyList<Span>, bool>? send = null,
        bool blocks = false
    )
    {
        using var client = new KuboRpcClient(KuboAddress.Parse(kubo.Url.ToString(), out _));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var (spans, told) = (new List<Span>(), new List<string>());
        var watch = new KuboWatch(
            client,
            new KuboWatchOptions
            {
                Blocks = blocks,
                Every = TimeSpan.FromMilliseconds(50),
                Pause = TimeSpan.FromMilliseconds(20),
                Tell = text =>
                {
                    lock (told)
                    {
                        told.Add(text);
                    }
                },
            },
            batch =>
            {
                if (send is not null)
                {
                    return Task.FromResult(send(batch));
                }

                lock (spans)
                {
                    spans.AddRange(batch);
                }

                return Task.FromResult(true);
            },
            TimeProvider.System
        );
        var running = watch.RunAsync(end.Token);
        while (true)
        {
            lock (spans)
            {
                if (until(spans))
                {
                    break;
                }
            }

            await Task.Delay(10, Ct);
        }

        await end.CancelAsync();
        return (spans, told, await running);
    }
}
