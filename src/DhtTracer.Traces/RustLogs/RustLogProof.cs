namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// What the text of a line proves about who wrote it, for logs without targets (<c>with_target(false)</c>). Only texts that rust-libp2p
/// alone writes count. The lines of litep2p about dials and connections can be of any of its protocols, so its logs need their targets.
/// </summary>
internal static class RustLogProof
{
    private const string Kad = "libp2p_kad";

    private static readonly (string Text, string Target)[] Texts =
    [
        ("Request to peer in query succeeded", Kad),
        ("Request to peer in query failed with ", Kad),
        ("Peer reported by source in query", Kad),
        ("Query finished", Kad),
        ("Query timed out", Kad),
        ("Record not found at source", Kad),
        ("Dialer: Proposed protocol", "multistream_select"),
    ];

    /// <summary>Spans of libp2p in the list before a message, and its source files: what stands between the level and the message.</summary>
    private static readonly string[] Surroundings =
    [
        "Swarm::poll",
        "Connection::poll",
        "Pool::poll",
        "NetworkBehaviour::poll",
        "/libp2p-",
        "/multistream-select-",
    ];

    private static readonly string[] Levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

    /// <summary>Whether the bytes can be such a line at all.</summary>
    public static bool MayBe(ReadOnlySpan<byte> line) =>
        line.IndexOf("QueryId("u8) >= 0 || line.IndexOf("Record not found at source"u8) >= 0 || line.IndexOf("Dialer: Proposed"u8) >= 0;

    /// <summary>The module that alone writes a message beginning like this; null when the text proves nothing.</summary>
    public static string? OfMessage(string? message)
    {
        foreach (var (text, target) in Texts)
        {
            if (message?.StartsWith(text, StringComparison.Ordinal) == true)
            {
                return target;
            }
        }

        return null;
    }

    /// <summary>
    /// Where in a human line such a message begins. Between the level and the message may stand spans or a source file of libp2p and nothing
    /// else: another program's target there says that it wrote the line.
    /// </summary>
    public static (int Start, string Target)? Find(string line)
    {
        foreach (var (text, target) in Texts)
        {
            var at = line.IndexOf(text, StringComparison.Ordinal);
            if (at > 0 && line[at - 1] == ' ' && IsAfterLevel(line.AsSpan(0, at)))
            {
                return (at, target);
            }
        }

        return null;
    }

    /// <summary>Whether a line without a target begins a query of litep2p: <c>start `FIND_NODE` query query_id=QueryId(0)</c>.</summary>
    public static bool StartsLitep2pQuery(ReadOnlySpan<byte> line) =>
        line.IndexOf("start `"u8) >= 0 && line.IndexOf("query_id"u8) >= 0 && line.IndexOf("QueryId("u8) >= 0;

    /// <summary>Whether a level stands in a part of a line.</summary>
    public static bool HasLevel(ReadOnlySpan<char> text) => AfterLevel(text) >= 0;

    private static bool IsAfterLevel(ReadOnlySpan<char> prefix)
    {
        if (AfterLevel(prefix) is not (>= 0 and var end))
        {
            return false;
        }

        var between = prefix[end..].Trim();
        if (between.IsEmpty)
        {
            return true;
        }

        foreach (var surrounding in Surroundings)
        {
            if (between is [.., ':'] && between.Contains(surrounding, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    // The index behind the first level that stands as a word; -1 without one.
    private static int AfterLevel(ReadOnlySpan<char> text)
    {
        foreach (var level in Levels)
        {
            var at = text.IndexOf(level);
            var end = at + level.Length;
            if (at >= 0 && (at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) && end < text.Length && text[end] is (' ' or ']'))
            {
                return end + 1;
            }
        }

        return -1;
    }
}
