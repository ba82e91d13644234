using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests.Kubo;

public sealed class KuboQueryTests
{
    private const string AnyCid = "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye";
    private const string AnyPeer = "12D3KooWLxDvWWswppMHJ4ALvQDiBNMtJ8VeaQtqNh4SXh1bd1Vo";
    private const string Asked = """{"Extra":"","ID":"12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf","Responses":null,"Type":0}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("findprovs-5", QueryType.GetProviders, 1)]
    [InlineData("findprovs-5", QueryType.GetProviders, 50)]
    [InlineData("findpeer-found", QueryType.FindPeer, 50)]
    public async Task A_captured_command_is_told_event_by_event_with_its_times(string label, QueryType type, double faster)
    {
        var captured = CapturedCommand.Of("file-exporter", label);
        await using var kubo = await FakeKubo.StartAsync(node: captured.Node);
        kubo.Replay(captured, faster);
        var (end, query, batches) = await RunAsync(kubo, KuboCommand.Create(type, captured.Key));

        Assert.Equal((KuboStreamEnd.Complete, QueryOutcome.Success), (end.End, query.Outcome));
        Assert.Equal((captured.Node, "Kubo", TraceSource.KuboEvents), (query.Node, query.Service, query.Source));
        Assert.Equal(label == "findprovs-5" ? 5 : 1, query.Counts.Results);
        Assert.Equal(Count(captured, 0), query.Peers.Sum(static peer => peer.Requests.Length));
        Assert.Equal(
            Count(captured, 1),
            query.Peers.Sum(static peer => peer.Requests.Count(static request => request.Outcome == RequestOutcome.Answered))
        );

        // A reader is never early; how late it is depends on the machine.
        Assert.True(query.DurationNs >= (captured.End - captured.Start) / faster);
        Assert.All(
            query.Peers.SelectMany(static peer => peer.Requests),
            request => Assert.InRange(request.StartNs!.Value, 0, query.DurationNs!.Value)
        );
        Assert.Equal(
            batches.Sum(static batch => batch.Count),
            batches.SelectMany(static batch => batch).DistinctBy(static span => (span.SpanId, span.EndUnixNano)).Count()
        );
    }

    [Fact]
    public async Task Agents_and_round_trips_of_connected_peers_are_kept_with_the_peers_that_the_command_named()
    {
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        await using var kubo = await FakeKubo.StartAsync(node: captured.Node);
        kubo.Replay(captured, 50);
        var (_, without, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetProviders, captured.Key));
        Assert.All(without.Peers, static peer => Assert.Equal((null, null), (peer.Agent, peer.LatencyNs)));

        var (first, second) = (without.Peers[0].Id, without.Peers[1].Id);
        kubo.SwarmPeers = $$$"""
            {"Peers":[
              {"Addr":"/ip4/11.1.0.1/tcp/4001","Peer":"{{{first}}}","Latency":"12.5ms",
               "Identify":{"ID":"{{{first}}}","AgentVersion":"kubo/0.43.1/"}},
              {"Addr":"/ip4/11.1.0.2/tcp/4001","Peer":"{{{second}}}","Latency":"n/a","Identify":{"ID":"","AgentVersion":""}},
              {"Addr":"/ip4/11.1.0.3/tcp/4001","Peer":"{{{AnyPeer}}}","Latency":"1s","Identify":{"AgentVersion":"stranger"}}]}
            """;
        var (_, query, batches) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetProviders, captured.Key));
        Assert.Equal(without.Peers.Select(static peer => peer.Id), query.Peers.Select(static peer => peer.Id));
        Assert.Equal(
            [(first, "kubo/0.43.1/", 12_500_000)],
            query
                .Peers.Where(static peer => peer.Agent is not null || peer.LatencyNs is not null)
                .Select(static peer => (peer.Id, peer.Agent!, peer.LatencyNs!.Value))
        );

        // Whoever the daemon knows beside the command stays its own business.
        Assert.DoesNotContain("stranger", System.Text.Json.JsonSerializer.Serialize(batches), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("12.345ms", 12_345_000L)]
    [InlineData("880µs", 880_000L)]
    [InlineData("1m2.5s", 62_500_000_000L)]
    [InlineData("17ns", 17L)]
    [InlineData("n/a", null)]
    [InlineData("0s", null)]
    [InlineData("5", null)]
    [InlineData("ms", null)]
    [InlineData("", null)]
    public void A_duration_of_go_is_read(string text, long? expected) => Assert.Equal(expected, KuboPeers.Nanoseconds(text));

    [Fact]
    public async Task The_request_names_our_root_span_and_has_no_origin()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of(Asked));
        var (end, _, _) = await RunAsync(
            kubo,
            KuboCommand.Create(QueryType.GetProviders, AnyCid) with
            {
                Count = 3,
                Timeout = TimeSpan.FromSeconds(9),
            }
        );

        var request = Assert.Single(kubo.Requests);
        Assert.Equal($"00-{end.Id.TraceId}-{end.Id.SpanId}-01", request.TraceParent);
        Assert.Equal(
            ($"/api/v0/routing/findprovs?arg={AnyCid}&verbose=true&num-providers=3&timeout=9000ms", ""),
            (request.PathAndQuery, request.Origin)
        );
    }

    [Fact]
    public async Task Events_are_handed_on_while_the_daemon_is_silent()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", new FakeKuboAnswer { Lines = [(TimeSpan.Zero, Asked)], End = TimeSpan.FromMinutes(10) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var first = new TaskCompletionSource<IReadOnlyList<Span>>();
        using var client = new KuboRpcClient(new KuboAddress(kubo.Url, null));
        var run = new KuboQuery(client, KuboCommand.Create(QueryType.GetProviders, AnyCid), null, TimeProvider.System).RunAsync(
            batch =>
            {
                first.TrySetResult(batch);
                return Task.CompletedTask;
            },
            stop.Token
        );
        var batch = await first.Task;

        Assert.Equal([0UL], batch.Where(static span => span.Name == "routing/findprovs").Select(static span => span.EndUnixNano));
        Assert.Contains(batch, static span => span.Name == nameof(KuboEventType.SendingQuery));

        await stop.CancelAsync();
        Assert.Equal(KuboStreamEnd.Cancelled, (await run).End);
    }

    [Fact]
    public async Task Giving_up_closes_the_request_and_ends_the_query_as_cancelled()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", new FakeKuboAnswer { Lines = [(TimeSpan.Zero, Asked)], End = TimeSpan.FromMinutes(10) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var (end, query, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetProviders, AnyCid), stop.Cancel, stop.Token);

        await kubo.ClientGone.Task.WaitAsync(Ct);
        Assert.Equal((KuboStreamEnd.Cancelled, QueryOutcome.Cancelled), (end.End, query.Outcome));
        Assert.NotNull(query.DurationNs);
    }

    [Fact]
    public async Task A_stream_that_is_cut_fails_and_keeps_what_came()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of(Asked) with { IsCut = true, End = TimeSpan.FromMilliseconds(50) });
        var (end, query, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetProviders, AnyCid));

        Assert.Equal((KuboStreamEnd.Cut, QueryOutcome.Failed, ErrorClass.Reset), (end.End, query.Outcome, query.Error?.Class));
        Assert.Contains("was lost", end.Error, StringComparison.Ordinal);
        Assert.Equal(1, query.Counts.Queried);
    }

    [Theory]
    [InlineData("get-missing")]
    public async Task A_command_that_found_nothing_is_an_answer(string label)
    {
        var captured = CapturedCommand.Of("custom", label);
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Replay(captured, 50);
        var (end, query, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetValue, "/ipns/" + captured.Key));

        Assert.Equal((KuboStreamEnd.Error, "routing: not found"), (end.End, end.Error));
        Assert.Equal((QueryOutcome.NotFound, 0), (query.Outcome, query.Counts.Results));
    }

    [Fact]
    public async Task An_error_line_in_the_stream_ends_it()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findpeer", FakeKuboAnswer.Of(Asked, """{"Message":"context deadline exceeded","Code":0,"Type":"error"}"""));
        var (end, query, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.FindPeer, AnyPeer));

        Assert.Equal((KuboStreamEnd.Error, QueryOutcome.TimedOut), (end.End, query.Outcome));
    }

    [Fact]
    public async Task A_value_is_put_as_a_file()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/put", FakeKuboAnswer.Of($$"""{"Extra":"","ID":"{{AnyPeer}}","Responses":null,"Type":5}"""));
        var (_, query, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.PutValue, "/ipns/" + AnyPeer, "hello"u8.ToArray()));

        var request = Assert.Single(kubo.Requests);
        Assert.Equal("/api/v0/routing/put?arg=%2Fipns%2F" + AnyPeer, request.PathAndQuery);
        Assert.Contains("hello", request.Body, StringComparison.Ordinal);
        Assert.Equal((QueryOutcome.Success, null), (query.Outcome, query.Counts.Results));
    }

    [Theory]
    [InlineData(403, "403 - Forbidden\n", KuboProblem.Forbidden, "Origin")]
    [InlineData(401, "no", KuboProblem.Unauthorized, "--kubo-auth")]
    [InlineData(405, "405 - Method Not Allowed", KuboProblem.NotKubo, "5001")]
    [InlineData(404, "404 page not found", KuboProblem.NotKubo, "5001")]
    [InlineData(400, "invalid path", KuboProblem.Refused, "invalid path")]
    [InlineData(502, "bad gateway", KuboProblem.NotKubo, "502")]
    [InlineData(500, """{"Message":"routing service is not a DHT","Code":0,"Type":"error"}""", KuboProblem.NoDht, "Routing.Type")]
    [InlineData(500, """{"Message":"this command must be run in online mode","Code":1,"Type":"error"}""", KuboProblem.NoDht, "ipfs daemon")]
    [InlineData(500, "panic", KuboProblem.NotKubo, "panic")]
    public async Task A_refusal_is_an_error_with_its_remedy_and_leaves_no_query(int status, string body, KuboProblem problem, string remedy)
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("dht/query", FakeKuboAnswer.Of(body) with { Status = status });
        using var client = new KuboRpcClient(new KuboAddress(kubo.Url, null));
        var sent = 0;
        var query = new KuboQuery(client, KuboCommand.Create(QueryType.GetClosestPeers, AnyPeer), null, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<KuboException>(() =>
            query.RunAsync(
                batch =>
                {
                    sent += batch.Count;
                    return Task.CompletedTask;
                },
                Ct
            )
        );

        Assert.Equal((problem, 0), (refused.Problem, sent));
        Assert.Contains(remedy, refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KuboException>(() => query.Accepted);
    }

    [Fact]
    public async Task Nobody_listening_is_said_with_the_address()
    {
        Uri gone;
        await using (var kubo = await FakeKubo.StartAsync())
        {
            gone = kubo.Url;
        }

        using var client = new KuboRpcClient(new KuboAddress(gone, null));
        var refused = await Assert.ThrowsAsync<KuboException>(() => client.IdentityAsync(Ct));

        Assert.Equal(KuboProblem.Unreachable, refused.Problem);
        Assert.Contains("ipfs daemon", refused.Message, StringComparison.Ordinal);
        Assert.Contains(gone.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer s3cret", "bearer:s3cret")]
    [InlineData("Basic dXNlcjpwYXNz", "basic:user:pass")]
    public async Task The_api_gets_the_authorization_that_it_wants(string header, string secret)
    {
        await using var kubo = await FakeKubo.StartAsync(authorization: header);
        using var without = new KuboRpcClient(new KuboAddress(kubo.Url, null));
        var refused = await Assert.ThrowsAsync<KuboException>(() => without.IdentityAsync(Ct));
        Assert.Equal(KuboProblem.Unauthorized, refused.Problem);

        using var with = new KuboRpcClient(new KuboAddress(kubo.Url, null), KuboAuthorization.Parse(secret));
        Assert.Equal(("0.43.1", kubo.Node), ((await with.IdentityAsync(Ct)).Version, (await with.IdentityAsync(Ct)).Id));
    }

    [Fact]
    public async Task A_line_without_an_end_is_not_read_for_ever()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of("""{"ID":"12D","Type":0}""", new string('x', KuboLine.MaxLength + 70_000)));
        var (end, _, _) = await RunAsync(kubo, KuboCommand.Create(QueryType.GetProviders, AnyCid));

        Assert.Equal(KuboStreamEnd.Cut, end.End);
        Assert.Contains("longer than", end.Error, StringComparison.Ordinal);
    }

    private static int Count(CapturedCommand captured, int type) =>
        captured.Lines.Count(line => line.Json.Contains($"\"Type\":{type}", StringComparison.Ordinal));

    private static Task<(KuboQueryEnd End, Query Query, List<IReadOnlyList<Span>> Batches)> RunAsync(FakeKubo kubo, KuboCommand command) =>
        RunAsync(kubo, command, null, Ct);

    private static async Task<(KuboQueryEnd End, Query Query, List<IReadOnlyList<Span>> Batches)> RunAsync(
        FakeKubo kubo,
        KuboCommand command,
        Action? onFirstEvent,
        CancellationToken cancellation
    )
    {
        using var client = new KuboRpcClient(new KuboAddress(kubo.Url, null));
        var batches = new List<IReadOnlyList<Span>>();
        var query = new KuboQuery(client, command, await client.IdentityAsync(Ct), TimeProvider.System)
        {
            OnEvent = (_, _) => onFirstEvent?.Invoke(),
        };
        var end = await query.RunAsync(
            batch =>
            {
                batches.Add(batch);
                return Task.CompletedTask;
            },
            cancellation
        );
        var trace = TraceReconstruction.Reconstruct([.. batches.SelectMany(static batch => batch)]);
        Assert.Equal(query.Id, Assert.Single(trace.Queries).Id);
        return (end, trace.Queries[0], batches);
    }
}
