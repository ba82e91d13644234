using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage;
using DhtTracer.Web.Samples;

namespace DhtTracer.Hosting;

/// <summary>Loads <c>samples/</c>, which the build copies next to the program.</summary>
internal sealed class SampleLoader(TraceStore store, AnalysisWorker worker) : ISampleLoader
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "samples");

    /// <inheritdoc/>
    public bool Available => Directory.Exists(Folder);

    /// <inheritdoc/>
    public async Task<int> LoadAsync(CancellationToken cancellationToken)
    {
        if (!Available)
        {
            throw new IOException(
                $"The samples are not in {Folder}: build the program again, or import them from the repository with 'dht-tracer "
                    + "import samples'."
            );
        }

        try
        {
            var summary = await new FileImporter(store).ImportAsync([Folder], new ImportOptions(), cancellationToken: cancellationToken);
            await worker.DrainAsync(cancellationToken);
            return (int)await store.CountQueriesAsync(summary.Traces, cancellationToken);
        }
        catch (ImportException unreadable)
        {
            throw new IOException("A sample cannot be read. " + unreadable.Message, unreadable);
        }
    }
}
