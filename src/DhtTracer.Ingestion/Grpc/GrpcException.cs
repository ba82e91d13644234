namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// A gRPC call that did not end with <see cref="GrpcStatusCode.Ok"/>. A client's call throws it for every failure but the caller's own
/// cancellation; a server's handler throws it to choose the status of its answer.
/// </summary>
/// <param name="status">The status; never <see cref="GrpcStatusCode.Ok"/>.</param>
/// <param name="detail">What went wrong and where. On the wire this is <c>grpc-message</c>, so a server puts no secrets in it.</param>
/// <param name="innerException">The cause on this side, if there is one.</param>
public sealed class GrpcException(GrpcStatusCode status, string detail, Exception? innerException = null)
    : Exception($"{status} ({(int)status}): {detail}", innerException)
{
    /// <summary>The status.</summary>
    public GrpcStatusCode Status { get; } = status;

    /// <summary>The text that came, or goes, with the status. From a remote server it is hostile text.</summary>
    public string Detail { get; } = detail;
}
