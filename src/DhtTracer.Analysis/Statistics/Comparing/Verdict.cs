using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>The kind of a verdict about a difference.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VerdictKind>))]
public enum VerdictKind
{
    /// <summary>The figure is shown without a test.</summary>
    [JsonStringEnumMemberName("not-tested")]
    NotTested = 1,

    /// <summary>One of the sets has no known value of this figure.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 2,

    /// <summary>One of the sets has too few queries for an interval.</summary>
    [JsonStringEnumMemberName("too-few")]
    TooFew = 3,

    /// <summary>The interval of the difference contains zero.</summary>
    [JsonStringEnumMemberName("no-difference")]
    NoDifference = 4,

    /// <summary>The second set is higher.</summary>
    [JsonStringEnumMemberName("higher")]
    Higher = 5,

    /// <summary>The second set is lower.</summary>
    [JsonStringEnumMemberName("lower")]
    Lower = 6,
}

/// <summary>A verdict with its text.</summary>
/// <param name="Kind">The kind of verdict.</param>
/// <param name="Better">
/// Whether the second set is better (true) or worse (false); null without a difference, or when neither applies.
/// </param>
/// <param name="Text">Text for pages, such as <c>slower, 95 % sure</c> or <c>no difference to be seen</c>.</param>
public sealed record Verdict(VerdictKind Kind, bool? Better, string Text)
{
    internal static Verdict NotTested { get; } = new(VerdictKind.NotTested, null, "not compared");

    internal static Verdict Unknown { get; } = new(VerdictKind.Unknown, null, "not known in one of the sets");

    internal static Verdict NoDifference { get; } = new(VerdictKind.NoDifference, null, "no difference to be seen");

    internal static Verdict TooFew(int needed) => new(VerdictKind.TooFew, null, $"too few to say: needs {needed} queries in each set");

    internal static Verdict Of(FigureDefinition figure, double low, double high) =>
        (low, high) switch
        {
            (> 0, _) => new Verdict(VerdictKind.Higher, !figure.LowerIsBetter, $"{figure.HigherWord}, 95 % sure"),
            (_, < 0) => new Verdict(VerdictKind.Lower, figure.LowerIsBetter, $"{figure.LowerWord}, 95 % sure"),
            _ => NoDifference,
        };
}
