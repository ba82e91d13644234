using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Export;

namespace DhtTracer.Analysis.Network;

/// <summary>The figures of a network as CSV (RFC 4180), one figure a line; unknown is an empty cell.</summary>
public static class NetworkCsv
{
    /// <summary>Writes the figures: of each its group, its name, its value, its interval, and on how much it rests.</summary>
    /// <param name="report">The figures.</param>
    /// <param name="tables">The tables of ProbeLab's reports.</param>
    public static string Write(NetworkReport report, MeasuredTables tables)
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

        foreach (var time in tables.Times)
        {
            var quartiles = time.Quartiles;
            Line(
                "duration p50 (low p25, high p75), s",
                quartiles.Name,
                quartiles.P50 / 1e9,
                quartiles.P25 / 1e9,
                quartiles.P75 / 1e9,
                quartiles.Count
            );
            Line("duration p90, s", quartiles.Name, quartiles.P90 / 1e9, of: quartiles.Count);
            Line(
                "duration mean (high plus deviation), s",
                quartiles.Name,
                time.Mean / 1e9,
                null,
                (time.Mean + time.Deviation) / 1e9,
                quartiles.Count
            );
            Line("duration slow, share", quartiles.Name, (double?)time.Slow / quartiles.Count, of: quartiles.Count);
            Line("duration under 0.5 s, share", quartiles.Name, (double)time.UnderHalfSecond / quartiles.Count, of: quartiles.Count);
            Line("duration 0.5 to 1 s, share", quartiles.Name, (double)time.UnderSecond / quartiles.Count, of: quartiles.Count);
        }

        foreach (var hops in tables.Hops)
        {
            Line("hops p50 (low p25, high p75)", hops.Name, hops.P50, hops.P25, hops.P75, hops.Count);
        }

        foreach (var age in tables.Liveness)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{age.FromHours} h");
            Line("record retrievable from age", name, (double)age.Found / age.Lookups, of: age.Lookups);
            Line("record held by peers sent from age", name, age.Sent == 0 ? null : (double)age.Held / age.Sent, of: age.Sent);
        }

        return csv.ToString();
    }

    private static string? Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture);

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
