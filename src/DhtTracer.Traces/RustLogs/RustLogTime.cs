using System.Globalization;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.RustLogs;

/// <summary>A time of a log line.</summary>
/// <param name="Nanoseconds">Since 1970-01-01 UTC, or since the process began.</param>
/// <param name="IsUptime">Whether it counts from the start of the process, or of an unknown day.</param>
internal readonly record struct RustLogTime(ulong Nanoseconds, bool IsUptime)
{
    private const ulong Second = 1_000_000_000;

    /// <summary>Maximum plausible uptime, in seconds: about 300 years.</summary>
    private const ulong LongestUptime = 10_000_000_000;

    /// <summary>
    /// Finds the time in the text before a line's target. The time nearest to the target is the program's own; others come from the log's
    /// transport, such as journald or a container. Null if there is none.
    /// </summary>
    /// <example>
    /// <c>2026-11-30T05:33:52.305146Z TRACE Swarm::poll: </c> (tracing-subscriber), <c>2026-11-30 05:33:52.305 TRACE tokio-runtime-worker
    /// </c> (Substrate), <c>  12.345678901s TRACE </c> (uptime), <c>05:33:52.305 </c> (an unknown day)
    /// </example>
    public static RustLogTime? Find(ReadOnlySpan<char> prefix)
    {
        var tokens = new List<string>();
        foreach (var range in prefix.Split(' '))
        {
            var token = prefix[range].Trim("[]()|").TrimEnd(',');
            if (!token.IsEmpty && token.Length <= 40 && tokens.Count < 64)
            {
                tokens.Add(token.ToString());
            }
        }

        for (var at = tokens.Count - 1; at >= 0; at--)
        {
            if (Parse(tokens[at], at > 0 ? tokens[at - 1] : "") is { } time)
            {
                return time;
            }
        }

        return null;
    }

    /// <summary>Parses one token as a time. The token before it may be its date.</summary>
    public static RustLogTime? Parse(string token, string before = "")
    {
        if (token.Length >= 19 && token[10] == 'T' && char.IsAsciiDigit(token[0]))
        {
            return Rfc3339.Parse(token) is { } exact ? new(exact, false)
                : Rfc3339.Parse(token + "Z") is { } assumed ? new(assumed, false)
                : null;
        }

        if (token.Length >= 8 && token[2] == ':' && token[5] == ':')
        {
            var clock = token.TrimEnd('Z').Replace(',', '.');
            if (before.Length == 10 && before[4] is '-' or '/' && Rfc3339.Parse($"{before.Replace('/', '-')}T{clock}Z") is { } dated)
            {
                return new(dated, false);
            }

            return Rfc3339.Parse($"1970-01-01T{clock}Z") is { } ofDay ? new(ofDay, true) : null;
        }

        return token.Length >= 3 && token[^1] == 's' && char.IsAsciiDigit(token[0]) ? Uptime(token.AsSpan(0, token.Length - 1)) : null;
    }

    // 12.345678901
    private static RustLogTime? Uptime(ReadOnlySpan<char> text)
    {
        var point = text.IndexOf('.');
        if (
            point <= 0
            || text.Length - point - 1 is < 1 or > 9
            || !ulong.TryParse(text[..point], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > LongestUptime
            || !ulong.TryParse(
                text[(point + 1)..].ToString().PadRight(9, '0'),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var fraction
            )
        )
        {
            return null;
        }

        return new((seconds * Second) + fraction, true);
    }
}
