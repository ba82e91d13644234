using System.Text;

namespace DhtTracer.Traces.Formats;

/// <summary>
/// Iterates over the lines of a UTF-8 text and gives the position of each. Lines end with LF or CR LF; a byte order mark is skipped.
/// </summary>
/// <param name="text">The text.</param>
/// <param name="firstOffset">Number of bytes in the file before the text.</param>
/// <param name="firstNumber">Number of lines in the file before the text.</param>
internal ref struct TextLines(ReadOnlySpan<byte> text, long firstOffset = 0, long firstNumber = 0)
{
    private readonly int _length = text.Length;
    private ReadOnlySpan<byte> _rest =
        firstOffset == 0 && text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;

    /// <summary>The current line without its line break.</summary>
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <summary>Bytes from the start of the file to the line.</summary>
    public long Offset { get; private set; }

    /// <summary>Number of the line in the file, from 1.</summary>
    public long Number { get; private set; } = firstNumber;

    /// <summary>Whether the line ends with a line break. False for a last line, which may be truncated.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Moves to the next line; false after the last.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var end = _rest.IndexOf((byte)'\n');
        Offset = firstOffset + _length - _rest.Length;
        Number++;
        IsWhole = end >= 0;
        Line = (IsWhole ? _rest[..end] : _rest).TrimEnd((byte)'\r');
        _rest = IsWhole ? _rest[(end + 1)..] : [];
        return true;
    }
}
