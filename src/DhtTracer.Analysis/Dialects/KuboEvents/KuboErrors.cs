using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>Classifies the error texts of Kubo's query events.</summary>
internal static class KuboErrors
{
    /// <summary>
    /// The error of a dial or request. If the caller or the end of the lookup cut it off, it is cancelled and not the peer's fault.
    /// </summary>
    public static TraceError OfPeer(string? text) =>
        text is not null && IsContext(text) ? new TraceError(ErrorClass.Cancelled, text) : ErrorText.Classify(text);

    /// <summary>Whether the caller or the end of the lookup caused the error.</summary>
    public static bool IsContext(string text) => Contains(text, "context canceled") || IsDeadline(text);

    /// <summary>Whether the caller's deadline passed.</summary>
    public static bool IsDeadline(string text) => Contains(text, "context deadline exceeded") || Contains(text, "i/o deadline reached");

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.Ordinal);
}
