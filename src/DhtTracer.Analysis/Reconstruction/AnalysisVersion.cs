namespace DhtTracer.Analysis.Reconstruction;

/// <summary>The version of the rules of <see cref="TraceReconstruction"/>.</summary>
public static class AnalysisVersion
{
    /// <summary>
    /// Increases with every change that gives other results for the same spans. An archive analyses a trace again if a lower version
    /// analysed it.
    /// </summary>
    public const int Current = 10;

    /// <summary>The version of a stored result if it is older than this program's; null otherwise, also for 0.</summary>
    public static int? OlderOrNull(int version) => version is > 0 and < Current ? version : null;
}
