namespace DhtTracer.TestSupport;

/// <summary>Finds files that tests read.</summary>
public static class TestFiles
{
    /// <summary>Root of the repository.</summary>
    public static string Repository { get; } = FindUpwards("DhtTracer.sln")
        ?? throw new InvalidOperationException($"DhtTracer.sln stands in no folder above {AppContext.BaseDirectory}");

    /// <summary>A file or folder under <c>tests/data</c>.</summary>
    public static string Data(params string[] parts) => Path.Combine([Repository, "tests", "data", .. parts]);

    /// <summary>A file or folder under <c>samples</c>.</summary>
    public static string Samples(params string[] parts) => Path.Combine([Repository, "samples", .. parts]);

    /// <summary>
    /// Captures that may not be copied into the repository: the folder named by <c>DHT_TRACER_TEST_DATA</c>, else a folder
    /// <c>shared/data</c> beside the clone. Null when there is none.
    /// </summary>
    public static string? Shared(params string[] parts)
    {
        var root = Environment.GetEnvironmentVariable("DHT_TRACER_TEST_DATA");
        if (string.IsNullOrEmpty(root))
        {
            root = Path.Combine(Repository, "..", "shared", "data");
        }

        var path = Path.GetFullPath(Path.Combine([root, .. parts]));
        return Path.Exists(path) ? path : null;
    }

    private static string? FindUpwards(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, file)))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
