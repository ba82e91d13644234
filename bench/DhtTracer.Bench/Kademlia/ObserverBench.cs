using System.Diagnostics;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tracing;

namespace DhtTracer.Bench.Kademlia;

/// <summary>
/// What the spans of a lookup cost by themselves: the steps of real lookups are kept and told again, many times, to the observer that makes
/// spans of them. Without the network around it the figure is the same on a busy machine within some percent.
/// </summary>
internal static class ObserverBench
{
    private const int Lookups = 20;
    private const int WarmUpRounds = 30;
    private const int Rounds = 15;
    private const int RepetitionsPerRound = 100;

    public static async Task RunAsync(LocalNetwork network)
    {
        var steps = new List<Steps>();
        for (var i = 0; i < Lookups; i++)
        {
            var kept = new Steps();
            await network.Nodes[5].Node.Dht.GetClosestPeersAsync(BitConverter.GetBytes(i), new QueryOptions { Observers = [kept] });
            steps.Add(kept);
        }

        // What the nodes do among themselves would be counted with it.
        await network.DisposeAsync();
        var spans = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ActivityObserver.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => Interlocked.Increment(ref spans),
        };
        ActivitySource.AddActivityListener(listener);
        var times = new List<double>();
        var allocated = 0L;
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            spans = 0;
            using var process = Process.GetCurrentProcess();
            var (before, bytes) = (process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
            for (var i = 0; i < RepetitionsPerRound; i++)
            {
                foreach (var lookup in steps)
                {
                    lookup.Tell(ActivityObserver.CreateIfListened()!);
                }
            }

            process.Refresh();
            if (round < 0)
            {
                continue;
            }

            times.Add((process.TotalProcessorTime - before).TotalMicroseconds / (RepetitionsPerRound * Lookups));
            allocated = (GC.GetTotalAllocatedBytes() - bytes) / (RepetitionsPerRound * Lookups);
        }

        times.Sort();
        var perLookup = (double)spans / (RepetitionsPerRound * Lookups);
        Console.WriteLine(
            $"spans of a lookup: {times[Rounds / 2]:0.0} µs of processor (best {times[0]:0.0}), {perLookup:0} spans of "
                + $"{times[Rounds / 2] / perLookup * 1000:0} ns, {allocated / 1024.0:0.0} KiB allocated"
        );
    }

    /// <summary>Keeps the steps of a query.</summary>
    private sealed class Steps : IQueryObserver
    {
        private readonly List<Action<IQueryObserver>> _steps = [];

        public void Tell(IQueryObserver observer)
        {
            foreach (var step in _steps)
            {
                step(observer);
            }
        }

        public void QueryStarted(QueryDescription query) => _steps.Add(observer => observer.QueryStarted(query));

        public void PeerHeard(LookupPeer peer) => _steps.Add(observer => observer.PeerHeard(peer));

        public void DialStarted(LookupPeer peer, DateTimeOffset time) => _steps.Add(observer => observer.DialStarted(peer, time));

        public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result) =>
            _steps.Add(observer => observer.DialEnded(peer, time, result));

        public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request) =>
            _steps.Add(observer => observer.RequestStarted(peer, time, request));

        public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request) =>
            _steps.Add(observer => observer.RequestEnded(peer, time, request));

        public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) =>
            _steps.Add(observer => observer.ResultFound(answeredBy, time, result));

        public void LookupTerminated(DateTimeOffset time, QueryTermination termination) =>
            _steps.Add(observer => observer.LookupTerminated(time, termination));

        public void PeerDone(LookupPeer peer) => _steps.Add(observer => observer.PeerDone(peer));

        public void QueryEnded(QueryEnd end) => _steps.Add(observer => observer.QueryEnded(end));
    }
}
