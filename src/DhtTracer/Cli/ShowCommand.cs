using System.CommandLine;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Hosting;
using DhtTracer.Storage;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer show ID</c>: one query as a text waterfall, as JSON, or as an HTML page.</summary>
internal static class ShowCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("ID") { Description = "Id of a query as 'queries' prints it, its first hex digits if they are unique, or a permalink." };
        var json = CommonOptions.Json();
        var html = new Option<bool>("--html") { Description = "Print a self-contained HTML page, to attach to an issue." };
        html.Validators.Add(result => result.Require(!result.GetValueOrDefault<bool>() || result.GetResult(json) is null or { Implicit: true }, "--html and --json: choose one."));
        var sort = new Option<PeerSort>("--sort") { Description = "What rows are sorted by.", DefaultValueFactory = _ => PeerSort.Heard };
        var filter = new Option<PeerFilter>("--filter") { Description = "Which rows are shown.", DefaultValueFactory = _ => PeerFilter.All };
        var descending = new Option<bool>("--descending") { Description = "Greatest first." };
        var command = new Command("show", "Show one query: a waterfall that fits the terminal, JSON or HTML.") { id, json, html, sort, descending, filter };
        command.SetAction((result, cancellation) => Failures.GuardAsync(result, async () =>
        {
            await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
            var query = await FindAsync(store, result.GetValue(id)!, cancellation);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                await output.WriteLineAsync(JsonLine.Of(query));
            }
            else if (result.GetValue(html))
            {
                await output.WriteAsync(System.Text.Encoding.UTF8.GetString(HtmlExport.ToUtf8(query, $"/q/{query.Id}", await store.GetTraceAsync(query.Id.TraceId, cancellation))));
            }
            else
            {
                new WaterfallWriter(output, Terminal.Detect()).Write(
                    Waterfall.Of(query, result.GetValue(sort), result.GetValue(descending), result.GetValue(filter)));
            }

            return ExitCode.Success;
        }));
        return command;
    }

    /// <summary>Finds a query by its id, by the beginning of it, or by a permalink that ends in it.</summary>
    /// <exception cref="CommandFailedException">There is none, or more than one.</exception>
    public static async Task<Query> FindAsync(TraceStore store, string text, CancellationToken cancellation)
    {
        var wanted = text.TrimEnd('/');
        wanted = wanted[(wanted.LastIndexOf('/') + 1)..].Split('?', '#')[0].ToLowerInvariant();
        if (!QueryId.TryParse(wanted, out var id))
        {
            if (wanted.Length < 4 || !wanted.All(c => char.IsAsciiHexDigit(c) || c == '-'))
            {
                throw new CommandFailedException($"'{text}' is no query id: 'dht-tracer queries' lists them; four hex digits of one are enough when they are unique.", ExitCode.Usage);
            }

            var candidates = await store.FindByPrefixAsync(wanted, 2, cancellation);
            id = candidates switch
            {
                [var only] => only,
                [] => throw new CommandFailedException($"No query begins with {wanted}."),
                _ => throw new CommandFailedException($"More than one query begins with {wanted}: give more digits."),
            };
        }

        return await store.GetQueryAsync(id, cancellation)
            ?? throw new CommandFailedException(await store.GetDeletedAsync(id.TraceId, cancellation) is not null
                ? $"The trace of {id} is no longer kept: it was older than the retention."
                : $"There is no query {id} in {store.Options.FilePath}.");
    }
}
