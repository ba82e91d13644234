namespace DhtTracer.Kademlia.Lookups;

/// <param name="Alpha">Maximum number of requests in flight. At least 1.</param>
/// <param name="Beta">Number of closest peers that must have answered before the lookup ends. At least 1.</param>
/// <param name="K">Number of peers in the result and maximum size of a bucket. At least 1.</param>
public sealed record LookupParameters(int Alpha = 10, int Beta = 3, int K = 20)
{
    /// <summary>Validates the parameters.</summary>
    /// <exception cref="DhtOptionsException">A parameter is below 1 or above 1000.</exception>
    public void Validate()
    {
        Check(Alpha, "alpha");
        Check(Beta, "beta");
        Check(K, "k");

        static void Check(int value, string name)
        {
            if (value is < 1 or > 1000)
            {
                throw new DhtOptionsException($"{name} is {value}, it must be 1 to 1000");
            }
        }
    }
}
