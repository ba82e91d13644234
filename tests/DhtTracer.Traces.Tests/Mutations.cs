using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces.Tests;

/// <summary>Spoils valid inputs from a fixed seed. <c>DHT_TRACER_FUZZ_INPUTS</c> asks for more than the default number.</summary>
internal static class Mutations
{
    private static readonly int Inputs =
        int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var asked) && asked > 0 ? asked : 300;

    /// <summary>Decodes spoiled inputs; anything but success or <see cref="TraceFormatException"/> fails the test, and so does a flood of
    /// objects.</summary>
    public static void OnlyFormatErrors(byte[] valid, Action<byte[]> decode)
    {
        for (var seed = 0; seed < Inputs; seed++)
        {
            var input = Spoil(valid, new Random(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                decode(input);
            }
            catch (TraceFormatException)
            {
                // What bad input is answered with.
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.GetType()}", exception);
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(
                allocated < (input.Length * 60L) + 2_000_000,
                $"seed {seed}: {allocated} bytes allocated for an input of {input.Length}"
            );
        }
    }

    private static byte[] Spoil(byte[] valid, Random random)
    {
        var input = valid.ToList();
        for (var change = random.Next(1, 6); change > 0 && input.Count > 1; change--)
        {
            var at = random.Next(input.Count);
            switch (random.Next(6))
            {
                case 0:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    input[at] = (byte)random.Next(256);
                    break;
                case 2:
                    input.RemoveRange(at, Math.Min(random.Next(1, 20), input.Count - at));
                    break;
                case 3:
                    input.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), random.Next(1, 200)));
                    break;
                case 4:
                    input.RemoveRange(at, input.Count - at);
                    break;
                default:
                    var from = random.Next(input.Count);
                    input.InsertRange(at, input.GetRange(from, Math.Min(random.Next(1, 500), input.Count - from)));
                    break;
            }
        }

        return [.. input];
    }
}
