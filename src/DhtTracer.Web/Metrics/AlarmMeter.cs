using System.Diagnostics.Metrics;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage;
using DhtTracer.Storage.Alarms;
using DhtTracer.Web.Alarms;

namespace DhtTracer.Web.Metrics;

/// <summary>Open alarms and the state of webhooks as instruments. They have the values of the last <see cref="RefreshAsync"/>.</summary>
internal sealed class AlarmMeter : IDisposable
{
    private readonly TraceStore _store;
    private readonly Meter _meter;
    private volatile IReadOnlyList<Alarm>? _open;

    /// <summary>Makes the instruments.</summary>
    public AlarmMeter(TraceStore store, AlarmWebhooks webhooks, IMeterFactory meters)
    {
        _store = store;
        _meter = meters.Create(StateMeter.Name + ".Alarms");
        _meter.CreateObservableGauge("dht_tracer.alarms", Open, "{alarm}", "Open alarms.");
        void Count(string name, string unit, string what, Func<WebhookReport, long> value) =>
            _meter.CreateObservableCounter("dht_tracer.alarm_webhook." + name, () => Webhooks(webhooks, value), unit, what);
        void Gauge(string name, string unit, string what, Func<WebhookReport, long> value) =>
            _meter.CreateObservableGauge("dht_tracer.alarm_webhook." + name, () => Webhooks(webhooks, value), unit, what);

        Count("sent", "{message}", "Messages that the receiver took.", static report => report.Sent);
        Count("failures", "{attempt}", "Attempts that failed.", static report => report.Failures);
        Count("lost", "{message}", "Messages that were given up.", static report => report.Lost);
        Gauge("waiting", "{message}", "Messages that wait.", static report => report.Waiting);
        Gauge("failing", "1", "1 while the last attempt failed; else 0.", static report => report.Problem is null ? 0 : 1);
    }

    /// <summary>Reads the open alarms.</summary>
    /// <exception cref="DatabaseException">The archive does not answer.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken) =>
        _open = (await _store.ListAlarmsAsync(new AlarmFilter { IsOpen = true }, AlarmBook.MostOpen, cancellationToken)).Alarms;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    // Every kind has a value, so that a rule over it sees 0 and not nothing.
    private IEnumerable<Measurement<long>> Open() =>
        _open is not { } open
            ? []
            : Enum.GetValues<AlarmKind>()
                .Select(kind => new Measurement<long>(
                    open.Count(alarm => alarm.Kind == kind),
                    KeyValuePair.Create("kind", (object?)Words.Of(kind))
                ));

    private static IEnumerable<Measurement<long>> Webhooks(AlarmWebhooks webhooks, Func<WebhookReport, long> value) =>
        webhooks.Reports.Select(report => new Measurement<long>(value(report), KeyValuePair.Create("receiver", (object?)report.Receiver)));
}
