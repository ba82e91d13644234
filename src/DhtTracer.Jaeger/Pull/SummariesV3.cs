using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Model;
using Google.Protobuf.WellKnownTypes;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Summaries of api_v3 over gRPC, which a Jaeger serves beside api_v2 on the same port.</summary>
internal static class SummariesV3
{
    /// <summary>Asks for them.</summary>
    /// <exception cref="JaegerReadException">There is no whole answer, or the server has no summaries.</exception>
    public static async Task<IReadOnlyList<FoundSummary>> FindAsync(
        JaegerChannel channel,
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    )
    {
        var request = new FindTraceSummariesRequest { Query = Query(service, window, depth) };
        using var call = new QueryService.QueryServiceClient(channel.Invoker).FindTraceSummaries(
            request,
            channel.Options(cancellationToken)
        );
        var found = new List<FoundSummary>();
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            foreach (var summary in call.ResponseStream.Current.Summaries)
            {
                // One that cannot be read still took a place of the limit.
                found.Add(new FoundSummary(TraceId.TryParse(summary.TraceId, out var trace) ? trace : default, summary.SpanCount));
            }
        }

        return found;
    }

    /// <summary>What both searches of api_v3 take.</summary>
    public static TraceQueryParameters Query(string service, TimeWindow window, int depth) =>
        new()
        {
            // The end is exclusive by the description, inclusive in the storages: one nanosecond more overlaps, one less loses spans.
            ServiceName = service,
            StartTimeMin = Time(window.From),
            StartTimeMax = Time(window.To + 1),
            SearchDepth = depth,
            RawTraces = true,
        };

    /// <summary>Nanoseconds since 1970-01-01 UTC as protobuf has them.</summary>
    public static Timestamp Time(long unixNano) =>
        new() { Seconds = Math.DivRem(unixNano, 1_000_000_000, out var rest), Nanos = (int)rest };
}
