using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>A piece of an answer.</summary>
/// <param name="Spans">Spans of one or more traces.</param>
/// <param name="Rejected">Spans beside them that came without a valid id or time, which nobody can store.</param>
internal readonly record struct FoundSpans(IReadOnlyList<Span> Spans, int Rejected);

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
}
