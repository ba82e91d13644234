namespace DhtTracer.Jaeger.Pull;

/// <summary>What a puller is doing for one service.</summary>
public enum PullActivity
{
    /// <summary>Nothing yet.</summary>
    Starting = 0,

    /// <summary>Reading.</summary>
    Reading = 1,

    /// <summary>All there is has been read; waiting to look again.</summary>
    Waiting = 2,

    /// <summary>Something failed; waiting to try again.</summary>
    BackingOff = 3,

    /// <summary>Finished; a pull that does not follow ends so.</summary>
    Finished = 4,

    /// <summary>Given up.</summary>
    Failed = 5,
}

/// <summary>How far the pull of one service of one Jaeger is. Counts begin with the process.</summary>
public sealed record PullServiceStatus
{
    /// <summary>The Jaeger.</summary>
    public required string Source { get; init; }

    /// <summary>The service; empty for the list of services, which is only shown while it cannot be had.</summary>
    public required string Service { get; init; }

    /// <summary>The transport in use; <see cref="PullTransport.Automatic"/> while none answers.</summary>
    public PullTransport Transport { get; init; }

    /// <summary>What the server is, as far as its answers tell; null while it is not known. Hostile text.</summary>
    public string? Server { get; init; }

    /// <summary>What happens now.</summary>
    public PullActivity Activity { get; init; }

    /// <summary>Re-read until: everything that started before was read again after spans could no longer come late.</summary>
    public DateTimeOffset? CompleteUntil { get; init; }

    /// <summary>Read once until: everything that started before has been read at least once.</summary>
    public DateTimeOffset? ReadUntil { get; init; }

    /// <summary>How far reading is behind the clock; null before the first answer.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>Share of the stretch to read that is read, 0 to 1.</summary>
    public double Fraction { get; init; }

    /// <summary>Text of the last failure, from a remote server and so hostile; null when there was none.</summary>
    public string? LastError { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? LastErrorTime { get; init; }

    /// <summary>Failures that were tried again.</summary>
    public long Retries { get; init; }

    /// <summary>Windows read to their end.</summary>
    public long Windows { get; init; }

    /// <summary>Windows that came back full, or too large, and were cut in half.</summary>
    public long WindowsBisected { get; init; }

    /// <summary>
    /// Moments that hold more traces than the server hands out at once, however deep the search, and moments that the server fails to read:
    /// of these some traces are missing. <see cref="LastError"/> names the last one.
    /// </summary>
    public long WindowsIncomplete { get; init; }

    /// <summary>Stretches of time that the server cannot read now, each a second or less; they are tried again.</summary>
    public int Gaps { get; init; }

    /// <summary>Traces stored.</summary>
    public long Traces { get; init; }

    /// <summary>Spans stored.</summary>
    public long Spans { get; init; }

    /// <summary>Spans that came again and were not stored again.</summary>
    public long Duplicates { get; init; }

    /// <summary>Spans that came over the wire, those thrown away included.</summary>
    public long Moved { get; init; }

    /// <summary>Of these, spans of time that was read before, to find what came late.</summary>
    public long Reread { get; init; }

    /// <summary>Spans that came without a valid id or time and so cannot be stored, counted each time they come.</summary>
    public long Rejected { get; init; }
}

/// <summary>The state of all pulls in this process, for the ingest page and the API.</summary>
public sealed class PullStatusBoard
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Source, string Service), Func<PullServiceStatus>> _services = [];

    /// <summary>All services, by source and name.</summary>
    public IReadOnlyList<PullServiceStatus> Snapshot()
    {
        lock (_gate)
        {
            return [.. _services.Values.Select(status => status())];
        }
    }

    /// <summary>Adds a service, or replaces it; its status is asked for each time.</summary>
    public void Add(string source, string service, Func<PullServiceStatus> status)
    {
        lock (_gate)
        {
            _services[(source, service)] = status;
        }
    }

    /// <summary>Takes a service off again.</summary>
    public void Remove(string source, string service)
    {
        lock (_gate)
        {
            _services.Remove((source, service));
        }
    }
}
