namespace DhtTracer.TestSupport;

/// <summary>
/// What a test needs beyond the SDK. A test calls <c>Assert.SkipUnless(Needs.Chromium is { } path, Needs.Why("chromium"))</c>;
/// with <c>DHT_TRACER_TESTS_REQUIRE_ALL=1</c>, as continuous integration sets, a missing need throws instead, so that nothing is skipped
/// there.
/// </summary>
public static class Needs
{
    /// <summary>Path of a chromium executable, or null.</summary>
    public static string? Chromium =>
        Required("chromium", FirstExisting("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"));

    /// <summary>Path of node, or null.</summary>
    public static string? Node => Required("node", OnPath("node"));

    /// <summary>Folder <c>tests/interop</c> when its npm packages are installed, or null.</summary>
    public static string? Interop
    {
        get
        {
            var folder = Path.Combine(TestFiles.Repository, "tests", "interop");
            return Required(
                "npm packages of tests/interop",
                Node is not null && Directory.Exists(Path.Combine(folder, "node_modules")) ? folder : null
            );
        }
    }

    /// <summary>Folder <c>tests/exporters</c> when its npm packages are installed, or null.</summary>
    public static string? Exporters
    {
        get
        {
            var folder = Path.Combine(TestFiles.Repository, "tests", "exporters");
            return Required(
                "npm packages of tests/exporters",
                Node is not null && Directory.Exists(Path.Combine(folder, "node_modules")) ? folder : null
            );
        }
    }

    /// <summary>
    /// The packed network of Go nodes (<c>testbed-go/bin/network.xz</c> beside the shared captures), when it and <c>xz</c> are there, or
    /// null. Required only where there are shared captures: a plain clone has neither.
    /// </summary>
    public static string? GoNetwork
    {
        get
        {
            if (TestFiles.Shared() is not { } data)
            {
                return null;
            }

            var file = Path.GetFullPath(Path.Combine(data, "..", "testbed-go", "bin", "network.xz"));
            return Required("testbed-go/bin/network.xz, or xz,", File.Exists(file) && OnPath("xz") is not null ? file : null);
        }
    }

    /// <summary>The accessibility rules of axe-core, one script, when the npm packages of <c>tests/browser</c> are installed, or
    /// null.</summary>
    public static string? Axe
    {
        get
        {
            var file = Path.Combine(TestFiles.Repository, "tests", "browser", "node_modules", "axe-core", "axe.min.js");
            return Required("npm packages of tests/browser", File.Exists(file) ? file : null);
        }
    }

    /// <summary>Folder with the programs of a PostgreSQL server, 15 or newer, the newest; or null.</summary>
    public static string? Postgres =>
        Required(
            "PostgreSQL",
            Directory.Exists("/usr/lib/postgresql")
                ? Directory
                    .GetDirectories("/usr/lib/postgresql")
                    .Select(static folder =>
                        (Folder: Path.Combine(folder, "bin"), IsVersion: int.TryParse(Path.GetFileName(folder), out var n), n)
                    )
                    .Where(static version =>
                        version is { IsVersion: true, n: >= 15 } && File.Exists(Path.Combine(version.Folder, "initdb"))
                    )
                    .MaxBy(static version => version.n)
                    .Folder
                : null
        );

    /// <summary>Why a test was skipped.</summary>
    public static string Why(string need) => $"{need} is not installed; .ci/run installs it";

    private static bool RequireAll => Environment.GetEnvironmentVariable("DHT_TRACER_TESTS_REQUIRE_ALL") == "1";

    private static string? Required(string need, string? path) =>
        path is null && RequireAll
            ? throw new InvalidOperationException($"{need} is required by DHT_TRACER_TESTS_REQUIRE_ALL=1 and is not there")
            : path;

    private static string? FirstExisting(params string[] paths) => Array.Find(paths, File.Exists);

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
