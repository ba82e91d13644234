using System.Text;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.EventLog2019;

/// <summary>
/// Reads the event log of the dht-tracer of 2019 into spans (see <see cref="EventLogNames"/>). The log is server-sent events (<c>data:
/// {...}</c> and an empty line) or one JSON object per line. Events may be out of order or repeated, and may start or stop in the middle of
/// a query. Lines about other things are skipped.
/// </summary>
/// <example>
/// <c>data: {"QueryRunner":{"Query":{"Key":"/provider/Qm…"},"StartTime":"2019-07-24T18:26:20.321265-07:00",…},
/// "event":"dhtQueryRunner.Run.Start",…}</c>
/// </example>
public static class EventLog2019Reader
{
    /// <summary>Longest line that is read, in bytes.</summary>
    public const int MaxLineLength = 16 * 1024 * 1024;

    private const string Format = "2019 event log";

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private static ReadOnlySpan<byte> Data => "data:"u8;

    /// <summary>Reads a log.</summary>
    /// <param name="data">The whole log as UTF-8, with or without a byte-order mark; the caller limits its size.</param>
    /// <param name="rejected">
    /// Receives the place and problem of each line that cannot be read; the other lines are still read. If null, such a line is an error.
    /// </param>
    /// <returns>The spans of all queries. The same log always gives the same spans.</returns>
    /// <exception cref="TraceFormatException">A line is not a JSON object, is too long, or is an event that does not say which query it
    /// belongs to.</exception>
    public static IReadOnlyList<Span> Decode(ReadOnlySpan<byte> data, ICollection<RejectedSpan>? rejected = null)
    {
        var log = new EventLogAssembler();
        var rest = data.StartsWith(Encoding.UTF8.Preamble) ? data[Encoding.UTF8.Preamble.Length..] : data;
        long number = 0;
        while (!rest.IsEmpty)
        {
            number++;
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            var offset = data.Length - rest.Length;
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (Read(line, log) is not { } problem)
            {
                continue;
            }

            if (rejected is null)
            {
                throw new TraceFormatException(Format, offset, problem, number);
            }

            rejected.Add(new RejectedSpan(offset, $"line {number}: {problem}"));
        }

        return log.ToSpans();
    }

    /// <summary>Reads a line and returns its problem, or null if there is none.</summary>
    private static string? Read(ReadOnlySpan<byte> line, EventLogAssembler log)
    {
        line = line.Trim(" \t\r"u8);
        if (line.StartsWith(Data))
        {
            line = line[Data.Length..].TrimStart((byte)' ');
        }
        else if (!line.IsEmpty && line[0] != '{' && IsOtherField(line))
        {
            return null;
        }

        if (line.IsEmpty)
        {
            return null;
        }

        if (line.Length > MaxLineLength)
        {
            return $"the line is longer than {MaxLineLength} bytes";
        }

        // Keys were logged as raw bytes. Bytes that are not UTF-8 become replacement characters; most captures already hold those.
        var text = Encoding.UTF8.GetString(line);
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "expected a JSON object in the line";
            }

            log.Add(document.RootElement, text, out var problem);
            return problem;
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone is valid JSON, but not valid text.
            return "expected text in Unicode, found half of a surrogate pair";
        }
        catch (JsonException exception)
        {
            return $"expected a JSON object, with or without \"data:\" before it; {exception.Message.TrimEnd('.')}";
        }
    }

    /// <summary>A comment or another field of server-sent events.</summary>
    private static bool IsOtherField(ReadOnlySpan<byte> line) =>
        line[0] == ':' || line.StartsWith("event:"u8) || line.StartsWith("id:"u8) || line.StartsWith("retry:"u8);
}
