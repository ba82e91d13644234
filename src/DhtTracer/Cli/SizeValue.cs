using System.CommandLine.Parsing;
using System.Globalization;

namespace DhtTracer.Cli;

/// <summary>Sizes on the command line: <c>500MB</c>, <c>20GB</c>, <c>1.5TB</c> in powers of 1,000, <c>512MiB</c>, <c>20GiB</c> in powers of
/// 1,024.</summary>
internal static class SizeValue
{
    private static readonly (string Unit, double Bytes)[] Units =
    [
        ("KiB", 1L << 10),
        ("MiB", 1L << 20),
        ("GiB", 1L << 30),
        ("TiB", 1L << 40),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
    ];

    /// <summary>Parses the size of an option's only token.</summary>
    public static long Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (TryParse(text, out var bytes))
        {
            return bytes;
        }

        result.AddError($"'{text}' is no size: write it as 500MB, 20GB, 512MiB or 1.5TB.");
        return 0;
    }

    /// <summary>Parses a size of at least one byte.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        foreach (var (unit, factor) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (
                !double.TryParse(
                    text.AsSpan(0, text.Length - unit.Length),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var number
                ) || number * factor is not (>= 1 and < long.MaxValue)
            )
            {
                return false;
            }

            bytes = (long)(number * factor);
            return true;
        }

        return false;
    }
}
