using DhtTracer.Bench;
using DhtTracer.Bench.Export;
using DhtTracer.Bench.Ingest;
using DhtTracer.Bench.Kademlia;
using DhtTracer.Bench.Libp2p;
using DhtTracer.Bench.Multiformats;
using DhtTracer.Bench.Pull;
using DhtTracer.Bench.QueryPage;
using DhtTracer.Bench.Statistics;

switch (args)
{
    case ["codecs"]:
        CodecBench.Run(Console.Out);
        return 0;
    case ["base58"]:
        return Base58Bench.Run();
    case ["reconstruct"]:
        ReconstructBench.Run(Console.Out);
        return 0;
    case ["kademlia", .. var rest]:
        return await KademliaBench.RunAsync(rest);
    case ["libp2p", .. var rest]:
        return await Libp2pBench.RunAsync(rest);
    case ["ingest", .. var rest]:
        return await IngestBench.RunAsync(rest);
    case ["pull", .. var rest]:
        return await PullBench.RunAsync(rest);
    case ["export", .. var rest]:
        return await ExportBench.RunAsync(rest);
    case ["page", .. var rest]:
        return await QueryPageBench.RunAsync(rest);
    case ["statistics", .. var rest]:
        return await StatisticsBench.RunAsync(rest);
    default:
        await Console.Error.WriteLineAsync(
            "Usage: DhtTracer.Bench kademlia localnet|tracing|soak [nodes] | codecs | base58 | reconstruct | libp2p [hosts] | "
                + "ingest [probes|endless] [grpc|jaeger] [queries [connections [spans-per-second]]] | ingest stages | ingest codecs | "
                + "ingest kills [times] | ingest report [options] | pull [spans] | export [spans] | "
                + "page [peers [serve PORT]] | statistics DIR [queries | serve PORT]"
        );
        return 2;
}
