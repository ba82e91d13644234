namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Infers who wrote a line from its text, for logs without targets (<c>with_target(false)</c>). Only texts that rust-libp2p alone writes
/// count. litep2p's lines about dials and connections can come from any of its protocols, so its logs need targets.
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

    /// <summary>Spans and source files of libp2p that can appear between the level and the message.</summary>
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

    /// <summary>Whether the bytes can be such a line: a cheap check.</summary>
    public static bool MayBe(ReadOnlySpan<byte> line) =>
        line.IndexOf("QueryId("u8) >= 0 || line.IndexOf("Record not found at source"u8) >= 0 || line.IndexOf("Dialer: Proposed"u8) >= 0;

    /// <summary>The only module that writes messages with this beginning; null if the text proves nothing.</summary>
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
    /// Finds where such a message begins in a human-readable line. Only spans or a source file of libp2p may come between the level and the
    /// message: another target there means that another program wrote the line.
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

    /// <summary>Whether a line without a target begins a litep2p query: <c>start `FIND_NODE` query query_id=QueryId(0)</c>.</summary>
    public static bool StartsLitep2pQuery(ReadOnlySpan<byte> line) =>
        line.IndexOf("start `"u8) >= 0 && line.IndexOf("query_id"u8) >= 0 && line.IndexOf("QueryId("u8) >= 0;

    /// <summary>Whether this part of a line contains a level.</summary>
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

    // The index after the first level that is a whole word; -1 if there is none.
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
