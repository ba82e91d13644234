namespace DhtTracer.Traces.Formats;

/// <summary>The input does not match its format. The message names the format, the place and what was expected there.</summary>
public sealed class TraceFormatException : FormatException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="format">The format's name as users know it, for example "OTLP JSON".</param>
    /// <param name="offset">Bytes from the start of the input.</param>
    /// <param name="problem">What was expected and what was found instead, without a full stop.</param>
    /// <param name="line">Line number from 1, for text formats; else null.</param>
    /// <param name="innerException">The error of another parser that caused this one, if any.</param>
    public TraceFormatException(string format, long offset, string problem, long? line = null, Exception? innerException = null)
        : base($"Not valid {format} at byte {offset}{(line is { } number ? $" (line {number})" : "")}: {problem}.", innerException)
    {
        Format = format;
        Offset = offset;
        Problem = problem;
        Line = line;
    }

    /// <summary>The format's name.</summary>
    public string Format { get; }

    /// <summary>Position of the problem, in bytes from the start of the decoder's input.</summary>
    public long Offset { get; }

    /// <summary>Line number of the problem, from 1; null for binary formats.</summary>
    public long? Line { get; }

    /// <summary>What was expected and what was found.</summary>
    public string Problem { get; }
}
