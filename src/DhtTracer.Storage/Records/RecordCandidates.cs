using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage.Records;

/// <summary>Keys whose records may need attention: those touched or published last, and those published some time ago.</summary>
/// <param name="Keys">Each once, the one touched last first.</param>
/// <param name="LatestUnixNano">Start of the latest operation of a record, in nanoseconds since 1970-01-01 UTC; null without one.</param>
public sealed record RecordCandidates(ImmutableArray<QueryKey> Keys, ulong? LatestUnixNano)
{
    /// <summary>The keys of rows.</summary>
    /// <param name="rows">Text, bytes and Kademlia id of each, the one touched last first; a key can come several times.</param>
    /// <param name="latestUnixNano">Start of the latest operation of a record.</param>
    public static RecordCandidates Of(IEnumerable<(string Text, byte[] Bytes, byte[] KadId)> rows, ulong latestUnixNano) =>
        new(
            [
                .. rows.Select(static row => new QueryKey(
                        row.Text,
                        Convert.ToHexStringLower(row.Bytes),
                        Convert.ToHexStringLower(row.KadId)
                    ))
                    .DistinctBy(static key => key.Bytes),
            ],
            latestUnixNano
        );
}
