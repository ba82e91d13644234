namespace DhtTracer.Web.Samples;

/// <summary>Loads the traces that come with the product; the host knows where they are and how they are imported.</summary>
public interface ISampleLoader
{
    /// <summary>Whether the samples were found.</summary>
    bool Available { get; }

    /// <summary>Imports and analyses the samples; importing twice changes nothing.</summary>
    /// <param name="cancellationToken">Stops between two files.</param>
    /// <returns>How many queries the samples hold.</returns>
    /// <exception cref="IOException">A sample could not be read; the message says which and what to do.</exception>
    Task<int> LoadAsync(CancellationToken cancellationToken);
}
