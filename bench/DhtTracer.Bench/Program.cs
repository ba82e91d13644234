using DhtTracer.Bench;
using DhtTracer.Bench.Ingest;
using DhtTracer.Bench.Pull;

switch (args)
{
    case ["codecs"]:
        CodecBench.Run(Console.Out);
        return 0;
    case ["reconstruct"]:
        ReconstructBench.Run(Console.Out);
        return 0;
    case ["ingest", .. var rest]:
        return await IngestBench.RunAsync(rest);
    case ["pull", .. var rest]:
        return await PullBench.RunAsync(rest);
    default:
        await Console.Error.WriteLineAsync("Usage: DhtTracer.Bench codecs | reconstruct | ingest [queries [connections [spans-per-second]]] | ingest stages | ingest codecs | pull [spans]");
        return 2;
}
