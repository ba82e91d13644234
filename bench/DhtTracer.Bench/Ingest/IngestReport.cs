using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// Measures ingest as a whole, in processes of their own that take turns, and writes the medians and the facts of the machine into
/// docs/benchmarks.md. <c>bench/run</c> calls it.
/// </summary>
internal static partial class IngestReport
{
    private const string Begin = "<!-- bench/run writes from here -->";
    private const string End = "<!-- to here -->";

    /// <summary>Options: <c>--queries N</c> of a run, <c>--rounds N</c>, <c>--sustained N</c> queries of the long run (0 for none),
    /// <c>--kills N</c> (0 for none), <c>--baseline DLL</c>, <c>--jaeger PROGRAM</c>, <c>--write FILE</c>.</summary>
    public static async Task<int> RunAsync(string folder, string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            options[args[i]] = args[i + 1];
        }

        int Number(string name, int value) =>
            options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : value;
        var (queries, rounds) = (Number("--queries", 3000), Number("--rounds", 3));
        var own = typeof(IngestReport).Assembly.Location;
        var rows = new List<(string Name, Func<Task<Figures>> Run)> { ("OTLP over HTTP", () => MeasureAsync(own, [$"{queries}"])) };
        if (options.TryGetValue("--baseline", out var baseline))
        {
            rows.Insert(0, ("the baseline, OTLP over HTTP", () => MeasureAsync(baseline, [$"{queries}"])));
        }

        if (options.TryGetValue("--jaeger", out var jaeger))
        {
            rows.Add(("Jaeger, OTLP over HTTP", () => JaegerAsync(jaeger, KuboLoad.Prepare(folder, queries, seed: 1))));
        }

        rows.Add(("OTLP over gRPC", () => MeasureAsync(own, ["grpc", $"{queries}"])));
        rows.Add(("Jaeger's collector over gRPC", () => MeasureAsync(own, ["jaeger", $"{queries}"])));
        rows.Add(("probes: traces of one span", () => MeasureAsync(own, ["probes", $"{queries * 100}"])));

        // Another process makes the load, so that none of the runs pays for it.
        await MeasureOrPrepareAsync(own, ["prepare", $"{queries}"]);
        var load = LoadAverage();
        var results = rows.ConvertAll(_ => new List<Figures>());
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < rows.Count; i++)
            {
                results[i].Add(await rows[i].Run());
                Console.WriteLine($"{rows[i].Name}: {results[i][^1]}");
            }
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Machine()}. Load average {load} at the start, {LoadAverage()} at the end.")
            .AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"{queries} queries a run; medians of {rounds} rounds that take turns.")
            .AppendLine()
            .AppendLine(
                "| | CPU of the server, µs a span | of the baseline | acknowledged, spans/s | and analysed | on disk | peak memory |"
            )
            .AppendLine("|---|---|---|---|---|---|---|");
        var reference = baseline is null ? null : Median(results[0], figures => figures.Cpu);
        for (var i = 0; i < rows.Count; i++)
        {
            var cpu = Median(results[i], figures => figures.Cpu);
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {rows[i].Name} | {Show(cpu, "0.0")} | {Show(cpu / reference, "0.00")} | "
                    + $"{Show(Median(results[i], figures => figures.Acknowledged), "#,0")} | "
                    + $"{Show(Median(results[i], figures => figures.Analysed), "#,0")} | "
                    + $"{Show(Median(results[i], figures => figures.Disk), "0.0' %'")} | "
                    + $"{Show(Median(results[i], figures => figures.Peak), "0' MiB'")} |"
            );
        }

        if (Number("--sustained", 12_000) is > 0 and var many)
        {
            await MeasureOrPrepareAsync(own, ["prepare", $"{many}"]);
            var output = await MeasureOrPrepareAsync(own, [$"{many}"]);
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Sustained (`-- ingest {many}`):").AppendLine();
            text.AppendLine("```").Append(output).AppendLine("```");
        }

        if (Number("--kills", 40) is > 0 and var kills)
        {
            var output = await MeasureOrPrepareAsync(own, ["kills", $"{kills}"]);
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"`-- ingest kills {kills}`:").AppendLine();
            text.AppendLine("```").AppendLine(output.Trim().Split('\n')[^1]).AppendLine("```");
        }

        Console.WriteLine(text);
        if (options.TryGetValue("--write", out var file))
        {
            var page = await File.ReadAllTextAsync(file);
            var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
            if (from < 0 || to < from)
            {
                throw new InvalidOperationException($"{file} has no line '{Begin}' before '{End}'.");
            }

            await File.WriteAllTextAsync(file, $"{page[..(from + Begin.Length)]}\n{text}{page[to..]}");
        }

        return 0;
    }

    private static async Task<Figures> MeasureAsync(string assembly, string[] arguments)
    {
        var output = await MeasureOrPrepareAsync(assembly, arguments);
        double? Find(Regex pattern) =>
            pattern.Match(output) is { Success: true } match
                ? double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
                : null;
        return new Figures(Find(Acknowledged()), Find(Analysed()), Find(Cpu()), Find(Disk()), Find(Peak()));
    }

    private static async Task<string> MeasureOrPrepareAsync(string assembly, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in (string[])[assembly, "ingest", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"'ingest {string.Join(' ', arguments)}' ended with {process.ExitCode}: {output}");
    }

    /// <summary>Sends the load to another program that takes OTLP on port 4318 when started without arguments.</summary>
    private static async Task<Figures> JaegerAsync(string program, string load)
    {
        var server = new Uri("http://127.0.0.1:4318");
        using var jaeger = Process.Start(
            new ProcessStartInfo(program)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        try
        {
            // What it writes must be read, or it waits.
            jaeger.OutputDataReceived += static (_, _) => { };
            jaeger.ErrorDataReceived += static (_, _) => { };
            jaeger.BeginOutputReadLine();
            jaeger.BeginErrorReadLine();
            await WaitForAsync(server);
            var before = jaeger.TotalProcessorTime;
            var report = await IngestBench.SendAsync(load, server, LoadReceiver.Http, "4", "0");
            jaeger.Refresh();
            var cpu = (jaeger.TotalProcessorTime - before).TotalMicroseconds / report.Spans;
            return new Figures(report.Spans / report.Seconds, null, cpu, null, jaeger.PeakWorkingSet64 >> 20);
        }
        finally
        {
            jaeger.Kill();
            await jaeger.WaitForExitAsync();
        }
    }

    private static async Task WaitForAsync(Uri server)
    {
        using var client = new HttpClient();
        for (var tries = 0; tries < 100; tries++)
        {
            try
            {
                using var content = new ByteArrayContent([]);
                content.Headers.ContentType = new("application/x-protobuf");
                using var response = await client.PostAsync(new Uri(server, "/v1/traces"), content);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(200);
        }

        throw new InvalidOperationException($"Nothing takes OTLP at {server} after 20 s.");
    }

    private static double? Median(List<Figures> figures, Func<Figures, double?> select)
    {
        var known = figures.Select(select).OfType<double>().Order().ToList();
        return known.Count == 0 ? null : known[known.Count / 2];
    }

    private static string Show(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    private static string Machine()
    {
        var model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':')[1]
                .Trim()
            : null;
        return $"{Environment.ProcessorCount} processors ({model ?? "unknown"}), "
            + $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, "
            + $"{System.Runtime.InteropServices.RuntimeInformation.OSDescription}, "
            + $"{System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}";
    }

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    [GeneratedRegex(@"^acknowledged\s+(?<value>[\d,]+) ", RegexOptions.Multiline)]
    private static partial Regex Acknowledged();

    [GeneratedRegex(@"^and analysed\s+(?<value>[\d,]+) ", RegexOptions.Multiline)]
    private static partial Regex Analysed();

    [GeneratedRegex(@"^CPU\s+(?<value>[\d.,]+) us/span here", RegexOptions.Multiline)]
    private static partial Regex Cpu();

    [GeneratedRegex(@"^disk.*= (?<value>[\d.]+) % of raw", RegexOptions.Multiline)]
    private static partial Regex Disk();

    [GeneratedRegex(@"^peak memory\s+(?<value>[\d,]+) MiB", RegexOptions.Multiline)]
    private static partial Regex Peak();

    /// <summary>What a run measured; null is unknown.</summary>
    private sealed record Figures(double? Acknowledged, double? Analysed, double? Cpu, double? Disk, double? Peak);
}
