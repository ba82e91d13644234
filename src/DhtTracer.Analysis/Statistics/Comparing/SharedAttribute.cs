namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>What an attribute of operations tells. The numbers are in no file.</summary>
public enum AttributeKind
{
    /// <summary>Error class of the operation itself.</summary>
    Error,

    /// <summary>Error class of a dial or request in it.</summary>
    PeerError,

    /// <summary>Agent version of a peer that it met.</summary>
    Agent,

    /// <summary>How many dials failed.</summary>
    FailedDials,

    /// <summary>Greatest hops of a queried peer.</summary>
    Hops,

    /// <summary>Hour of the day at which it started, UTC.</summary>
    HourOfDay,

    /// <summary>A rule of lookups that it breaks (docs/lint.md).</summary>
    Rule,
}

/// <summary>How much more often operations of the slow set have an attribute.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="Name">Its value; hostile text where it comes from a span.</param>
/// <param name="InSlow">Operations of the slow set that have it.</param>
/// <param name="OfSlow">Operations of the slow set that tell whether they have it.</param>
/// <param name="InOther">Operations of the other set that have it.</param>
/// <param name="OfOther">Operations of the other set that tell whether they have it.</param>
/// <param name="Difference">Share of the slow set minus share of the other, -1 to 1.</param>
/// <param name="Interval">
/// Encloses the true difference (Newcombe, 1998). Null where no interval was computed: only attributes at the head of the list have one.
/// </param>
/// <param name="PValue">P-value of the one-sided Fisher's exact test.</param>
/// <param name="Adjusted">The p-value adjusted over all attributes of every kind together (Benjamini and Hochberg, 1995).</param>
public sealed record SharedAttribute(
    AttributeKind Kind,
    string Name,
    int InSlow,
    int OfSlow,
    int InOther,
    int OfOther,
    double Difference,
    DifferenceInterval? Interval,
    double PValue,
    double Adjusted
)
{
    /// <summary>The adjusted p-value is below 5 %: of 100 marked attributes, about 5 at most are marked by chance.</summary>
    public bool Significant => Adjusted < OverRepresentation.Rate;
}
