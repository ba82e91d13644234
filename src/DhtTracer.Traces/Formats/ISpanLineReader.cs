using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Formats;

/// <summary>
/// Reads a text format of independent lines piece by piece, keeping state in between, so a file of any size needs little memory. One reader
/// reads one file, once.
/// </summary>
public interface ISpanLineReader
{
    /// <summary>Reads the next lines.</summary>
    /// <param name="lines">Whole lines as UTF-8; only the very last line of the file may lack its line break.</param>
    /// <returns>The spans that these lines complete. Only spans that later lines can still change are held back.</returns>
    IReadOnlyList<Span> Read(ReadOnlySpan<byte> lines);

    /// <summary>Ends the file and returns the spans that were held back.</summary>
    IReadOnlyList<Span> Finish();

    /// <summary>A remark for the import report that is not an error; null if there is none. Valid after <see cref="Finish"/>.</summary>
    string? Note { get; }
}
