using DhtTracer.Bench;

switch (args)
{
    case ["codecs"]:
        CodecBench.Run(Console.Out);
        return 0;
    default:
        await Console.Error.WriteLineAsync("Usage: DhtTracer.Bench codecs");
        return 2;
}
