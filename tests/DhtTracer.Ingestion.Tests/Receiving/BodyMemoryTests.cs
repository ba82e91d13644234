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
}
