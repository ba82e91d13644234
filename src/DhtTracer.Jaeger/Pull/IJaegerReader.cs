using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>A piece of an answer.</summary>
/// <param name="Spans">Spans of one or more traces.</param>
/// <param name="Rejected">Spans beside them that came without a valid id or time, which nobody can store.</param>
internal readonly record struct FoundSpans(IReadOnlyList<Span> Spans, int Rejected);

/// <summary>What a Jaeger says of a trace without its spans.</summary>
/// <param name="Trace">The trace; zero when its id cannot be read.</param>
/// <param name="Spans">Spans that the server has of it, repeated ones included.</param>
internal readonly record struct FoundSummary(TraceId Trace, int Spans);

/// <summary>One way to ask a Jaeger. Every method throws <see cref="JaegerReadException"/> when it gets no whole answer.</summary>
internal interface IJaegerReader : IDisposable
{
    /// <summary>Which way.</summary>
    PullTransport Transport { get; }

    /// <summary>Where.</summary>
    Uri Address { get; }

    /// <summary>All services that the server has spans of.</summary>
    Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whole traces that have a span of the service which starts inside the window, both ends included. A trace's spans may come in several
    /// pieces, one after another. At most <paramref name="depth"/> traces come; the server does not say when it left some out.
    /// </summary>
    IAsyncEnumerable<FoundSpans> FindTracesAsync(string service, TimeWindow window, int depth, CancellationToken cancellationToken);

    /// <summary>
    /// How many spans each trace has that <see cref="FindTracesAsync"/> would find, with the same limit. Fails as
    /// <see cref="JaegerReadProblem.NotSpoken"/> before v2.19.
    /// </summary>
    Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(string service, TimeWindow window, int depth, CancellationToken cancellationToken);

    /// <summary>One trace, in several pieces; none when the server does not have it.</summary>
    IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, CancellationToken cancellationToken);
}
