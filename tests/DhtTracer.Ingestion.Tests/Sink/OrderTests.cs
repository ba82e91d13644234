using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Tests.Sink;

/// <summary>Neither the order of spans nor the boundaries of batches nor repetition change what is stored and found.</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task Captures_shuffled_split_and_repeated_give_the_same_spans_and_queries()
    {
        var random = new Random(11);
        var captures = Directory
            .GetFiles(TestFiles.Data("js-libp2p"), "*.json")
            .Order(StringComparer.Ordinal)
            .SelectMany(file => OtlpJson.Decode(File.ReadAllBytes(file)))
            .ToArray();
        var expected = captures
            .GroupBy(span => span.TraceId)
            .SelectMany(trace => TraceReconstruction.Reconstruct([.. trace]).Queries)
            .ToList();
        Assert.NotEmpty(expected);

        for (var round = 0; round < 3; round++)
        {
            await using var host = await IngestHost.StartAsync();
            var spans = captures.Concat(captures.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(spans);
            for (var start = 0; start < spans.Length; )
            {
                var batch = spans.Skip(start).Take(random.Next(1, 60)).ToArray();
                start += batch.Length;
                if (random.Next(2) == 0)
                {
                    await host.Sink.AcceptAsync(batch, "test");
                }
                else
                {
                    await host.Sink.AcceptOtlpAsync(OtlpProtobuf.Encode(batch), "test");
                }

                if (random.Next(4) == 0)
                {
                    await host.Worker.DrainAsync();
                }
            }

            await host.Worker.DrainAsync();
            foreach (var trace in captures.GroupBy(span => span.TraceId))
            {
                Assert.Equal(SpanMerge.Merge(trace).AsEnumerable(), await host.Store.GetTraceAsync(trace.Key));
            }

            foreach (var query in expected)
            {
                AssertSame(query, await host.Store.GetQueryAsync(query.Id));
            }

            var listed = (await host.Store.ListQueriesAsync(new() { Background = null }, limit: 1000)).Rows;
            Assert.Equal(expected.Select(query => query.Id).ToHashSet(), listed.Select(row => row.Id).ToHashSet());
            Assert.Equal(expected.Count, listed.Count);
        }
    }

    private static void AssertSame(Query expected, Query? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected with { Peers = [] }, actual with { Peers = [] });
        Assert.Equal(expected.Peers.Length, actual.Peers.Length);
        for (var i = 0; i < expected.Peers.Length; i++)
        {
            var (left, right) = (expected.Peers[i], actual.Peers[i]);
            Assert.Equal(left with { Requests = [], Addresses = [] }, right with { Requests = [], Addresses = [] });
            Assert.Equal(left.Addresses.AsEnumerable(), right.Addresses.AsEnumerable());
            Assert.Equal(
                left.Requests.Select(request => request with { Named = [] }),
                right.Requests.Select(request => request with { Named = [] })
            );
            Assert.Equal(
                left.Requests.SelectMany(request => request.Named.IsDefault ? [] : request.Named),
                right.Requests.SelectMany(request => request.Named.IsDefault ? [] : request.Named)
            );
        }
    }
}
