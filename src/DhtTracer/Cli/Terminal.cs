namespace DhtTracer.Cli;

/// <summary>The capabilities of the output terminal.</summary>
/// <param name="Width">Number of columns; 100 if the output is not a terminal.</param>
/// <param name="Color">Whether to use colours: for a terminal, unless <c>NO_COLOR</c> is set or <c>TERM</c> is <c>dumb</c>.</param>
internal sealed record Terminal(int Width, bool Color)
{
    /// <summary>Number of columns if the output is not a terminal.</summary>
    public const int DefaultWidth = 100;

    /// <summary>Examines standard output and the environment (<c>NO_COLOR</c>, <c>COLUMNS</c>, <c>TERM</c>).</summary>
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

    /// <summary>The text inside the escape codes of a style; unchanged without colours.</summary>
    public string Style(string text, TextStyle style) => Color && style != TextStyle.Plain ? $"\e[{(int)style}m{text}\e[0m" : text;

    private static int ConsoleWidth()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            // Some terminals, such as those of some CI runners, have no known size.
            return 0;
        }
    }
}

/// <summary>Styles as SGR codes (ECMA-48). Their colours follow the user's palette.</summary>
internal enum TextStyle
{
    /// <summary>No style.</summary>
    Plain = 0,

    Bold = 1,

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
