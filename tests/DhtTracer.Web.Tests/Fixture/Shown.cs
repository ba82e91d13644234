using System.Globalization;
using System.Text.RegularExpressions;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>Whether a page shows a value, by reading its text as a person does.</summary>
internal static partial class Shown
{
    private static readonly Dictionary<string, double> Units = new(StringComparer.Ordinal)
    {
        ["ns"] = 1,
        ["µs"] = 1e3,
        ["ms"] = 1e6,
        ["s"] = 1e9,
        ["m"] = 60e9,
        ["h"] = 3600e9,
    };

    /// <summary>The text is this duration, rounded to the digits it shows; a dash when it is unknown.</summary>
    public static void Duration(long? expected, string text)
    {
        if (expected is not { } value)
        {
            Dash(text);
            return;
        }

        Assert.True(IsDuration(value, text), $"\"{text}\" is shown for {value} ns");
    }

    /// <summary>Whether the text is this duration, rounded to the digits it shows.</summary>
    public static bool IsDuration(long value, string text)
    {
        var parts = Part().Matches(text);
        if (parts.Count == 0)
        {
            return false;
        }

        var shown = parts.Sum(part =>
            double.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * Units[part.Groups["unit"].Value]
        );
        if (text.StartsWith('−'))
        {
            shown = -shown;
        }

        // 1.4 and 3 are shown to a tenth below 10 ms and from 1 s on; two parts to the lesser of them.
        var last = parts[^1].Groups["unit"].Value;
        var step =
            parts.Count > 1 && last == "s" && shown < 600e9 ? 1e8
            : parts.Count > 1 || last is "m" or "h" ? (text.Contains('h', StringComparison.Ordinal) ? 60e9 : 1e9)
            : last == "s" || (last == "ms" && Math.Abs(shown) < 10e6) ? Units[last] / 10
            : Units[last];
        return Math.Abs(shown - value) <= (step / 2) + 1;
    }

    /// <summary>The text is this count; a dash when it is unknown.</summary>
    public static void Count(long? expected, string text)
    {
        if (expected is { } value)
        {
            Assert.Equal(
                value,
                long.Parse(text, NumberStyles.AllowThousands | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            );
        }
        else
        {
            Dash(text);
        }
    }

    /// <summary>The text is this number, rounded to two places.</summary>
    public static void Number(double? expected, string text)
    {
        if (expected is { } value)
        {
            Assert.InRange(double.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture), value - 0.005001, value + 0.005001);
        }
        else
        {
            Dash(text);
        }
    }

    /// <summary>The text is this share in percent, rounded to a tenth.</summary>
    public static void Share(double? expected, string text)
    {
        switch (expected, text)
        {
            case (null, _):
                Dash(text);
                break;
            case (< 0.001 and > 0, _):
                Assert.Equal("< 0.1 %", text);
                break;
            case (> 0.999 and < 1, _):
                Assert.Equal("> 99.9 %", text);
                break;
            default:
                Assert.EndsWith(" %", text, StringComparison.Ordinal);
                Assert.InRange(
                    double.Parse(text[..^2], CultureInfo.InvariantCulture),
                    (expected.Value * 100) - 0.05001,
                    (expected.Value * 100) + 0.05001
                );
                break;
        }
    }

    private static void Dash(string text) => Assert.StartsWith("–", text, StringComparison.Ordinal);

    [GeneratedRegex(
        "(?<number>[0-9]+([.][0-9]+)?)(?<unit>ns|µs|ms|s|m|h)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Part();
}
