using System.CommandLine;
using System.IO.Pipelines;
using DhtTracer.Analysis;
using DhtTracer.Hosting;
using DhtTracer.Storage;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer export</c>: queries out of the database, for other tools and other installations.</summary>
internal static class ExportCommand
{
    private static readonly Dictionary<string, ArchiveFormat> Formats = new(StringComparer.Ordinal)
    {
        ["otlp-json"] = ArchiveFormat.OtlpJson,
        ["otlp-json-lines"] = ArchiveFormat.OtlpJsonLines,
        ["otlp"] = ArchiveFormat.OtlpProtobuf,
        ["jaeger"] = ArchiveFormat.JaegerJson,
        ["jaeger-v3"] = ArchiveFormat.JaegerV3Json,
        ["eventlog"] = ArchiveFormat.EventLog,
        ["vis-state"] = ArchiveFormat.VisState,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var ids = new Argument<string[]>("ID") { Description = "Queries, as in 'show'; all that the options let through when none is given.", Arity = ArgumentArity.ZeroOrMore };
        var format = new Option<string>("--format", "-f") { Description = "As what: " + string.Join(", ", Formats.Keys) + ".", HelpName = "FORMAT", DefaultValueFactory = _ => "otlp-json" };
        format.AcceptOnlyFromAmong([.. Formats.Keys]);
        var file = new Option<string?>("--output", "-o") { Description = "File to write; standard output when it is not given.", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "Only queries of this key, in any encoding.", HelpName = "K" };
        var since = new Option<TimeSpan>("--since") { Description = "Only queries that started within this time, such as 24h.", HelpName = "DURATION", CustomParser = DurationValue.Parse };
        var background = new Option<bool>("--background") { Description = "Also lookups that nodes make for themselves." };
        var command = new Command("export", "Export queries as OTLP, Jaeger JSON, or the formats of 2019.") { ids, format, file, key, since, background };
        command.SetAction((result, cancellation) => Failures.GuardAsync(result, async () =>
        {
            await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
            var exporter = new ArchiveExporter(store);
            var filter = new QueryFilter
            {
                Key = result.GetValue(key) is { } text ? KeyFilter.Parse(text) : null,
                Background = result.GetValue(background) ? null : false,
                FromUnixNano = result.GetValue(since) is { Ticks: > 0 } span ? UtcText.UnixNano(TimeProvider.System.GetUtcNow() - span) : null,
            };
            var wanted = result.GetValue(ids) is { Length: > 0 } named ? NamedAsync(store, named, cancellation) : exporter.FindAsync(filter, cancellation);
            var count = await WriteAsync(exporter, Formats[result.GetValue(format)!], wanted, result.GetValue(file), cancellation);
            if (count == 0)
            {
                throw new CommandFailedException("No query matches: nothing was exported.");
            }

            return ExitCode.Success;
        }));
        return command;
    }

    private static async Task<int> WriteAsync(ArchiveExporter exporter, ArchiveFormat format, IAsyncEnumerable<QueryId> queries, string? file, CancellationToken cancellation)
    {
        try
        {
            await using Stream stream = file is null ? Console.OpenStandardOutput() : new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read);
            var output = PipeWriter.Create(stream);
            var count = await exporter.ExportAsync(format, queries, output, cancellation);
            await output.CompleteAsync();
            return count;
        }
        catch (Exception failure) when (file is not null && failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{file} cannot be written: {failure.Message}", cause: failure);
        }
    }

    private static async IAsyncEnumerable<QueryId> NamedAsync(
        TraceStore store, string[] ids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var id in ids)
        {
            yield return (await ShowCommand.FindAsync(store, id, cancellation)).Id;
        }
    }
}
