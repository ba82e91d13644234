using System.Text;
using System.Text.Unicode;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Traces;

/// <summary>Recognises logs of Rust programs by the level and the module of each line.</summary>
internal static class RustLogDetector
{
    /// <summary>How far into a line the level may be, in characters: after a time, a thread and a prefix of the log's transport.</summary>
    private const int LevelWithin = 160;

    private static readonly string[] Levels = ["TRACE", "DEBUG", " INFO", " WARN", "ERROR"];

    /// <summary>
    /// Whether the text is a log that may hold lines of libp2p. One line is enough if it has a level near its beginning and then a module
    /// of libp2p. Libp2p's own lines may come late, so three lines with a level and the path of any module are enough too.
    /// </summary>
    /// <param name="text">The beginning of the file; it may be truncated anywhere.</param>
    public static bool IsLog(ReadOnlySpan<byte> text)
    {
        // A log must be text. The last character may be truncated.
        if (
            text.IndexOf((byte)0) >= 0
            || !Utf8.IsValid(text[..Math.Max(0, text.Length - 4)])
                && !Utf8.IsValid(text[..Math.Max(0, text.Length - 3)])
                && !Utf8.IsValid(text[..Math.Max(0, text.Length - 2)])
                && !Utf8.IsValid(text[..Math.Max(0, text.Length - 1)])
                && !Utf8.IsValid(text)
        )
        {
            return false;
        }

        var lines = new TextLines(text);
        var others = 0;
        while (lines.Next())
        {
            var line = Encoding.UTF8.GetString(lines.Line[..Math.Min(lines.Line.Length, 4096)]);
            if (
                line.Contains("\"level\":\"", StringComparison.Ordinal)
                && (
                    line.Contains("\"target\":\"", StringComparison.Ordinal)
                    || line.Contains(":\"QueryId(", StringComparison.Ordinal)
                    || line.Contains("\"message\":\"Dialer: Proposed protocol", StringComparison.Ordinal)
                )
            )
            {
                return true;
            }

            line = RustLogs.RustLogLine.WithoutColours(line);
            var level = LevelAt(line);
            if (level < 0)
            {
                continue;
            }

            var rest = line.AsSpan(level);
            if (
                rest.Contains("libp2p_kad", StringComparison.Ordinal)
                || rest.Contains("litep2p::", StringComparison.Ordinal)
                || rest.Contains("libp2p_swarm", StringComparison.Ordinal)
                || rest.Contains("QueryId(", StringComparison.Ordinal)
            )
            {
                return true;
            }

            others += rest.Contains("::", StringComparison.Ordinal) ? 1 : 0;
            if (others >= 3)
            {
                return true;
            }
        }

        return false;
    }

    private static int LevelAt(string line)
    {
        var head = line.AsSpan(0, Math.Min(line.Length, LevelWithin));
        foreach (var level in Levels)
        {
            var at = head.IndexOf(level);
            if (
                at >= 0
                && (at == 0 || head[at - 1] is ' ' or '[' or '\t' || level[0] == ' ')
                && at + level.Length < line.Length
                && line[at + level.Length] is ' ' or ']'
            )
            {
                return at;
            }
        }

        return -1;
    }
}
