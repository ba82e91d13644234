using System.Text;
using System.Text.Json;

namespace DhtTracer.Traces.EventLog2019;

/// <summary>
/// Reads the event log of the dht-tracer of 2019, as server-sent events (<c>data: {...}</c> and an empty line) or as one JSON object per
/// line, into spans (see <see cref="EventLogNames"/>). Events may stand out of order and more than once, begin and end in the middle of a
/// query, and be mixed with lines about other things, which are passed over.
/// </summary>
/// <example><c>data: {"QueryRunner":{"Query":{"Key":"/provider/Qm…"},"StartTime":"2019-07-24T18:26:20.321265-07:00",…},"event":"dhtQueryRunner.Run.Start",…}</c></example>
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
    /// Takes the place and problem of lines that cannot be read, whose neighbours are then read all the same; when null such a line is an
    /// error.
    /// </param>
    /// <returns>The spans of all queries: the same for the same log, whenever and however often it is read.</returns>
    /// <exception cref="TraceFormatException">A line is no JSON object, is too long, or is an event about a query without what says of
    /// which one.</exception>
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

    /// <summary>Reads a line. What is wrong with it; null when nothing is.</summary>
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

        // Keys were logged as raw bytes: what is no UTF-8 becomes replacement characters here, as it did in most captures before.
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
            // An escape such as \ud800 alone is JSON, but no text.
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
