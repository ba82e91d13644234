using System.Globalization;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage.Sqlite;

// A puller as a process of its own, so that a test can kill it: SOURCE DIRECTORY DEPTH SETTLE-SECONDS.
await using var store = await SqliteTraceStore.OpenAsync(
    new SqliteOptions { Directory = args[1] },
    static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
);
var worker = new PullWorker(
    new PullOptions
    {
        Source = args[0],
        Depth = int.Parse(args[2], CultureInfo.InvariantCulture),
        Late = TimeSpan.FromSeconds(int.Parse(args[3], CultureInfo.InvariantCulture)),
        Since = TimeSpan.FromHours(25),
    },
    store,
    new SpanSink(store, new IngestStatistics(TimeProvider.System))
);
await worker.RunAsync(null, CancellationToken.None);
return 0;
