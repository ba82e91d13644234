using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// One search, read in pieces of bounded size. After a failure the next piece begins the search again; what came before comes twice.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="connection">The Jaeger.</param>
/// <param name="gate">Limits the searches at once.</param>
/// <param name="meter">Counts what comes.</param>
internal sealed class TraceSearch(string service, JaegerConnection connection, SemaphoreSlim gate, PullMeter meter) : IAsyncDisposable
{
    /// <summary>Spans held at most before they are stored, whether or not their window is read to its end.</summary>
    private const int MaxHeldSpans = 10_000;

    private readonly HashSet<TraceId> _ids = [];
    private IJaegerReader? _reader;
    private IAsyncEnumerator<FoundSpans>? _pieces;
    private int _rejected;
    private bool _entered;

    /// <summary>The time in which spans start.</summary>
    public required TimeWindow Window { get; init; }

    /// <summary>Traces asked for.</summary>
    public required int Depth { get; init; }

    /// <summary>Whether an answer that is cut at <see cref="Depth"/> is read to its end, instead of left at once.</summary>
    public required bool TakeFull { get; init; }

    /// <summary>Whether the window was read before.</summary>
    public required bool IsAgain { get; init; }

    /// <summary>Whether the last attempt came as far as the search.</summary>
    public bool Reached { get; private set; }

    /// <summary>Whether the answer is at its end.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether as many traces came as were asked for: there may be more.</summary>
    public bool IsFull => _ids.Count + _rejected >= Depth;

    /// <summary>Traces that came.</summary>
    public int Count => _ids.Count;

    /// <summary>Start of the earliest span of the service's traces that lies in the window; the window's end when there is none.</summary>
    public long Earliest { get; private set; } = long.MaxValue;

    /// <summary>Reads the next piece.</summary>
    /// <exception cref="JaegerReadException">There is no whole answer.</exception>
    public async ValueTask<Dictionary<TraceId, List<Span>>> NextAsync(CancellationToken cancellationToken)
    {
        var traces = new Dictionary<TraceId, List<Span>>();
        var held = 0;
        try
        {
            var pieces = _pieces ?? await BeginAsync(cancellationToken);
            while (await pieces.MoveNextAsync())
            {
                Take(pieces.Current, traces);
                held += pieces.Current.Spans.Count;
                if (IsFull && !TakeFull)
                {
                    // Cut off: what else would come is of no use. Ending the call here saves it.
                    break;
                }

                if (held >= MaxHeldSpans)
                {
                    return traces;
                }
            }

            Ended = true;
            connection.Succeeded();
            await EndAsync();
            return traces;
        }
        catch (JaegerReadException e)
        {
            if (_reader is { } reader && e.Problem is not (JaegerReadProblem.AnswerTooLarge or JaegerReadProblem.DepthRefused))
            {
                connection.Failed(reader);
            }

            await EndAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync();

    private async Task<IAsyncEnumerator<FoundSpans>> BeginAsync(CancellationToken cancellationToken)
    {
        Reached = false;
        _ids.Clear();
        _rejected = 0;
        await gate.WaitAsync(cancellationToken);
        _entered = true;
        _reader = await connection.GetAsync(cancellationToken);
        meter.Connected(_reader.Transport, connection.Server);
        Reached = true;
        return _pieces = _reader.FindTracesAsync(service, Window, Depth, cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    private void Take(FoundSpans piece, Dictionary<TraceId, List<Span>> traces)
    {
        foreach (var span in piece.Spans)
        {
            if (!traces.TryGetValue(span.TraceId, out var spans))
            {
                traces.Add(span.TraceId, spans = []);
                _ids.Add(span.TraceId);
            }

            spans.Add(span);
            var start = (long)Math.Min(span.StartUnixNano, long.MaxValue);
            Earliest = start >= Window.From && start < Earliest ? start : Earliest;
        }

        // Each may be a trace of its own that took the place of one that was cut off.
        _rejected += piece.Rejected;
        meter.Moved(piece.Spans.Count, IsAgain);
        if (piece.Rejected > 0)
        {
            meter.Rejected(piece.Rejected);
        }
    }

    private async ValueTask EndAsync()
    {
        if (_pieces is { } pieces)
        {
            _pieces = null;
            await pieces.DisposeAsync();
        }

        _reader = null;
        if (_entered)
        {
            _entered = false;
            gate.Release();
        }
    }
}
