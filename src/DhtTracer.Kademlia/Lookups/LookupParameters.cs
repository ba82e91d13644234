namespace DhtTracer.Kademlia;

/// <summary>The numbers of a lookup.</summary>
/// <param name="Alpha">Peers asked at a time at most. At least 1.</param>
/// <param name="Beta">Closest peers that must have answered before the end. At least 1.</param>
/// <param name="K">Width of the result, and of a bucket of the routing table. At least 1.</param>
public sealed record LookupParameters(int Alpha = 10, int Beta = 3, int K = 20)
{
    /// <summary>Throws when a number is out of range.</summary>
    /// <exception cref="DhtOptionsException">One is below 1 or above 1000.</exception>
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
