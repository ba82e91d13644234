using System.Diagnostics.Metrics;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Counts for one service of one Jaeger: for the status, and as the histogram of the meter <c>DhtTracer.Pull</c>.</summary>
internal sealed class PullMeter
{
    private static readonly Meter Meter = new("DhtTracer.Pull");

    // Counts are told from the status; how lag spreads only a histogram tells.
    private static readonly Histogram<double> Lag = Meter.CreateHistogram(
        "dht_tracer.pull.lag",
        "s",
        "How far reading was behind the clock, at the end of each window.",
        tags: null,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400] }
    );

    private readonly Lock _gate = new();
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly TimeProvider _clock;
    private readonly Action _changed;
    private PullServiceStatus _status;

    /// <summary>Measures one pull.</summary>
    /// <param name="source">The Jaeger.</param>
    /// <param name="service">The service.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="changed">Called after something was stored and after something failed.</param>
    public PullMeter(string source, string service, TimeProvider clock, Action changed)
    {
        _clock = clock;
        _changed = changed;
        _status = new PullServiceStatus { Source = source, Service = service };
        _tags = [new("source", source), new("service", service)];
    }

    public PullServiceStatus Status
    {
        get
        {
            lock (_gate)
            {
                var status = _status with { WindowsIncomplete = _status.WindowsIncomplete + _status.Gaps };
                return status.ReadUntil is { } read ? status with { Lag = Behind(read) } : status;
            }
        }
    }

    public void Now(PullActivity activity) => Update(old => old with { Activity = activity });

    public void Connected(PullTransport transport, string? server) =>
        Update(old => old with { Transport = transport, Server = server, Activity = PullActivity.Reading });

    /// <summary>Spans came over the wire, whatever becomes of them.</summary>
    /// <param name="spans">How many.</param>
    /// <param name="again">Whether their time was read before.</param>
    public void Moved(int spans, bool again) =>
        Update(old => old with { Moved = old.Moved + spans, Reread = old.Reread + (again ? spans : 0) });

    /// <summary>What failed works again.</summary>
    public void Succeeded()
    {
        Update(old => old with { Activity = PullActivity.Waiting });
        _changed();
    }

    public void Bisect()
    {
        Update(old => old with { WindowsBisected = old.WindowsBisected + 1 });
    }

    public void Failed(string error, bool final)
    {
        Update(old =>
            old with
            {
                LastError = error,
                LastErrorTime = _clock.GetUtcNow(),
                Retries = old.Retries + (final ? 0 : 1),
                Activity = final ? PullActivity.Failed : PullActivity.BackingOff,
            }
        );
        _changed();
    }

    public void Rejected(int spans)
    {
        Update(old => old with { Rejected = old.Rejected + spans });
    }

    public void CouldNotComplete(string what)
    {
        Update(old => old with { WindowsIncomplete = old.WindowsIncomplete + 1, LastError = what, LastErrorTime = _clock.GetUtcNow() });
    }

    /// <summary>So many stretches could not be read and are tried again.</summary>
    public void Gaps(int count) => Update(old => old with { Gaps = count });

    public void Stored(int traces, int spans, int duplicates)
    {
        Update(old =>
            old with
            {
                Traces = old.Traces + traces,
                Spans = old.Spans + spans,
                Duplicates = old.Duplicates + duplicates,
                Activity = PullActivity.Reading,
            }
        );
        _changed();
    }

    public void Read(long readUntil, long completeUntil, double fraction)
    {
        var until = Time(readUntil);
        Lag.Record(Behind(until).TotalSeconds, _tags);
        Update(old => old with { Windows = old.Windows + 1, ReadUntil = until, CompleteUntil = Time(completeUntil), Fraction = fraction });
    }

    private static DateTimeOffset Time(long unixNano) => DateTimeOffset.UnixEpoch.AddTicks(unixNano / TimeSpan.NanosecondsPerTick);

    private TimeSpan Behind(DateTimeOffset read)
    {
        var lag = _clock.GetUtcNow() - read;
        return lag > TimeSpan.Zero ? lag : TimeSpan.Zero;
    }

    private void Update(Func<PullServiceStatus, PullServiceStatus> change)
    {
        lock (_gate)
        {
            _status = change(_status);
        }
    }
}
