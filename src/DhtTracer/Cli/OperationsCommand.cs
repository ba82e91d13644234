using System.CommandLine;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer operations</c>: lists operations, newest first, as a table or one JSON object per line.</summary>
internal static class OperationsCommand
{
    private const int DefaultLimit = 50;
    private const int PageSize = 500;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var limit = new Option<int>("--limit")
        {
            Description = "How many at most; 0 for all.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLimit,
        };
        limit.Within(0, int.MaxValue);
        var json = CommonOptions.Json();
        var filters = new QueryFilterOptions();
        var command = new Command(
            "operations",
            "List what was asked of the DHT, newest first: one row for each operation, such as a Kubo command."
        )
        {
            limit,
            json,
        };
        filters.AddTo(command);
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                        RunAsync(
                            result.DataDirectory(),
                            filters.Read(result, TimeProvider.System),
                            filters.Given(result),
                            result.GetValue(limit),
                            result.GetValue(json),
                            result.InvocationConfiguration.Output,
                            Terminal.Detect(),
                            cancellation
                        )
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string data,
        QueryListAddress asked,
        bool filtered,
        int limit,
        bool json,
        TextWriter output,
        Terminal terminal,
        CancellationToken cancellation
    )
    {
        await using var store = await Archive.OpenForReadingAsync(data, cancellation);
        var filter = await QueryFilterOptions.ResolveAsync(asked, store, cancellation);
        var left = limit == 0 ? int.MaxValue : limit;
        var any = false;
        string? cursor = null;
        do
        {
            var page = await store.ListOperationsAsync(filter, QuerySort.Newest, cursor, Math.Min(left, PageSize), cancellation);
            foreach (var row in page.Rows)
            {
                if (json)
                {
                    await output.WriteLineAsync(JsonLine.Of(row.Operation));
                }
                else
                {
                    if (!any)
                    {
                        await output.WriteLineAsync(
                            terminal.Style(
                                Row("ID", "START (UTC)", "TYPE", "OUTCOME", "DURATION", "RESULTS", "QUERIES", "KEY", terminal.Width),
                                TextStyle.Dim
                            )
                        );
                    }

                    await output.WriteLineAsync(Row(row, terminal));
                }

                any = true;
            }

            left -= page.Rows.Count;
            cursor = page.Next;
        } while (cursor is not null && left > 0);

        if (!any && !json)
        {
            await Console.Error.WriteLineAsync(
                filtered
                    ? "No operation matches."
                    : $"No operations in {data}. Import traces with 'dht-tracer import', or start 'dht-tracer' and send it some."
            );
        }

        return ExitCode.Success;
    }

    private static string Row(ListedOperation row, Terminal terminal) =>
        Row(
            row.Operation.Id.ToString(),
            UtcText.Of(row.Operation.StartUnixNano)[..19],
            Words.Of(row.Operation.Type),
            Words.Of(row.Operation.Outcome),
            DurationText.Of(row.Operation.DurationNs),
            HeaderText.Number(row.Operation.Results),
            Parts(row),
            Key(row.Operation),
            terminal.Width
        );

    private static string Key(Operation operation) =>
        operation.Key is { } key ? PlainText.Safe(key.Text)
        : operation.KeyCount > 1 ? $"({operation.KeyCount} keys)"
        : "(unknown)";

    /// <summary>The sides, such as <c>wan lan</c>. Sides without peers to ask are in brackets.</summary>
    private static string Parts(ListedOperation row) =>
        string.Join(
            ' ',
            row.Queries.Select(static query =>
                (query.Side is { } side ? Words.Of(side) : "1") is var name && query.Skipped ? $"({name})" : name
            )
        );

    /// <summary>The id is first and complete, to be copied to <c>show</c>. A narrow terminal cuts the end of the key.</summary>
    private static string Row(
        string id,
        string start,
        string type,
        string outcome,
        string duration,
        string results,
        string parts,
        string key,
        int width
    )
    {
        var row = new StringBuilder();
        row.Append(
            CultureInfo.InvariantCulture,
            $"{id, -49}  {start, -19}  {type, -17} {outcome, -10} {duration, 8} {results, 7}  {parts, -9}  "
        );
        var room = width - row.Length;
        return room >= 12 ? row.Append(PlainText.Middle(key, room)).ToString() : row.Append(key).ToString();
    }
}
