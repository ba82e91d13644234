using DhtTracer.TestSupport;

namespace DhtTracer.Truth.Tests;

/// <summary>
/// A folder with what a real node sent and, beside it, a truth that does not come from spans. A few captures of each kind stand in
/// <c>tests/data/KIND/LABEL</c>; all of them in a folder outside the repository, see <see cref="TestFiles.Shared"/>.
/// </summary>
/// <param name="Kind">Such as <c>go</c>, <c>kubo</c> or <c>rust</c>.</param>
/// <param name="Label">Name of the capture.</param>
/// <param name="Path">The folder.</param>
internal sealed record CaptureFolder(string Kind, string Label, string Path)
{
    /// <summary>The captures of a kind that a clone of the repository holds.</summary>
    public static IReadOnlyList<CaptureFolder> InRepository(string kind) => Under(kind, TestFiles.Data(kind));

    /// <summary>All captures of a kind: those of the repository, and the others where they are there.</summary>
    public static IReadOnlyList<CaptureFolder> All(string kind)
    {
        var captures = InRepository(kind).ToDictionary(static capture => capture.Label);
        if (TestFiles.Shared(kind) is { } shared)
        {
            foreach (var capture in Under(kind, shared))
            {
                captures.TryAdd(capture.Label, capture);
            }
        }

        return [.. captures.Values.OrderBy(static capture => capture.Label, StringComparer.Ordinal)];
    }

    /// <summary>Labels of <see cref="All"/>, for theories.</summary>
    public static TheoryData<string> Labels(string kind) => [.. All(kind).Select(static capture => capture.Label)];

    /// <summary>The capture of a label.</summary>
    public static CaptureFolder Of(string kind, string label) => All(kind).Single(capture => capture.Label == label);

    /// <summary>A file of the capture.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Files of the capture by a pattern such as <c>spans.*.pb.gz</c>, in the order of their names.</summary>
    public IEnumerable<string> Files(string pattern) => Directory.GetFiles(Path, pattern).Order(StringComparer.Ordinal);

    private static IReadOnlyList<CaptureFolder> Under(string kind, string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.GetDirectories(folder).Select(path => new CaptureFolder(kind, System.IO.Path.GetFileName(path), path))]
            : [];
}
