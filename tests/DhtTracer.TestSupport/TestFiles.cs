namespace DhtTracer.TestSupport;

/// <summary>Finds files that tests read.</summary>
public static class TestFiles
{
    /// <summary>Root of the repository.</summary>
    public static string Repository { get; } =
        FindUpwards("DhtTracer.sln")
        ?? throw new InvalidOperationException($"DhtTracer.sln stands in no folder above {AppContext.BaseDirectory}");

    /// <summary>A file or folder under <c>tests/data</c>.</summary>
    public static string Data(params string[] parts) => Path.Combine([Repository, "tests", "data", .. parts]);

    /// <summary>A file or folder under <c>samples</c>.</summary>
    public static string Samples(params string[] parts) => Path.Combine([Repository, "samples", .. parts]);

    /// <summary>
    /// Captures that are too many, or may not be copied, into the repository: under the folder named by <c>DHT_TRACER_SHARED_DATA</c>, else
    /// under the nearest folder <c>shared/data</c> beside or above the clone. Null when there is none.
    /// </summary>
    public static string? Shared(params string[] parts)
    {
        if (SharedRoot is null)
        {
            return null;
        }

        var path = Path.Combine([SharedRoot, .. parts]);
        return Path.Exists(path) ? path : null;
    }

    private static string? SharedRoot { get; } = FindShared();

    private static string? FindShared()
    {
        if (Environment.GetEnvironmentVariable("DHT_TRACER_SHARED_DATA") is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        for (var folder = new DirectoryInfo(Repository).Parent; folder is not null; folder = folder.Parent)
        {
            var data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
            {
                return data;
            }
        }

        return null;
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
