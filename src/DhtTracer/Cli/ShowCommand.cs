using System.CommandLine;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Sweeps;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer show ID</c>: one operation or query as text waterfalls or JSON, or a query as an HTML page.</summary>
internal static class ShowCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("ID")
        {
            Description =
                "Id of an operation or a query as 'operations' and 'queries' print it, its first hex digits if they are unique, or "
                + "a permalink.",
        };
        var json = CommonOptions.Json();
        var html = new Option<bool>("--html")
        {
            Description = "Print a self-contained HTML page, to attach to an issue; of an operation its decisive query.",
        };
        html.Validators.Add(result =>
            result.Require(
                !result.GetValueOrDefault<bool>() || result.GetResult(json) is null or { Implicit: true },
                "--html and --json: choose one."
            )
        );
        var sort = new Option<PeerSort>("--sort") { Description = "What rows are sorted by.", DefaultValueFactory = _ => PeerSort.Heard };
        var filter = new Option<PeerFilter>("--filter")
        {
            Description = "Which rows are shown.",
            DefaultValueFactory = _ => PeerFilter.All,
        };
        var descending = new Option<bool>("--descending") { Description = "Greatest first." };
        var command = new Command("show", "Show one operation or query: waterfalls that fit the terminal, JSON or HTML.")
        {
            id,
            json,
            html,
            sort,
            descending,
            filter,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var found = await FindAsync(store, result.GetValue(id)!, cancellation);
                        var output = result.InvocationConfiguration.Output;
                        if (result.GetValue(json))
                        {
                            await output.WriteLineAsync(
                                found.Query is { } query ? JsonLine.Of(query) : JsonLine.Of(found.Operation!.Operation)
                            );
                        }
                        else if (result.GetValue(html))
                        {
                            var one = found.Single ?? throw new CommandFailedException("This operation has no query to make a page of.");
                            await output.WriteAsync(
                                System.Text.Encoding.UTF8.GetString(
                                    HtmlExport.ToUtf8(one, $"/q/{one.Id}", await store.GetTraceAsync(one.Id.TraceId, cancellation))
                                )
                            );
                        }
                        else
                        {
                            var writer = new WaterfallWriter(output, Terminal.Detect());
                            void Write(Query query) =>
                                writer.Write(
                                    Waterfall.Of(query, result.GetValue(sort), result.GetValue(descending), result.GetValue(filter))
                                );
                            if (found.Query is { } only)
                            {
                                Write(only);
                            }
                            else
                            {
                                new OperationTextWriter(output, Terminal.Detect()).Write(found.Operation!, Write);
                            }
                        }

                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    /// <summary>
    /// Finds an operation or a query by its id, by the beginning of the id, or by a permalink that ends in it. If the id is both, because
    /// no DHT span is above the query, the query is returned.
    /// </summary>
    /// <exception cref="CommandFailedException">There is no match, or more than one.</exception>
    public static async Task<Shown> FindAsync(TraceStore store, string text, CancellationToken cancellation)
    {
        var wanted = text.TrimEnd('/');
        wanted = wanted[(wanted.LastIndexOf('/') + 1)..].Split('?', '#')[0].ToLowerInvariant();
        if (!QueryId.TryParse(wanted, out var id))
        {
            if (wanted.Length < 4 || !wanted.All(c => char.IsAsciiHexDigit(c) || c == '-'))
            {
                throw new CommandFailedException(
                    $"'{text}' is no id of an operation or query: 'dht-tracer operations' lists them; four hex digits of one are "
                        + "enough when they are unique.",
                    ExitCode.Usage
                );
            }

            id = await FindByPrefixAsync(store, wanted, cancellation);
        }

        if (await store.GetQueryAsync(id, cancellation) is { } query)
        {
            return new Shown(query, null);
        }

        if (await store.GetOperationAsync(id, cancellation) is { } operation)
        {
            return new Shown(null, operation with { Operation = await FateLogReader.FillAsync(store, operation.Operation, cancellation) });
        }

        throw new CommandFailedException(
            await store.GetDeletedAsync(id.TraceId, cancellation) is not null
                ? $"The trace of {id} is no longer kept: it was older than the retention."
                : $"There is no query {id} in {store.Location}."
        );
    }

    private static async Task<QueryId> FindByPrefixAsync(TraceStore store, string prefix, CancellationToken cancellation)
    {
        // The ids of an operation and its queries in one trace have the same beginning. In that case, choose the operation.
        const int Most = 20;
        var candidates = await store.FindByPrefixAsync(prefix, Most, cancellation);
        if (candidates.Count == 0)
        {
            throw new CommandFailedException($"No query begins with {prefix}.");
        }

        if (candidates is [var only])
        {
            return only;
        }

        var listed = await store.ListOperationsAsync([.. candidates], cancellation);
        return
            candidates.Count < Most
            && listed is [var one]
            && candidates.All(id => id == one.Operation.Id || one.Queries.Any(query => query.Id == id))
            ? one.Operation.Id
            : throw new CommandFailedException($"More than one query begins with {prefix}: give more digits.");
    }

    /// <summary>The match; exactly one of the two is set.</summary>
    /// <param name="Query">A query.</param>
    /// <param name="Operation">An operation.</param>
    public sealed record Shown(Query? Query, OperationDetails? Operation)
    {
        /// <summary>The query, or the decisive query of the operation; null if it has none.</summary>
        public Query? Single => Query ?? Operation!.Queries.FirstOrDefault(query => query.Id == Operation.Operation.Decisive);

        public QueryId Id => Query?.Id ?? Operation!.Operation.Id;
    }
}
