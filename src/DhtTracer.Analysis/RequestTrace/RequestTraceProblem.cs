namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Something in a file that the format does not allow.</summary>
/// <param name="Pointer">Where: a JSON pointer (RFC 6901); empty for the whole document.</param>
/// <param name="Expected">What the format expects there.</param>
/// <param name="Found">What is there.</param>
/// <param name="Remedy">What to do.</param>
public sealed record RequestTraceProblem(string Pointer, string Expected, string Found, string Remedy)
{
    /// <summary><c>/requests/0/id: expected an id of 16 hex digits, found "x"</c>.</summary>
    public override string ToString() => $"{(Pointer.Length == 0 ? "the document" : Pointer)}: expected {Expected}, found {Found}";
}
