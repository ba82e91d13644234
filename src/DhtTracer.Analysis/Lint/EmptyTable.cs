namespace DhtTracer.Analysis.Lint;

/// <summary>A query that had nobody to ask.</summary>
internal static class EmptyTable
{
    public static LintRule Rule { get; } =
        new(13, LintSeverity.Error, "Empty routing table", Check)
        {
            What =
                "The query had nobody to ask and did not find its answer on the node itself. The LAN side of a dual DHT is left out: most "
                + "machines have no other DHT server on their local network.",
            Why =
                "Nothing can be found or stored. The node has not bootstrapped yet, its bootstrap peers cannot be reached, or none of its "
                + "connections speaks the DHT protocol.",
            Speaks = "Every source that shows a query without peers; go-libp2p-kad-dht says so in the error of the query.",
            Cases =
            [
                new(
                    "js-libp2p: queries waited for the first peers of the table without an end",
                    "https://github.com/libp2p/js-libp2p/pull/2169"
                ),
                new("rust-libp2p: a query finished with no closest peers", "https://github.com/libp2p/rust-libp2p/issues/5947"),
            ],
        };

    private static LintVerdict Check(LintSubject subject)
    {
        var query = subject.Query;
        var isEmpty = query.Error?.Class == ErrorClass.NoPeers || (query.Skipped && query.Outcome != QueryOutcome.Success);
        return isEmpty && query.Side != DhtSide.Lan ? LintVerdict.Found("The routing table held no peer to ask.", []) : LintVerdict.Clean;
    }
}
