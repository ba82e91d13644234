namespace DhtTracer.Ingestion.Tests.Receiving;

/// <summary>Tests that take what the whole process shares run when no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
