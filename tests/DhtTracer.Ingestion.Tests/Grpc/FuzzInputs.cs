using System.Globalization;

namespace DhtTracer.Ingestion.Tests.Grpc;

/// <summary>How many inputs a fuzz test tries: few by default, as many as <c>DHT_TRACER_FUZZ_INPUTS</c> says in a long run.</summary>
internal static class FuzzInputs
{
    public static int Count(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : usual;
}
