using Microsoft.AspNetCore.Http;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>What a handler may know about the call that it answers.</summary>
public sealed class GrpcServerCall
{
    internal GrpcServerCall(HttpContext httpContext, DateTimeOffset? deadline, CancellationToken cancellation)
    {
        HttpContext = httpContext;
        Deadline = deadline;
        Cancellation = cancellation;
    }

    /// <summary>The HTTP/2 request; its body belongs to the framing.</summary>
    public HttpContext HttpContext { get; }

    /// <summary>When the caller stops waiting (<c>grpc-timeout</c>), or null when it did not say.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>Ends when the deadline passes, the caller cancels, or the connection breaks.</summary>
    public CancellationToken Cancellation { get; }
}
