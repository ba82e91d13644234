using System.Collections.Concurrent;

namespace DhtTracer.Libp2p.Identify;

/// <summary>
/// One copy of texts that thousands of peers have in common: agent versions and lists of protocols. Bounded, because
/// strangers write them; what does not fit is simply not shared.
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
        // Protocol names hold no line breaks on the wire; one that does only fails to be shared rightly with itself.
        var key = string.Join('\n', texts);
        return Lists.TryGetValue(key, out var shared) && shared.SequenceEqual(texts, StringComparer.Ordinal) ? shared
            : Lists.Count < Capacity ? Lists.GetOrAdd(key, _ => texts.Select(text => Of(text)!).ToArray())
            : texts;
    }
}
