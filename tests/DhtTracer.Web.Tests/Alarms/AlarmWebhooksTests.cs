using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Web.Alarms;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Web.Tests.Alarms;

/// <summary>Receivers are stubs, and waits between attempts pass at once.</summary>
public sealed class AlarmWebhooksTests
{
    private static readonly Uri Receiver = new("http://127.0.0.1:9/hooks/secret-path");
    private static readonly byte[] Secret = "sixteen bytes...."u8.ToArray();

    /// <summary>Expected value by <c>printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'sixteen bytes....'</c>.</summary>
    [Fact]
    public void The_signature_is_that_of_openssl() =>
        Assert.Equal(
            "sha256=5e8dd972a91487953dcf62abaeeeec564088d090626b00f0928922391232f821",
            WebhookSignature.Of(Secret, 1_700_000_000, """{"a":1}"""u8)
        );

    [Fact]
    public async Task An_alarm_is_posted_with_its_figures_and_a_signature_over_time_and_body()
    {
        var stub = new Stub(HttpStatusCode.NoContent);
        var webhooks = await RunAsync(stub, new Waits(), [Receiver], [Changes("<b>get-providers")], static report => report.Sent == 1);

        var sent = Assert.Single(stub.Requests);
        Assert.Equal(Receiver, sent.Url);
        using var mac = new HMACSHA256(Secret);
        var expected = mac.ComputeHash([.. Encoding.ASCII.GetBytes(sent.Headers[WebhookSignature.TimestampHeader] + "."), .. sent.Body]);
        Assert.Equal("sha256=" + Convert.ToHexStringLower(expected), sent.Headers[WebhookSignature.SignatureHeader]);
        Assert.Equal(
            Waits.Start.ToUnixTimeSeconds(),
            long.Parse(sent.Headers[WebhookSignature.TimestampHeader], CultureInfo.InvariantCulture)
        );

        var json = JsonDocument.Parse(sent.Body).RootElement;
        var alarm = json.GetProperty("alarm");
        Assert.Equal("raised", json.GetProperty("event").GetString());
        Assert.Equal("<b>get-providers", alarm.GetProperty("subject").GetString());
        Assert.Equal("duration-p50", alarm.GetProperty("kind").GetString());
        Assert.Equal(2e9, alarm.GetProperty("raised").GetProperty("figure").GetDouble());
        Assert.Equal("/alarms?id=" + alarm.GetProperty("id").GetString(), json.GetProperty("path").GetString());
        Assert.Equal(json.GetProperty("id").GetString(), sent.Headers["X-DhtTracer-Delivery"]);

        var report = Assert.Single(webhooks);
        Assert.Equal(("http://127.0.0.1:9", 0, null), (report.Receiver, report.Waiting, report.Problem));
    }

    [Fact]
    public async Task A_receiver_that_fails_is_tried_again_after_growing_waits()
    {
        var stub = new Stub(HttpStatusCode.InternalServerError, null, HttpStatusCode.OK);
        var waits = new Waits();
        var report = Assert.Single(await RunAsync(stub, waits, [Receiver], [Changes("a")], static report => report.Sent == 1));

        Assert.Equal(WebhookReceiver.Waits.Take(2), waits.Waited);
        Assert.Equal((1, 2, 0), (report.Sent, report.Failures, report.Lost));
        Assert.Single(stub.Requests.Select(static request => request.Headers["X-DhtTracer-Delivery"]).Distinct());
        Assert.NotNull(report.LastFailure);
    }

    [Fact]
    public async Task A_receiver_that_never_takes_it_is_given_up_and_the_next_message_follows()
    {
        var failures = Enumerable.Repeat((HttpStatusCode?)HttpStatusCode.BadGateway, WebhookReceiver.Waits.Count + 1);
        var stub = new Stub([.. failures, HttpStatusCode.OK]);
        var report = Assert.Single(
            await RunAsync(stub, new Waits(), [Receiver], [Changes("a"), Changes("b")], static report => report.Sent == 1)
        );

        Assert.Equal((1, WebhookReceiver.Waits.Count + 1, 1), (report.Sent, report.Failures, report.Lost));
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        var stub = new Stub(HttpStatusCode.TemporaryRedirect, HttpStatusCode.OK);
        await RunAsync(stub, new Waits(), [Receiver], [Changes("a")], static report => report.Sent == 1);

        Assert.Equal([Receiver, Receiver], stub.Requests.Select(static request => request.Url));
        using var handler = AlarmWebhooks.NewHandler();
        Assert.Equal((false, false, false), (handler.AllowAutoRedirect, handler.UseProxy, handler.UseCookies));
    }

    [Fact]
    public async Task One_receiver_that_fails_does_not_hold_back_another()
    {
        var good = new Uri("https://good.example/");
        var stub = new Stub(request => request == good ? HttpStatusCode.OK : null);
        var reports = await RunAsync(
            stub,
            new Waits(),
            [Receiver, good],
            [Changes("a")],
            static report => report.Sent == 1 || report.Lost == 1
        );

        Assert.Equal([(0L, 1L), (1L, 0L)], reports.Select(static report => (report.Sent, report.Lost)));
    }

    [Fact]
    public async Task The_queue_is_bounded_and_the_oldest_gives_way()
    {
        using var webhooks = Make(new Stub(HttpStatusCode.OK), new Waits(), [Receiver]);
        webhooks.Send(Enumerable.Range(0, WebhookReceiver.MostWaiting + 5).Select(i => new WebhookMessage($"{i}", default)));

        var report = Assert.Single(webhooks.Reports);
        Assert.Equal((WebhookReceiver.MostWaiting, 5), (report.Waiting, report.Lost));
        await webhooks.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void An_alarm_that_ends_is_sent_too_and_one_that_goes_on_is_not()
    {
        var raised = Changes("a").Raised[0];
        var messages = WebhookMessage.Of(new AlarmChanges([], [raised], [raised with { UntilUnixNano = 7, End = AlarmEnd.Fine }])).ToList();

        var message = Assert.Single(messages);
        Assert.Equal("ended", JsonDocument.Parse(message.Body).RootElement.GetProperty("event").GetString());
        Assert.Empty(WebhookMessage.Of(new AlarmChanges([], [raised], [])));
    }

    private static AlarmChanges Changes(string subject) =>
        new(
            [
                Alarm.Of(
                    new AlarmFinding
                    {
                        Kind = AlarmKind.DurationP50,
                        Subject = subject,
                        State = FindingState.Alarm,
                        Figure = 2e9,
                        Expected = 1e9,
                        RestsOn = 50,
                    },
                    HourSums.LengthNs
                ),
            ],
            [],
            []
        );

    private static AlarmWebhooks Make(HttpMessageHandler handler, TimeProvider clock, IReadOnlyList<Uri> receivers) =>
        new(new AlarmOptions(receivers, Secret), clock, NullLogger<AlarmWebhooks>.Instance, handler);

    private static async Task<IReadOnlyList<WebhookReport>> RunAsync(
        Stub stub,
        Waits clock,
        IReadOnlyList<Uri> receivers,
        IReadOnlyList<AlarmChanges> hours,
        Func<WebhookReport, bool> isDone
    )
    {
        using var webhooks = Make(stub, clock, receivers);
        foreach (var changes in hours)
        {
            webhooks.Send(WebhookMessage.Of(changes));
        }

        await webhooks.StartAsync(TestContext.Current.CancellationToken);
        while (!webhooks.Reports.All(isDone))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await webhooks.StopAsync(TestContext.Current.CancellationToken);
        return webhooks.Reports;
    }

    private sealed record Request(Uri Url, Dictionary<string, string> Headers, byte[] Body);

    /// <summary>Answers with one status after another; null for no connection.</summary>
    private sealed class Stub : HttpMessageHandler
    {
        private readonly Func<Uri, HttpStatusCode?> _answer;

        public Stub(params HttpStatusCode?[] answers)
        {
            var left = new Queue<HttpStatusCode?>(answers);
            _answer = _ => left.Dequeue();
        }

        public Stub(Func<Uri, HttpStatusCode?> answer) => _answer = answer;

        public ConcurrentQueue<Request> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Enqueue(
                new Request(
                    request.RequestUri!,
                    request.Headers.ToDictionary(static header => header.Key, static header => header.Value.First()),
                    await request.Content!.ReadAsByteArrayAsync(cancellationToken)
                )
            );
            return _answer(request.RequestUri!) is { } status
                ? new HttpResponseMessage(status) { Headers = { Location = new Uri("http://elsewhere.example/") } }
                : throw new HttpRequestException(HttpRequestError.ConnectionError);
        }
    }

    /// <summary>Stands still. Waits between attempts are over at once, the patience with one request never.</summary>
    private sealed class Waits : TimeProvider
    {
        public static DateTimeOffset Start { get; } = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

        public ConcurrentQueue<TimeSpan> Waited { get; } = [];

        public override DateTimeOffset GetUtcNow() => Start;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (WebhookReceiver.Waits.Contains(dueTime))
            {
                Waited.Enqueue(dueTime);
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }

            return new Still();
        }

        private sealed class Still : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() { }

            public ValueTask DisposeAsync() => default;
        }
    }
}
