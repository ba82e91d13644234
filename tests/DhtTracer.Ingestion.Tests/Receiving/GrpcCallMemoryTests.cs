using System.IO.Pipelines;
using DhtTracer.Ingestion.Receiving;
using Grpc.Core;

namespace DhtTracer.Ingestion.Tests.Receiving;

/// <summary>What a call holds is counted as it arrives, and given back when the call ends.</summary>
public class GrpcCallMemoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_takes_as_much_as_it_has_received_and_gives_all_of_it_back()
    {
        var memory = new BodyMemory(1 << 20);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using (var call = new GrpcCallMemory(memory, 1 << 20))
        {
            var reader = call.Metered(pipe.Reader);
            await pipe.Writer.WriteAsync(new byte[50_000], Cancel);
            await WaitForMoreAsync(reader);
            Assert.Equal(50_000, memory.Taken);
            await pipe.Writer.WriteAsync(new byte[150_000], Cancel);
            await WaitForMoreAsync(reader);
            Assert.Equal(200_000, memory.Taken);
        }

        Assert.Equal(0, memory.Taken);
    }

    [Fact]
    public async Task A_call_that_does_not_fit_beside_the_others_is_unavailable_and_takes_nothing()
    {
        var memory = new BodyMemory(1 << 20);
        memory.Take(900_000);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(new byte[200_000], Cancel);
        using (var call = new GrpcCallMemory(memory, 1 << 20))
        {
            var reader = call.Metered(pipe.Reader);
            var error = await Assert.ThrowsAsync<RpcException>(async () => await reader.ReadAsync(Cancel));
            Assert.Equal(StatusCode.Unavailable, error.StatusCode);
            Assert.Contains("send this one again", error.Status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(900_000, memory.Taken);
    }

    private static async Task WaitForMoreAsync(PipeReader reader)
    {
        var read = await reader.ReadAsync(Cancel);
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
    }
}
