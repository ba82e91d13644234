namespace DhtTracer.Traces;

/// <summary>
/// Reads a text format in which every line stands for itself, in pieces: what was read so far is kept between the pieces, so that a file of
/// any size needs little memory. One reader reads one file, once.
/// </summary>
public interface ISpanLineReader
{
    /// <summary>Reads the next lines.</summary>
    /// <param name="lines">Whole lines as UTF-8; only the very last line of the file may lack its line break.</param>
    /// <returns>The spans that are finished with these lines, and no others are kept back but those that later lines add to.</returns>
    IReadOnlyList<Span> Read(ReadOnlySpan<byte> lines);

    /// <summary>The file is over: gives the spans that were still kept back.</summary>
    IReadOnlyList<Span> Finish();

    /// <summary>What a reader of the import's report should know although it is no error; null when there is nothing. Valid after
    /// <see cref="Finish"/>.</summary>
    string? Note { get; }
}
