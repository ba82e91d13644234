using System.Text.RegularExpressions;

namespace DhtTracer.Jaeger.Tests.Pull;

public class NamedTestsTests
{
    [Fact]
    public void Every_test_that_the_documentation_names_exists()
    {
        var documentation = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "jaeger.md"));
        var named = Regex
            .Matches(documentation, @"`(\w+Tests)\.(\w+)`")
            .Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value))
            .Distinct()
            .ToList();
        Assert.True(named.Count > 20);
        var sources = Directory
            .EnumerateFiles(Path.Combine(TestFiles.Repository, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(Path.GetFileNameWithoutExtension);
        Assert.All(
            named,
            test =>
                Assert.Contains(sources[test.Class], file => File.ReadAllText(file).Contains($" {test.Method}(", StringComparison.Ordinal))
        );
    }
}
