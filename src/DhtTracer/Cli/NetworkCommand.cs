using System.CommandLine;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Network;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Network;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer network</c>: what lookups show of the network, as text, CSV or JSON.</summary>
internal static class NetworkCommand
{
    private const int MostRows = 10;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var csv = new Option<bool>("--csv") { Description = "Write CSV, one figure a line." };
        var html = new Option<string?>("--html") { Description = "Also write a report of one HTML file.", HelpName = "FILE" };
        var filters = new QueryFilterOptions();
        var command = new Command(
            "network",
            "Show what lookups tell of the network: its size, dense parts, dead and unreachable peers, keys that somebody may surround."
        )
        {
            json,
            csv,
            html,
        };
        filters.AddTo(command);
        command.Validators.Add(result =>
            result.Require(!(result.GetValue(json) && result.GetValue(csv)), "--json and --csv are two forms: give one of them.")
        );
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var asked = filters.Read(result, TimeProvider.System);
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var filter = await QueryFilterOptions.ResolveAsync(asked, store, cancellation);

                        // A peer behaves the same to a lookup that a node makes for itself, so these count too.
                        filter = asked.Says("background") ? filter : filter with { Background = null };
                        var report = (await store.ReadNetworkAsync(filter, cancellationToken: cancellation)).ToReport();
                        var tables = await MeasuredReading.ReadAsync(store, report, filter, cancellation);
                        if (result.GetValue(html) is { } file)
                        {
                            await WriteAsync(file, NetworkHtml.ToUtf8(report, tables, asked.Describe()), cancellation);
                        }

                        await result.InvocationConfiguration.Output.WriteAsync(
                            result.GetValue(json) ? Encoding.UTF8.GetString(NetworkJson.ToUtf8(report)) + "\n"
                            : result.GetValue(csv) ? NetworkCsv.Write(report, tables)
                            : Text(report, Terminal.Detect().Width)
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static async Task WriteAsync(string file, byte[] bytes, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllBytesAsync(file, bytes, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{file} cannot be written: {failure.Message}", cause: failure);
        }
    }

    /// <summary>The figures as text.</summary>
    internal static string Text(NetworkReport report, int width)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) =>
            text.Append(PlainText.End(PlainText.Safe(line.ToString(CultureInfo.InvariantCulture)), width)).Append('\n');
        Line($"{report.Lookups} lookups, {report.ClosestSets} with a closest set");
        Line($"Networks              {report.Networks}; size, density and recall are those of the largest, by {report.Keys} keys");
        if (report.HasOlder)
        {
            Line($"Only the newest {NetworkLookups.MostOperations} operations are read; older ones are left out.");
        }

        if (report.Size is { } size)
        {
            Line($"Peers that answer     {size.Peers:N0} ({size.Low:N0} to {size.High:N0})");
        }
        else
        {
            Line($"Peers that answer     unknown: {report.Keys} keys of at least {ClosestSets.FewestKeys}");
        }

        Line($"Recall                {Share(report.Recall?.Median)} median of {report.Recall?.Lookups ?? 0} lookups");
        Line($"Dead of the named     {Share(report.Dead?.Share)} of {report.Dead?.Tried ?? 0}");
        var peers = report.Peers;
        Line($"Peers asked           {peers.Asked}: {peers.Answered} answered, {peers.Unreachable} unreachable, {peers.Open} open");
        Line($"No DHT                {peers.WithoutDht}");
        foreach (var part in report.Density.Where(static part => part.IsAlarm))
        {
            Line($"! Part {part.Prefix} of the key space is {part.Times:0.0} times as dense as the rest ({part.Keys} keys).");
        }

        foreach (var verdict in report.Suspicious.Take(MostRows))
        {
            Line($"! Suspicious lookup {verdict.Query}: {verdict.Times:0.0} times as dense, p {verdict.Adjusted:0.######}");
        }

        if (report.Suspicious.Length > MostRows)
        {
            Line($"! and {report.Suspicious.Length - MostRows} more");
        }

        foreach (var error in peers.ByError.Take(MostRows))
        {
            Line($"  unreachable  {error.Count, 7}  {error.Name}");
        }

        foreach (var agent in peers.ByAgent.Take(MostRows))
        {
            Line($"  peers        {agent.Peers, 7}  {agent.Name ?? "unknown"} ({Share(agent.UnreachableShare)} unreachable)");
        }

        return text.ToString();
    }

    private static string Share(double? share) =>
        share is { } known ? known.ToString("0.0 %", CultureInfo.InvariantCulture) : DhtTracer.Analysis.Waterfalls.DurationText.Unknown;
}
