using System.Globalization;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Alarms;

/// <summary>One receiver of alarms: its queue, its attempts, and how they went.</summary>
internal sealed partial class WebhookReceiver
{
    /// <summary>Messages that wait at most; the oldest gives way.</summary>
    public const int MostWaiting = 200;

    /// <summary>Waits between the attempts of one message. After the last attempt it is given up.</summary>
    public static IReadOnlyList<TimeSpan> Waits { get; } =
    [
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Uri _url;
    private readonly ReadOnlyMemory<byte> _secret;
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<WebhookMessage> _queue;
    private readonly Lock _lock = new();
    private WebhookReport _report;

    public WebhookReceiver(Uri url, ReadOnlyMemory<byte> secret, HttpMessageInvoker http, TimeProvider clock, ILogger logger)
    {
        (_url, _secret, _http, _clock, _logger) = (url, secret, http, clock, logger);
        _report = new WebhookReport(url.GetLeftPart(UriPartial.Authority), 0, 0, 0, 0, null, null, null);
        _queue = Channel.CreateBounded<WebhookMessage>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Change(static report => report with { Lost = report.Lost + 1, Waiting = report.Waiting - 1 })
        );
    }

    /// <summary>The state.</summary>
    public WebhookReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report;
            }
        }
    }

    /// <summary>Queues a message.</summary>
    public void Add(WebhookMessage message)
    {
        Change(static report => report with { Waiting = report.Waiting + 1 });
        _queue.Writer.TryWrite(message);
    }

    /// <summary>Sends one message after another.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await foreach (var message in _queue.Reader.ReadAllAsync(cancellation))
        {
            var isSent = await SendAsync(message, cancellation);
            Change(report =>
                isSent
                    ? report with
                    {
                        Sent = report.Sent + 1,
                        Waiting = report.Waiting - 1,
                    }
                    : report with
                    {
                        Lost = report.Lost + 1,
                        Waiting = report.Waiting - 1,
                    }
            );
        }
    }

    private async Task<bool> SendAsync(WebhookMessage message, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var failure = await TryAsync(message, cancellation);
            if (failure is null)
            {
                Change(report => report with { LastSent = _clock.GetUtcNow(), Problem = null });
                return true;
            }

            Change(report => report with { Failures = report.Failures + 1, LastFailure = _clock.GetUtcNow(), Problem = failure });
            if (attempt == Waits.Count)
            {
                LogGivenUp(_logger, _report.Receiver, message.Id, attempt + 1, failure);
                return false;
            }

            LogFailed(_logger, _report.Receiver, message.Id, failure, Waits[attempt]);
            await Task.Delay(Waits[attempt], _clock, cancellation);
        }
    }

    /// <summary>Sends once. The result says why it failed; null when the receiver took it.</summary>
    private async Task<string?> TryAsync(WebhookMessage message, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(Patience, _clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, _url);
        request.Content = new ReadOnlyMemoryContent(message.Body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "dht-tracer");
        request.Headers.Add("X-DhtTracer-Delivery", message.Id);
        request.Headers.Add(WebhookSignature.TimestampHeader, now.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Of(_secret.Span, now, message.Body.Span));
        try
        {
            // Only the status counts: the body is not read.
            using var response = await _http.SendAsync(request, limit.Token);
            var status = (int)response.StatusCode;
            return status is >= 200 and < 300 ? null
                : status is >= 300 and < 400 ? $"It answered {status}, a redirect, which is not followed."
                : $"It answered {status}.";
        }
        catch (HttpRequestException failure)
        {
            return $"It cannot be reached: {failure.HttpRequestError}.";
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return $"It did not answer within {Patience.TotalSeconds} seconds.";
        }
    }

    private void Change(Func<WebhookReport, WebhookReport> change)
    {
        lock (_lock)
        {
            _report = change(_report);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alarm {Id} was not sent to {Receiver}: {Problem} Trying again in {Wait}")]
    private static partial void LogFailed(ILogger logger, string receiver, string id, string problem, TimeSpan wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Alarm {Id} was not sent to {Receiver} in {Attempts} attempts: {Problem}")]
    private static partial void LogGivenUp(ILogger logger, string receiver, string id, int attempts, string problem);
}

/// <summary>How sending to one receiver goes. Counts begin with the process.</summary>
/// <param name="Receiver">Its scheme, host and port. The path is left out: it is often a secret.</param>
/// <param name="Sent">Messages that it took.</param>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="Lost">Messages that were given up, or gave way to later ones.</param>
/// <param name="Waiting">Messages that wait, or are being tried.</param>
/// <param name="LastSent">When it last took one; null for never.</param>
/// <param name="LastFailure">When an attempt last failed; null for never.</param>
/// <param name="Problem">Why the last attempt failed; null when it did not.</param>
public sealed record WebhookReport(
    string Receiver,
    long Sent,
    long Failures,
    long Lost,
    int Waiting,
    DateTimeOffset? LastSent,
    DateTimeOffset? LastFailure,
    string? Problem
);
