using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The unit of a figure.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FigureUnit>))]
public enum FigureUnit
{
    /// <summary>Nanoseconds.</summary>
    [JsonStringEnumMemberName("ns")]
    Nanoseconds = 1,

    /// <summary>A number of things.</summary>
    [JsonStringEnumMemberName("count")]
    Count = 2,

    /// <summary>A share, 0 to 1.</summary>
    [JsonStringEnumMemberName("share")]
    Share = 3,
}

/// <summary>A figure of the overview that is set side by side.</summary>
/// <param name="Name">Stable name, for the API and links, such as <c>duration-p95</c>.</param>
/// <param name="Label">In words, for pages.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="LowerIsBetter">A lower value is the better one.</param>
/// <param name="HigherWord">What the second set is when its value is higher: slower, more, higher.</param>
/// <param name="LowerWord">And when it is lower: faster, fewer, lower.</param>
public sealed record FigureDefinition(string Name, string Label, FigureUnit Unit, bool LowerIsBetter, string HigherWord, string LowerWord)
{
    internal static FigureDefinition Time(string name, string label) => new(name, label, FigureUnit.Nanoseconds, true, "slower", "faster");

    internal static FigureDefinition Number(string name, string label) => new(name, label, FigureUnit.Count, true, "more", "fewer");

    internal static FigureDefinition Part(string name, string label, bool lowerIsBetter) =>
        new(name, label, FigureUnit.Share, lowerIsBetter, "higher", "lower");
}
