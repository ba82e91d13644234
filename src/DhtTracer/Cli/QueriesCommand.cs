using System.CommandLine;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer queries</c>: lists the newest queries as a table, or one JSON object per line.</summary>
internal static class QueriesCommand
{
    private const int DefaultLimit = 50;
    private const int PageSize = 500;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var key = new Option<string?>("--key")
        {
            Description = "Only queries of this key: CID, peer id, multihash or /ipns/ name in any encoding, or the beginning of its text.",
            HelpName = "K",
        };
        var set = new Option<string?>("--set")
        {
            Description = "Only queries of this filter, such as 'type:get-providers -outcome:failed slower:2s since:24h'.",
            HelpName = "FILTER",
        };
        var limit = new Option<int>("--limit")
        {
            Description = "How many at most; 0 for all.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLimit,
        };
        limit.Within(0, int.MaxValue);
        var background = new Option<bool>("--background")
        {
            Description = "Also show lookups that nodes make for themselves (refresh, bootstrap).",
        };
        var json = CommonOptions.Json();
        var command = new Command("queries", "List queries one by one, newest first. An operation, see 'operations', may have several.")
        {
            key,
            set,
            limit,
            background,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                        RunAsync(
                            result.DataDirectory(),
                            Asked(result.GetValue(key), result.GetValue(set), result.GetValue(background)),
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

    private static QueryListAddress Asked(string? key, string? set, bool background)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in new[] { ("key", key), ("q", set), ("background", background ? "1" : null) })
        {
            if (value is not null)
            {
                parameters[name] = value;
            }
        }

        var asked = QueryListAddress.Parse(parameters);
        return asked.Problems.Count == 0 ? asked : throw new CommandFailedException(string.Join(' ', asked.Problems), ExitCode.Usage);
    }

    private static async Task<int> RunAsync(
        string data,
        QueryListAddress asked,
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
            var page = await store.ListQueriesAsync(filter, QuerySort.Newest, cursor, Math.Min(left, PageSize), cancellation);
            foreach (var query in page.Rows)
            {
                if (json)
                {
                    await output.WriteLineAsync(JsonLine.Of(query));
                }
                else
                {
                    if (!any)
                    {
                        await output.WriteLineAsync(
                            terminal.Style(
                                Row("ID", "START (UTC)", "TYPE", "OUTCOME", "DURATION", "PEERS", "SOURCE", "KEY", terminal.Width),
                                TextStyle.Dim
                            )
                        );
                    }

                    await output.WriteLineAsync(Row(query, terminal));
                }

                any = true;
            }

            left -= page.Rows.Count;
            cursor = page.Next;
        } while (cursor is not null && left > 0);

        if (!any && !json)
        {
            await Console.Error.WriteLineAsync(
                !asked.IsFiltered ? $"No queries in {data}. Import traces with 'dht-tracer import', or start 'dht-tracer' and send it some."
                : asked["q"] is null ? "No query of this key."
                : "No query matches."
            );
        }

        return ExitCode.Success;
    }

    private static string Row(QuerySummary query, Terminal terminal) =>
        Row(
            query.Id.ToString(),
            UtcText.Of(query.StartUnixNano)[..19],
            Words.Shown(query.Type),
            Words.Of(query.Outcome),
            DurationText.Of(query.DurationNs),
            (query.Counts.SeenComplete ? "" : ">") + HeaderText.Number(query.Counts.Seen),
            Words.Of(query.Source),
            query.Key is { } key ? PlainText.Safe(key.Text) : "(unknown)",
            terminal.Width
        );

    /// <summary>The id is first and complete, to be copied to <c>show</c>. A narrow terminal cuts the end of the key.</summary>
    private static string Row(
        string id,
        string start,
        string type,
        string outcome,
        string duration,
        string peers,
        string source,
        string key,
        int width
    )
    {
        var row = new StringBuilder();
        row.Append(
            CultureInfo.InvariantCulture,
            $"{id, -49}  {start, -19}  {type, -17} {outcome, -10} {duration, 8} {peers, 5}  {source, -17}  "
        );
        var room = width - row.Length;
        return room >= 12 ? row.Append(PlainText.Middle(key, room)).ToString() : row.Append(key).ToString();
    }
}
