using DhtTracer.TestSupport;

namespace DhtTracer.Truth.Tests.Explain;

/// <summary>A table in <c>docs</c> that a test computes: it stands between two comments.</summary>
internal static class DocumentedTable
{
    /// <summary>Fails when the table of the document is another one; writes it when an environment variable is 1.</summary>
    /// <param name="document">File under <c>docs</c>.</param>
    /// <param name="name">Name of the table: it stands between <c>&lt;!-- name --&gt;</c> and <c>&lt;!-- end of name --&gt;</c>.</param>
    /// <param name="table">The table as computed.</param>
    /// <param name="variable">The environment variable.</param>
    public static void CompareOrWrite(string document, string name, string table, string variable)
    {
        var path = Path.Combine(TestFiles.Repository, "docs", document);
        var text = File.ReadAllText(path);
        var mark = $"<!-- {name} -->";
        var begin = text.IndexOf(mark, StringComparison.Ordinal) + mark.Length;
        var end = text.IndexOf($"<!-- end of {name} -->", StringComparison.Ordinal);
        Assert.True(begin >= mark.Length && end > begin, $"docs/{document} has no {mark} followed by its end");
        if (Environment.GetEnvironmentVariable(variable) == "1")
        {
            File.WriteAllText(path, $"{text[..begin]}\n{table}{text[end..]}");
            return;
        }

        Assert.Equal($"\n{table}", text[begin..end]);
    }
}
