using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Alarms;

/// <summary>Sends alarms to the receivers that the operator named. What waits is lost when the process stops.</summary>
public sealed class AlarmWebhooks : BackgroundService
{
    private readonly ImmutableArray<WebhookReceiver> _receivers;
    private readonly HttpMessageInvoker _http;

    /// <summary>Makes a queue for each receiver.</summary>
    /// <param name="options">The receivers.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Gets failures, without the paths of addresses, which may be secret.</param>
    public AlarmWebhooks(AlarmOptions options, TimeProvider clock, ILogger<AlarmWebhooks> logger)
        : this(options, clock, logger, NewHandler()) { }

    internal AlarmWebhooks(AlarmOptions options, TimeProvider clock, ILogger<AlarmWebhooks> logger, HttpMessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(options);
        _http = new HttpMessageInvoker(handler);
        _receivers = [.. options.Webhooks.Distinct().Select(url => new WebhookReceiver(url, options.Secret, _http, clock, logger))];
    }

    /// <summary>State of each receiver.</summary>
    public IReadOnlyList<WebhookReport> Reports => [.. _receivers.Select(static receiver => receiver.Report)];

    /// <summary>Queues messages for every receiver. Never waits.</summary>
    public void Send(IEnumerable<WebhookMessage> messages)
    {
        foreach (var message in messages)
        {
            foreach (var receiver in _receivers)
            {
                receiver.Add(message);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_receivers.Select(receiver => receiver.RunAsync(stoppingToken)));

    /// <summary>Goes to the named address only: no proxy, no redirect, no cookies.</summary>
    internal static SocketsHttpHandler NewHandler() =>
        new()
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxResponseHeadersLength = 64,
        };
}
