using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>Limits of requests, per key.</summary>
public sealed class LimitTests(RunningWithLimits running) : IClassFixture<RunningWithLimits>
{
    [Fact]
    public async Task A_key_that_sends_too_much_is_told_when_to_try_again_and_another_is_served()
    {
        var busy = await RejectedAsync(() => running.SendAsync(PortKind.Site, HttpMethod.Get, "/login", running.Secret(KeyKind.Reader)));
        Assert.InRange(int.Parse(busy.Headers.GetValues("Retry-After").Single(), null), 1, 60);
        busy.Dispose();
        using var other = await running.SendAsync(PortKind.Site, HttpMethod.Get, "/login", running.Secret(KeyKind.Operator));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Grpc_is_told_in_its_own_words()
    {
        const string method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        for (var i = 0; i < 10; i++)
        {
            using var answer = await GrpcAnswers.SendAsync(running, PortKind.OtlpGrpc, method, "x-api-key", running.Secret(KeyKind.Ingest));
            if (await GrpcAnswers.StatusOfAsync(answer) == "8")
            {
                Assert.True(answer.Headers.Contains("Retry-After"));
                return;
            }
        }

        Assert.Fail("Ten calls in a row passed a limit of one a second.");
    }

    private static async Task<HttpResponseMessage> RejectedAsync(Func<Task<HttpResponseMessage>> ask)
    {
        for (var i = 0; i < 20; i++)
        {
            var response = await ask();
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                return response;
            }

            response.Dispose();
        }

        throw new InvalidOperationException("20 requests in a row passed a limit of one a second.");
    }
}
