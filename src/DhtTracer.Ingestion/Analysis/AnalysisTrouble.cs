using DhtTracer.Storage;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Analysis;

/// <summary>Why the analysis does not go on: the database does not take or give what it should.</summary>
/// <param name="Problem">What the database said, with a remedy.</param>
/// <param name="Since">When the first of the failures came that nothing has ended yet.</param>
/// <param name="Traces">Traces that wait because of it; 0 when a search for traces failed.</param>
/// <param name="Error">The newest failure: a <see cref="DatabaseException"/> or <see cref="StoreOverloadedException"/>.</param>
public sealed record AnalysisProblem(string Problem, DateTimeOffset Since, int Traces, Exception Error)
{
    /// <summary>Whether it may end without anybody doing anything: a lock, a full disk, a queue of writes.</summary>
    public bool IsTransient => Error is StoreOverloadedException or DatabaseException { IsTransient: true };
}

/// <summary>
/// Which traces and searches the database failed at, until the same ones succeed: an analysis that succeeds beside them ends nothing.
/// Safe to use from many threads.
/// </summary>
/// <param name="clock">The clock.</param>
internal sealed class AnalysisTrouble(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly HashSet<TraceId> _traces = [];
    private readonly HashSet<string> _searches = [];
    private DateTimeOffset _since;
    private Exception? _newest;
    private long _count;
    private long _finished;

    /// <summary>Failures since the process started.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Traces that were done with since the process started.</summary>
    public long Finished => Interlocked.Read(ref _finished);

    /// <summary>The failure that lasts; null when there is none.</summary>
    public AnalysisProblem? Current
    {
        get
        {
            lock (_gate)
            {
                return _newest is { } error ? new AnalysisProblem(error.Message, _since, _traces.Count, error) : null;
            }
        }
    }

    /// <summary>These traces could not be read or saved.</summary>
    public void Failed(IEnumerable<TraceId> traces, Exception error)
    {
        lock (_gate)
        {
            _traces.UnionWith(traces);
            Failed(error);
        }
    }

    /// <summary>A search for traces failed.</summary>
    public void Failed(string search, Exception error)
    {
        lock (_gate)
        {
            _searches.Add(search);
            Failed(error);
        }
    }

    /// <summary>These traces are done with.</summary>
    public void Succeeded(IReadOnlyCollection<TraceId> traces)
    {
        Interlocked.Add(ref _finished, traces.Count);
        lock (_gate)
        {
            _traces.ExceptWith(traces);
            Forget();
        }
    }

    /// <summary>A search for traces succeeded.</summary>
    public void Succeeded(string search)
    {
        lock (_gate)
        {
            _searches.Remove(search);
            Forget();
        }
    }

    private void Failed(Exception error)
    {
        Interlocked.Increment(ref _count);
        if (_newest is null)
        {
            _since = clock.GetUtcNow();
        }

        _newest = error;
    }

    private void Forget()
    {
        if (_traces.Count == 0 && _searches.Count == 0)
        {
            _newest = null;
        }
    }
}
