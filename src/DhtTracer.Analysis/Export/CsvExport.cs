using System.Buffers;
using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Export;

/// <summary>
/// Comma-separated values (RFC 4180): a header line, then lines that end with CR LF. Unknown values are empty; times are nanoseconds. A
/// text that a spreadsheet would run as a formula gets an apostrophe in front: it begins with <c>= + - @</c> (also full-width), a tab or a
/// line break.
/// </summary>
public static class CsvExport
{
    private static readonly string[] PeerColumns =
    [
        "peer",
        "order",
        "xor",
        "hops",
        "referrer",
        "referrer_inferred",
        "heard_ns",
        "state",
        "duplicate",
        "dial_start_ns",
        "dial_duration_ns",
        "dial_reused",
        "dial_error_class",
        "dial_error_text",
        "request",
        "message",
        "request_start_ns",
        "request_duration_ns",
        "request_outcome",
        "request_error_class",
        "request_error_text",
        "returned",
        "new",
        "providers",
        "records",
        "agent",
        "addresses",
        "hops_at_least",
        "asked_after",
        "time_lost_ns",
        "request_end_ns",
    ];

    private static readonly string[] QueryColumns =
    [
        "id",
        "operation_id",
        "background",
        "type",
        "key",
        "kad_id",
        "source",
        "service",
        "node",
        "start_unix_nano",
        "duration_ns",
        "outcome",
        "error_class",
        "error_text",
        "termination",
        "discovery_ns",
        "first_answer_ns",
        "alpha",
        "beta",
        "k",
        "seen",
        "queried",
        "dialed",
        "dial_failed",
        "to_query",
        "remaining",
        "results",
        "returned",
        "duplicates",
        "xor",
        "hops",
        "side",
        "skipped",
        "seen_complete",
        "sent",
        "discovered_by",
        "missing_spans",
        "missing_events",
    ];

    /// <summary>The rows of a query: one line for each request, and one for each peer that was sent none.</summary>
    public static string Peers(Query query)
    {
        var csv = new StringBuilder();
        Line(csv, PeerColumns);
        foreach (var peer in query.Peers)
        {
            if (peer.Requests.IsEmpty)
            {
                Line(csv, [.. PeerCells(peer), null, null, null, null, null, null, null, null, null, null, null, .. LastCells(peer, null)]);
            }

            for (var i = 0; i < peer.Requests.Length; i++)
            {
                Line(csv, [.. PeerCells(peer), .. RequestCells(peer.Requests[i], i + 1), .. LastCells(peer, peer.Requests[i])]);
            }
        }

        return csv.ToString();
    }

    /// <summary>Writes the header line of a list of queries, in UTF-8.</summary>
    public static void WriteQueriesHeader(IBufferWriter<byte> output) => WriteLine(output, QueryColumns);

    /// <summary>Writes one query of a list, in UTF-8.</summary>
    public static void WriteQuery(IBufferWriter<byte> output, QuerySummary query) => WriteLine(output, QueryCells(query));

    private static void WriteLine(IBufferWriter<byte> output, ReadOnlySpan<string?> cells)
    {
        var line = new StringBuilder();
        Line(line, cells);
        Encoding.UTF8.GetBytes(line.ToString(), output);
    }

    private static string?[] PeerCells(QueryPeer peer) =>
        [
            Text(peer.Id),
            Number(peer.Order),
            Number(peer.Xor),
            Number(peer.Hops),
            Text(peer.Referrer),
            Flag(peer.ReferrerInferred),
            Number(peer.HeardNs),
            Words.Of(peer.State),
            Flag(peer.Duplicate),
            Number(peer.Dial?.StartNs),
            Number(peer.Dial?.DurationNs),
            Flag(peer.Dial?.Reused),
            Text(peer.Dial?.Error?.Class),
            Text(peer.Dial?.Error?.Text),
        ];

    private static string?[] RequestCells(PeerRequest request, int number) =>
        [
            Number(number),
            request.Type == MessageType.Unknown ? null : Words.Of(request.Type),
            Number(request.StartNs),
            Number(request.DurationNs),
            Words.Of(request.Outcome),
            Text(request.Error?.Class),
            Text(request.Error?.Text),
            Number(request.Returned),
            Number(request.New),
            Number(request.Providers),
            Number(request.Records),
        ];

    private static string?[] LastCells(QueryPeer peer, PeerRequest? request) =>
        [
            Text(peer.Agent),
            peer.Addresses.IsDefaultOrEmpty ? null : Text(string.Join(' ', peer.Addresses)),
            Number(peer.HopsAtLeast),
            Text(peer.AskedAfter),
            Number(peer.TimeLostNs),
            Number(request?.EndNs),
        ];

    private static string?[] QueryCells(QuerySummary query) =>
        [
            query.Id.ToString(),
            query.OperationId.ToString(),
            Flag(query.Background),
            query.Type == QueryType.Unknown ? null : Words.Of(query.Type),
            Text(query.Key?.Text),
            query.Key?.KadId,
            Words.Of(query.Source),
            Text(query.Service),
            Text(query.Node),
            query.StartUnixNano.ToString(CultureInfo.InvariantCulture),
            Number(query.DurationNs),
            query.Outcome == QueryOutcome.Unknown ? null : Words.Of(query.Outcome),
            Text(query.Error?.Class),
            Text(query.Error?.Text),
            query.Termination is { } termination ? Words.Of(termination) : null,
            Number(query.DiscoveryNs),
            Number(query.FirstAnswerNs),
            Number(query.Parameters.Alpha),
            Number(query.Parameters.Beta),
            Number(query.Parameters.K),
            Number(query.Counts.Seen),
            Number(query.Counts.Queried),
            Number(query.Counts.Dialed),
            Number(query.Counts.DialFailed),
            Number(query.Counts.ToQuery),
            Number(query.Counts.Remaining),
            Number(query.Counts.Results),
            Number(query.Counts.Returned),
            Number(query.Counts.Duplicates),
            Number(query.Xor),
            Number(query.Hops),
            query.Side is { } side ? Words.Of(side) : null,
            Flag(query.Skipped),
            Flag(query.Counts.SeenComplete),
            Number(query.Counts.Sent),
            Text(query.DiscoveredBy),
            Number(query.Missing.Spans),
            Number(query.Missing.Events),
        ];

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Flag(bool? value) =>
        value switch
        {
            true => "true",
            false => "false",
            null => null,
        };

    /// <summary>A text of strangers as a cell, which no spreadsheet takes for a formula.</summary>
    internal static string? Text(string? value) =>
        value is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uff1d' or '\uff0b' or '\uff0d' or '\uff20', ..]
            ? "'" + value
            : value;

    /// <summary>Appends a line.</summary>
    internal static void Line(StringBuilder csv, ReadOnlySpan<string?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0)
            {
                csv.Append(',');
            }

            if (cells[i] is not { } cell)
            {
                continue;
            }

            if (cell.AsSpan().IndexOfAny(",\"\r\n") >= 0)
            {
                csv.Append('"').Append(cell.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
            }
            else
            {
                csv.Append(cell);
            }
        }

        csv.Append("\r\n");
    }
}
