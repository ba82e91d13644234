using System.Collections.Concurrent;

namespace DhtTracer.Libp2p.Identify;

/// <summary>
/// Shares texts that thousands of peers have in common: agent versions and lists of protocols. The size is limited, because strangers write
/// these texts; beyond it, texts are not shared.
/// </summary>
internal static class SharedText
{
    private const int Capacity = 4096;

    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, IReadOnlyList<string>> Lists = new(StringComparer.Ordinal);

    public static string? Of(string? text) =>
        text is null ? null
        : Texts.TryGetValue(text, out var shared) ? shared
        : Texts.Count < Capacity ? Texts.GetOrAdd(text, text)
        : text;

    public static IReadOnlyList<string> List(IReadOnlyList<string> texts)
    {
        // Protocol names have no line breaks on the wire. A name with one only fails to be shared.
        var key = string.Join('\n', texts);
        return Lists.TryGetValue(key, out var shared) && shared.SequenceEqual(texts, StringComparer.Ordinal) ? shared
            : Lists.Count < Capacity ? Lists.GetOrAdd(key, _ => texts.Select(text => Of(text)!).ToArray())
            : texts;
    }
}
