namespace DhtTracer.Traces.Formats;

/// <summary>A span that is well-formed but cannot be kept, for example because it has no trace id. Other spans are not affected.</summary>
/// <param name="Offset">Bytes from the start of the input to the span.</param>
/// <param name="Problem">What was expected and what was found, without a full stop.</param>
public readonly record struct RejectedSpan(long Offset, string Problem);
