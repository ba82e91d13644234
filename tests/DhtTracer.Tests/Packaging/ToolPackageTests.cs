using System.Diagnostics;
using System.Reflection;
using System.Xml.Linq;
using DhtTracer.Hosting.Ports;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Packaging;

/// <summary>
/// The tool is packed and installed as docs/operating.md says, but from what this run has built (<c>--no-build</c>): packing then takes
/// seconds, and what is installed is what the other tests test.
/// </summary>
public sealed class ToolPackageTests : IDisposable
{
    private static readonly string Project = Path.Combine(TestFiles.Repository, "src", "DhtTracer");
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-tool-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_packed_installed_into_an_empty_folder_and_runs()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var packages = Path.Combine(_folder, "packages");
        await SucceedAsync("dotnet", "pack", Project, "--configuration", configuration, "--no-build", "--nologo", "--output", packages);
        var version = XDocument.Load(Path.Combine(TestFiles.Repository, "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Equal($"dht-tracer.{version}.nupkg", Path.GetFileName(Assert.Single(Directory.GetFiles(packages))));

        var tools = Path.Combine(_folder, "tools");
        await SucceedAsync(
            "dotnet",
            ["tool", "install", "dht-tracer", "--version", version, "--tool-path", tools, "--add-source", packages]
        );
        var program = Path.Combine(tools, OperatingSystem.IsWindows() ? "dht-tracer.exe" : "dht-tracer");
        var informational = typeof(PortTable).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        Assert.Equal(informational.InformationalVersion, (await SucceedAsync(program, "--version")).Trim());
        Assert.Contains("import", await SucceedAsync(program, "--help"), StringComparison.Ordinal);

        // The samples and the native library of SQLite are in the package.
        var data = Path.Combine(_folder, "data");
        var sample = Path.Combine(TestFiles.Repository, "samples", "kubo-simulated.otlp.jsonl.gz");
        Assert.StartsWith("1 file: ", await SucceedAsync(program, "import", sample, "--data", data), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(tools, Path.GetFileName(sample), SearchOption.AllDirectories));
    }

    /// <summary>Runs a program in the empty folder, where no project and no NuGet.config of the repository is found.</summary>
    private async Task<string> SucceedAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = _folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                Environment =
                {
                    ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
                    ["DOTNET_NOLOGO"] = "1",
                    ["MSBUILDDISABLENODEREUSE"] = "1",
                },
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        try
        {
            await process.WaitForExitAsync(Cancel);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{await output}{await errors}");
        return await output;
    }
}
