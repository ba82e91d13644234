using System.Buffers;
using System.CommandLine.Parsing;
using System.Globalization;

namespace DhtTracer.Cli;

/// <summary>A duration, shown in the help as a user writes it.</summary>
/// <param name="Value">The duration.</param>
/// <param name="Text">The text, for example <c>24h</c>.</param>
internal readonly record struct ShownDuration(TimeSpan Value, string Text)
{
    /// <summary>The duration.</summary>
    public static implicit operator TimeSpan(ShownDuration duration) => duration.Value;

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Durations on the command line: <c>90s</c>, <c>15m</c>, <c>24h</c>, <c>7d</c>, <c>250ms</c>, or sums such as
/// <c>1h30m</c>.</summary>
internal static class DurationValue
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Parses the duration of an option's only token.</summary>
    public static TimeSpan Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (TryParse(text, out var duration))
        {
            return duration;
        }

        result.AddError($"'{text}' is no duration: write it as 250ms, 90s, 15m, 24h, 7d or 1h30m.");
        return default;
    }

    /// <summary>Parses a positive duration.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (
                digits <= 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            )
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(NumberCharacters);
            var unit = letters < 0 ? rest : rest[..letters];
            double? seconds = unit switch
            {
                "ms" => 0.001,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86400,
                _ => null,
            };
            if (seconds is not { } factor || number * factor > TimeSpan.MaxValue.TotalSeconds / 2)
            {
                return false;
            }

            duration += TimeSpan.FromSeconds(number * factor);
            rest = rest[unit.Length..];
        }

        return duration > TimeSpan.Zero;
    }
}
