using System.Reflection;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>
/// Folders of a project do not import each other in a circle. Folders with the same parent are compared, each with all that lies in
/// it; files directly in the parent stand above them and compose them.
/// </summary>
public sealed partial class FolderTests
{
    public static TheoryData<string> Projects =>
        [.. Directory.GetDirectories(Path.Combine(TestFiles.Repository, "src")).Select(folder => Path.GetFileName(folder))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_folders_of_a_project_import_each_other_in_a_circle(string project)
    {
        var references = FolderReferences.Of(project, Load(project));
        var found = CircularFolders(references);

        Assert.Empty(found.Select(circle => $"{string.Join(" - ", circle)}; {Examples(circle, references)}"));
    }

    [Fact]
    public void References_are_found_in_signatures_and_code()
    {
        var references = FolderReferences.Of("DhtTracer.Libp2p", Load("DhtTracer.Libp2p"));
        Assert.Contains(references, use => (use.FromFile, use.ToFile) == ("Hosting/Libp2pStream.cs", "Yamux/YamuxStream.cs"));
        Assert.Contains(references, use => (use.FromFile, use.ToFile) == ("Hosting/ProtocolTable.cs", "Streams/MultistreamSelect.cs"));
        Assert.DoesNotContain(
            references,
            use => use.FromFile.StartsWith("Streams", StringComparison.Ordinal) && use.ToFile.StartsWith("Yamux", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_circle_that_somebody_plants_is_found()
    {
        FileReference[] sound = [Use("A/X.cs", "B/Y.cs"), Use("B/Y.cs", "C/Z.cs"), Use("Top.cs", "A/X.cs"), Use("C/Z.cs", "Top.cs")];
        Assert.Empty(CircularFolders(sound));
        Assert.Equal(["A", "B", "C"], Assert.Single(CircularFolders([.. sound, Use("C/In/Z.cs", "A/In/X.cs")])));
        Assert.Equal(["A/In", "A/Out"], Assert.Single(CircularFolders([Use("A/In/X.cs", "A/Out/Y.cs"), Use("A/Out/Y.cs", "A/In/X.cs")])));
    }

    public static TheoryData<string> Folders =>
        [
            .. from folder in new[] { "src", "tests", "bench" }
            from project in Directory.GetDirectories(Path.Combine(TestFiles.Repository, folder))
            select Path.GetRelativePath(TestFiles.Repository, project),
        ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Lines_fit_a_screen(string folder)
    {
        var tooLong =
            from file in Directory.EnumerateFiles(Path.Combine(TestFiles.Repository, folder), "*", SearchOption.AllDirectories)
            where Path.GetExtension(file) is ".cs" or ".cshtml" && !BuildOutput().IsMatch(file)
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where line.Text.Length > 140
            select $"{Path.GetRelativePath(TestFiles.Repository, file)}:{line.Number} has {line.Text.Length} columns";

        Assert.Empty(tooLong);
    }

    /// <summary>Such a file often holds a second one. Where it does not, its first comment says "Over 300 lines, because …".</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void A_file_over_300_lines_says_why_it_is_one_file(string project)
    {
        var silent =
            from file in Directory.EnumerateFiles(Path.Combine(TestFiles.Repository, "src", project), "*.cs", SearchOption.AllDirectories)
            where !BuildOutput().IsMatch(file)
            let lines = File.ReadAllLines(file)
            where lines.Length > 300 && !ReasonForLength().IsMatch(string.Join(' ', lines.Take(40)))
            select $"{Path.GetRelativePath(TestFiles.Repository, file)} has {lines.Length} lines";

        Assert.Empty(silent);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Namespaces_are_the_folders(string folder)
    {
        var root = Path.GetDirectoryName(Path.Combine(TestFiles.Repository, folder))!;
        var elsewhere =
            from file in Directory.EnumerateFiles(Path.Combine(TestFiles.Repository, folder), "*.cs", SearchOption.AllDirectories)
            where !BuildOutput().IsMatch(file)
            let declared = NamespaceLine().Match(File.ReadAllText(file))
            let expected = Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.')
            where declared.Success && declared.Groups["name"].Value != expected
            select $"{Path.GetRelativePath(TestFiles.Repository, file)}: {declared.Groups["name"].Value}, want {expected}";

        Assert.Empty(elsewhere);
    }

    /// <summary>One use for each direction in a circle, so that a reader sees where to cut.</summary>
    private static string Examples(IReadOnlyList<string> circle, IEnumerable<FileReference> references) =>
        string.Join(
            ", ",
            references
                .Select(use => (Use: use, Folders: Siblings(use.FromFile, use.ToFile)))
                .Where(item => item.Folders is { } folders && circle.Contains(folders.From) && circle.Contains(folders.To))
                .DistinctBy(item => item.Folders)
                .Select(item => $"{item.Use.FromFile} uses {item.Use.ToFile}")
        );

    private static FileReference Use(string from, string to) => new(from, typeof(object), to, typeof(object));

    /// <summary>The circles among sibling folders, as paths relative to the project.</summary>
    private static IReadOnlyList<IReadOnlyList<string>> CircularFolders(IEnumerable<FileReference> references) =>
        Cycles.Find(references.Select(use => Siblings(use.FromFile, use.ToFile)).OfType<(string, string)>());

    /// <summary>The two folders in which the paths part; null when one of the files lies directly in the common folder.</summary>
    private static (string From, string To)? Siblings(string from, string to)
    {
        string[] x = from.Split('/'),
            y = to.Split('/');
        var common = x.Zip(y).TakeWhile(pair => pair.First == pair.Second).Count();
        return common < x.Length - 1 && common < y.Length - 1
            ? (string.Join('/', x[..(common + 1)]), string.Join('/', y[..(common + 1)]))
            : null;
    }

    private static Assembly Load(string project) => Assembly.Load(project == "DhtTracer" ? "dht-tracer" : project);

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)\s*[;{]", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex NamespaceLine();

    // Comment marks may stand between the words, where a line of the comment is broken.
    [GeneratedRegex(@"[Oo]ver\W+300\W+lines(?::|,\W+because)|longer\W+than\W+300\W+lines\W+because")]
    private static partial Regex ReasonForLength();

    [GeneratedRegex("[/\\\\](bin|obj|node_modules)[/\\\\]")]
    private static partial Regex BuildOutput();
}
