using DhtTracer.Traces.Jaeger.Proto;
using Grpc.Core;

namespace DhtTracer.FakeJaeger;

/// <summary>Searches, and fails as a Jaeger fails over gRPC.</summary>
internal static class FakeErrors
{
    public static RpcException Of(StatusCode status, string detail) => new(new Status(status, detail));

    public static IReadOnlyList<IReadOnlyList<Span>> Search(
        FakeArchive archive,
        FakeFaults faults,
        FakeJaegerOptions options,
        FakeSearch search
    )
    {
        archive.BeginSearch();
        if (faults.Error() is { } status)
        {
            throw Of(status, "injected by the seed");
        }

        IReadOnlyList<IReadOnlyList<Span>> found;
        try
        {
            found = archive.Search(search);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw Of(StatusCode.Internal, e.Message);
        }

        return options.FailsOn is { } fails && found.Any(trace => trace.Any(fails))
            ? throw Of(StatusCode.Internal, options.FailsWith)
            : found;
    }
}
