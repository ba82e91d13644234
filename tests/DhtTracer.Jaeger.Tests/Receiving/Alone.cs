namespace DhtTracer.Jaeger.Tests.Receiving;

/// <summary>Tests that measure what the whole process allocates run when no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
