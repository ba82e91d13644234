using System.Text;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Analysis.Tests.Explain;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.RequestTrace;

/// <summary>What is exported as IPFS Request Trace comes back to the last byte of the JSON of its operation and queries.</summary>
public sealed class RoundTripTests
{
    public static TheoryData<string> Dialects => [.. DialectCaptures.Names];

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Nothing_of_a_capture_is_lost_between_export_and_import(string dialect)
    {
        var traces = DialectCaptures.Traces(dialect);
        Assert.NotEmpty(traces);
        foreach (var trace in traces)
        {
            var back = Import([.. trace.Operations.SelectMany(operation => RequestTraceSpans.Of(operation, trace.Queries))]);

            Assert.Equal(trace.Operations.Select(Text), back.Operations.Select(Text));
            Assert.Equal(Captures.Json(trace.Queries), Captures.Json(back.Queries));
        }
    }

    [Fact]
    public void Nothing_of_a_query_that_no_lookup_would_make_is_lost()
    {
        foreach (var seed in Enumerable.Range(1, 100))
        {
            // A file holds each peer once, and the position of a key follows from its bytes.
            var made = HostileQueries.Make(seed);
            var query = made with
            {
                Key = made.Key is null ? null : new QueryKey("k", "00", Multiformats.KadId.Of([0]).ToString()),
                Peers = [.. made.Peers.DistinctBy(static peer => peer.Id)],
            };
            var trace = ReconstructedTrace.Of([query]);
            var back = Import(RequestTraceSpans.Of(trace.Operations[0], trace.Queries));

            Assert.Equal(Text(trace.Operations[0]), Text(Assert.Single(back.Operations)));
            Assert.Equal(Captures.Json(trace.Queries), Captures.Json(back.Queries));
        }
    }

    [Fact]
    public void The_spans_of_a_program_are_preferred_to_a_file_that_was_made_of_them()
    {
        var spans = Captures.Spans("01-dht-findProviders-found");
        var trace = TraceReconstruction.Reconstruct(spans);

        var both = TraceReconstruction.Reconstruct([.. RequestTraceSpans.Of(trace.Operations[0], trace.Queries), .. spans]);

        Assert.Equal(Captures.Json(trace.Queries), Captures.Json(both.Queries));
        Assert.Equal(trace.Operations.Select(Text), both.Operations.Select(Text));
    }

    [Fact]
    public void The_order_of_the_spans_does_not_matter_and_a_lost_peer_is_missing()
    {
        var trace = TraceReconstruction.Reconstruct(Captures.Spans("01-dht-findProviders-found"));
        var spans = RequestTraceSpans.Of(trace.Operations[0], trace.Queries);

        Assert.Equal(Captures.Json(trace.Queries), Captures.Json(TraceReconstruction.Reconstruct([.. spans.Reverse()]).Queries));

        var last = spans.Last(static span => span.Name == "peer");
        var without = Assert.Single(TraceReconstruction.Reconstruct([.. spans.Where(span => span != last)]).Queries);
        Assert.Equal(trace.Queries[0].Missing.Spans + 1, without.Missing.Spans);
        Assert.Equal(trace.Queries[0].Peers.Length - 1, without.Peers.Length);
    }

    private static ReconstructedTrace Import(IReadOnlyList<Span> spans) => TraceReconstruction.Reconstruct(spans);

    private static string Text(Operation operation) => Encoding.UTF8.GetString(OperationJson.ToUtf8(operation));
}
