using System.Globalization;

namespace DhtTracer.TestSupport;

/// <summary>How many inputs a fuzz test tries: few by default, as many as <c>DHT_TRACER_FUZZ_INPUTS</c> says in a long run.</summary>
public static class FuzzInputs
{
    public static int Count(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : usual;
}
