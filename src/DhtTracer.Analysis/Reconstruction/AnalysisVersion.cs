namespace DhtTracer.Analysis;

/// <summary>The version of what <see cref="TraceReconstruction"/> finds in the same spans.</summary>
public static class AnalysisVersion
{
    /// <summary>
    /// Counts the changes to the reconstruction whose results differ. An archive analyses traces again that a lower version has analysed.
    /// </summary>
    public const int Current = 7;

    /// <summary>The version of a stored result when it is not this program's; else null.</summary>
    public static int? OlderOrNull(int version) => version is > 0 and < Current ? version : null;
}
