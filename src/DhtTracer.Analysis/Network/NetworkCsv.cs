using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Export;

namespace DhtTracer.Analysis.Network;

/// <summary>The figures of a network as CSV (RFC 4180), one figure a line; unknown is an empty cell.</summary>
public static class NetworkCsv
{
    /// <summary>Writes the figures: of each its group, its name, its value, its interval, and on how much it rests.</summary>
    public static string Write(NetworkReport report)
    {
        var csv = new StringBuilder();
        void Line(string group, string? name, double? value, double? low = null, double? high = null, long? of = null) =>
            CsvExport.Line(csv, [group, CsvExport.Text(name), Number(value), Number(low), Number(high), Number(of)]);
        CsvExport.Line(csv, ["group", "name", "value", "low", "high", "rests_on"]);
        Line("lookups", "read", report.Lookups);
        Line("lookups", "with a closest set", report.ClosestSets, of: report.Lookups);
        Line("lookups", "networks", report.Networks, of: report.ClosestSets);
        Line("lookups", "keys of the largest", report.Keys, of: report.ClosestSets);
        Line("size", "peers that answer", report.Size?.Peers, report.Size?.Low, report.Size?.High, report.Keys);
        foreach (var part in report.Density)
        {
            Line("density", part.Prefix, part.Times, part.Low, part.High, part.Keys);
        }

        Line("recall", "median", report.Recall?.Median, of: report.Recall?.Lookups);
        Line("recall", "exceeded by 9 in 10", report.Recall?.Low, of: report.Recall?.Lookups);
        Line("dead named", "share", report.Dead?.Share, of: report.Dead?.Tried);
        foreach (var namer in report.Dead?.Worst ?? [])
        {
            Line("dead named by", namer.Peer, namer.Share, of: namer.Tried);
        }

        Line("peers", "answered", report.Peers.Answered, of: report.Peers.Asked);
        Line("peers", "unreachable", report.Peers.Unreachable, of: report.Peers.Asked);
        Line("peers", "without DHT", report.Peers.WithoutDht, of: report.Peers.Asked);
        foreach (var error in report.Peers.ByError)
        {
            Line("unreachable by error", error.Name, error.Count, of: report.Peers.Unreachable);
        }

        foreach (var transport in report.Peers.ByTransport)
        {
            Line("unreachable by transport", transport.Name, transport.UnreachableShare, of: transport.Peers);
        }

        foreach (var agent in report.Peers.ByAgent)
        {
            Line("unreachable by agent", agent.Name, agent.UnreachableShare, of: agent.Peers);
        }

        foreach (var verdict in report.Suspicious)
        {
            Line("suspicious lookup", verdict.Query.ToString(), verdict.PValue, of: verdict.OtherKeys);
        }

        return csv.ToString();
    }

    private static string? Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture);

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
