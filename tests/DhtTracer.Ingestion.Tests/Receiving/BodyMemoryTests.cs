using System.IO.Pipelines;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Ingestion.Receiving;

namespace DhtTracer.Ingestion.Tests.Receiving;

public class BodyMemoryTests
{
    [Fact]
    public void What_was_given_back_can_be_taken_again_and_no_more_than_the_limit_can()
    {
        var memory = new BodyMemory(100);
        memory.Take(60);
        memory.Take(40);
        Assert.Contains(
            "send this one again",
            Assert.Throws<BodyMemoryExhaustedException>(() => memory.Take(1)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(100, memory.Taken);
        memory.Return(60);
        memory.Take(59);
        Assert.Equal(99, memory.Taken);
    }

    [Fact]
    public async Task A_message_takes_as_much_as_it_has_received_and_gives_all_of_it_back()
    {
        var memory = new BodyMemory(1 << 20);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(Framed(new byte[200_000]), TestContext.Current.CancellationToken);
        using (await GrpcFraming.ReadAsync(pipe.Reader, null, 1 << 20, TestContext.Current.CancellationToken, memory))
        {
            Assert.InRange(memory.Taken, 200_000, 600_000);
        }

        Assert.Equal(0, memory.Taken);
    }

    [Fact]
    public async Task A_message_that_does_not_fit_beside_the_others_is_given_up_and_takes_nothing()
    {
        var memory = new BodyMemory(1 << 20);
        memory.Take(900_000);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(Framed(new byte[200_000]), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BodyMemoryExhaustedException>(async () =>
            await GrpcFraming.ReadAsync(pipe.Reader, null, 1 << 20, TestContext.Current.CancellationToken, memory)
        );
        Assert.Equal(900_000, memory.Taken);
    }

    private static byte[] Framed(byte[] message) =>
        [0, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];
}
