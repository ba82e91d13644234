namespace DhtTracer.Cli;

/// <summary>What the terminal at the other end can do.</summary>
/// <param name="Width">Columns; 100 when the output is no terminal.</param>
/// <param name="Color">Whether to write colours: a terminal, <c>NO_COLOR</c> unset or empty, and <c>TERM</c> not <c>dumb</c>.</param>
internal sealed record Terminal(int Width, bool Color)
{
    /// <summary>Columns that text is laid out for when there is no terminal to ask.</summary>
    public const int DefaultWidth = 100;

    /// <summary>Looks at standard output and the environment (<c>NO_COLOR</c>, <c>COLUMNS</c>, <c>TERM</c>).</summary>
    public static Terminal Detect()
    {
        var interactive = !Console.IsOutputRedirected;
        var color =
            interactive
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var width = interactive ? ConsoleWidth() : 0;
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out var columns) && columns > 0)
        {
            width = columns;
        }

        return new Terminal(width > 0 ? width : DefaultWidth, color);
    }

    /// <summary>The text between the escape codes of a style, or the bare text when there are no colours.</summary>
    public string Style(string text, TextStyle style) => Color && style != TextStyle.Plain ? $"\e[{(int)style}m{text}\e[0m" : text;

    private static int ConsoleWidth()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            // A terminal that does not tell its size, as some CI runners have.
            return 0;
        }
    }
}

/// <summary>Styles as SGR codes (ECMA-48), which follow the user's own palette.</summary>
internal enum TextStyle
{
    /// <summary>As it is.</summary>
    Plain = 0,

    /// <summary>Bold.</summary>
    Bold = 1,

    /// <summary>Dim.</summary>
    Dim = 2,

    /// <summary>Red: failed.</summary>
    Red = 31,

    /// <summary>Green: found.</summary>
    Green = 32,

    /// <summary>Yellow: dialing.</summary>
    Yellow = 33,

    /// <summary>Blue: request.</summary>
    Blue = 34,
}
