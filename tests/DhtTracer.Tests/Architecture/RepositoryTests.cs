using System.Text.RegularExpressions;
using System.Xml.Linq;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>Promises that the repository makes about itself.</summary>
public sealed class RepositoryTests
{
    [Fact]
    public void Every_package_has_its_reason_in_docs_dependencies()
    {
        var reasons = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "dependencies.md"));
        var packages = XDocument
            .Load(Path.Combine(TestFiles.Repository, "Directory.Packages.props"))
            .Descendants()
            .Where(element => element.Name.LocalName is "PackageVersion" or "GlobalPackageReference")
            .Select(element => (string)element.Attribute("Include")!);

        Assert.All(packages, package => Assert.Matches($@"(?<![\w.]){Regex.Escape(package)}(?![\w.]*\w)", reasons));
    }

    [Fact]
    public void Every_package_version_is_exact()
    {
        var versions = XDocument
            .Load(Path.Combine(TestFiles.Repository, "Directory.Packages.props"))
            .Descendants()
            .Where(element => element.Name.LocalName is "PackageVersion" or "GlobalPackageReference")
            .Select(element => (string)element.Attribute("Version")!);

        Assert.All(versions, version => Assert.Matches(@"^\d+\.\d+\.\d+(\.\d+|-beta\.\d+)?$", version));
    }

    [Fact]
    public void Npm_lock_files_name_no_registry()
    {
        var locks = Directory
            .EnumerateFiles(Path.Combine(TestFiles.Repository, "tests"), "package-lock.json", SearchOption.AllDirectories)
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal));

        Assert.All(locks, file => Assert.DoesNotContain("\"resolved\"", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Decisions_are_numbered_without_holes_and_say_their_number()
    {
        var files = Directory
            .EnumerateFiles(Path.Combine(TestFiles.Repository, "docs", "adr"), "*.md")
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.Equal(Enumerable.Range(1, files.Count).Select(number => $"{number:D4}"), files.Select(file => Path.GetFileName(file)[..4]));
        Assert.All(
            files,
            file => Assert.StartsWith($"# {Path.GetFileName(file)[..4]} · ", File.ReadLines(file).First(), StringComparison.Ordinal)
        );
    }
}
