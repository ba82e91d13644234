namespace DhtTracer.Traces;

/// <summary>Input that is not what its format says. The message names the format, the place and what was expected there.</summary>
public sealed class TraceFormatException : FormatException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="format">The format's name as a user knows it: "OTLP JSON".</param>
    /// <param name="offset">Bytes from the start of the input.</param>
    /// <param name="problem">What was expected and what was found instead, without a full stop.</param>
    /// <param name="line">Line from 1, for text formats.</param>
    /// <param name="innerException">The cause, if another parser found it.</param>
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

    /// <summary>Where: bytes from the start of the input that was given to the decoder.</summary>
    public long Offset { get; }

    /// <summary>Where: line from 1, for text formats; else null.</summary>
    public long? Line { get; }

    /// <summary>What was expected and what was found.</summary>
    public string Problem { get; }
}
