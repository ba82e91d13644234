using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Statistics.Comparing;

[JsonConverter(typeof(JsonStringEnumConverter<FigureUnit>))]
public enum FigureUnit
{
    [JsonStringEnumMemberName("ns")]
    Nanoseconds = 1,

    /// <summary>A number of items.</summary>
    [JsonStringEnumMemberName("count")]
    Count = 2,

    /// <summary>A share, 0 to 1.</summary>
    [JsonStringEnumMemberName("share")]
    Share = 3,
}

/// <summary>A figure of the overview that is compared.</summary>
/// <param name="Name">Stable name, for the API and links, such as <c>duration-p95</c>.</param>
/// <param name="Label">Text for pages.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="LowerIsBetter">Whether a lower value is better.</param>
/// <param name="HigherWord">Describes the second set when its value is higher: slower, more, higher.</param>
/// <param name="LowerWord">Describes the second set when its value is lower: faster, fewer, lower.</param>
public sealed record FigureDefinition(string Name, string Label, FigureUnit Unit, bool LowerIsBetter, string HigherWord, string LowerWord)
{
    internal static FigureDefinition Time(string name, string label) => new(name, label, FigureUnit.Nanoseconds, true, "slower", "faster");

    internal static FigureDefinition Number(string name, string label) => new(name, label, FigureUnit.Count, true, "more", "fewer");

    internal static FigureDefinition Part(string name, string label, bool lowerIsBetter) =>
        new(name, label, FigureUnit.Share, lowerIsBetter, "higher", "lower");
}
