using System.CommandLine.Parsing;
using System.Globalization;

namespace DhtTracer.Cli;

/// <summary>A port on the command line: a number, 0 for a free port, or <c>off</c>.</summary>
/// <param name="Port">The port; null when switched off.</param>
internal readonly record struct PortValue(int? Port)
{
    /// <summary>The text as on the command line, because the help shows it as the default.</summary>
    public override string ToString() => Port?.ToString(CultureInfo.InvariantCulture) ?? "off";

    /// <summary>Reads <c>4318</c>, <c>0</c> or <c>off</c>.</summary>
    public static PortValue Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            return new PortValue(null);
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue)
        {
            return new PortValue(port);
        }

        result.AddError($"'{text}' is no port: give a number from 1 to 65535, 0 for a free one, or off.");
        return default;
    }
}
