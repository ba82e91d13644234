namespace DhtTracer.Jaeger.Pull;

/// <summary>The meters of one pull: of each service, and of the list of services. Their sum is the progress that a caller sees.</summary>
internal sealed class PullMeters
{
    private readonly Lock _gate = new();
    private readonly List<PullMeter> _services = [];
    private readonly string _source;
    private readonly PullStatusBoard _board;
    private readonly IProgress<PullProgress>? _progress;
    private readonly TimeProvider _clock;
    private readonly long _began;

    /// <summary>Begins to count.</summary>
    /// <param name="source">The Jaeger.</param>
    /// <param name="board">Shows each service, and the list of services while it cannot be had.</param>
    /// <param name="progress">Hears of every change, or null.</param>
    /// <param name="clock">The clock.</param>
    public PullMeters(string source, PullStatusBoard board, IProgress<PullProgress>? progress, TimeProvider clock)
    {
        _source = source;
        _board = board;
        _progress = progress;
        _clock = clock;
        _began = clock.GetTimestamp();
        List = new PullMeter(source, "", clock, ListChanged);
    }

    /// <summary>The list of services.</summary>
    public PullMeter List { get; }

    /// <summary>Adds a service.</summary>
    public PullMeter Add(string service)
    {
        var meter = new PullMeter(_source, service, _clock, Report);
        lock (_gate)
        {
            _services.Add(meter);
        }

        _board.Add(_source, service, () => meter.Status);
        return meter;
    }

    /// <summary>All services together.</summary>
    public PullProgress Total()
    {
        PullServiceStatus[] services;
        lock (_gate)
        {
            services = [.. _services.Select(meter => meter.Status)];
        }

        return new PullProgress(
            services.Length,
            services.Sum(status => status.Windows),
            services.Sum(status => status.WindowsBisected),
            services.Sum(status => status.Traces),
            services.Sum(status => status.Spans),
            services.Sum(status => status.Duplicates),
            services.Sum(status => status.Retries),
            services.Length == 0 ? 0 : services.Average(status => status.Fraction),
            _clock.GetElapsedTime(_began)
        )
        {
            Moved = services.Sum(status => status.Moved),
            Reread = services.Sum(status => status.Reread),
            Gaps = services.Sum(status => status.Gaps),
            Problem = services.Append(List.Status).FirstOrDefault(IsFailing)?.LastError,
        };
    }

    private static bool IsFailing(PullServiceStatus status) => status.Activity is PullActivity.BackingOff or PullActivity.Failed;

    private void ListChanged()
    {
        if (IsFailing(List.Status))
        {
            _board.Add(_source, "", () => List.Status);
        }
        else
        {
            _board.Remove(_source, "");
        }

        Report();
    }

    private void Report() => _progress?.Report(Total());
}
