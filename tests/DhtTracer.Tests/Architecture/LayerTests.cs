using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>The house of docs/architecture.md: imports go downward, and the pure floors touch neither files nor clocks.</summary>
public sealed class LayerTests
{
    /// <summary>From the ground up. A project may refer only to projects before it.</summary>
    private static readonly string[] FromGroundUp =
    [
        "DhtTracer.Multiformats",
        "DhtTracer.Conventions",
        "DhtTracer.Libp2p",
        "DhtTracer.Kademlia",
        "DhtTracer.Traces",
        "DhtTracer.Analysis",
        "DhtTracer.Storage",
        "DhtTracer.Storage.Sqlite",
        "DhtTracer.Storage.Postgres",
        "DhtTracer.Ingestion",
        "DhtTracer.Jaeger",
        "DhtTracer.Web",
        "DhtTracer",
    ];

    public static TheoryData<string> Projects => [.. FromGroundUp];

    [Fact]
    public void Every_project_of_src_has_a_floor() =>
        Assert.Empty(
            Directory
                .GetDirectories(Path.Combine(TestFiles.Repository, "src"))
                .Select(folder => Path.GetFileName(folder))
                .Except(FromGroundUp)
        );

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_projects_below_it(string project)
    {
        var file = ProjectFile(project);
        var floor = Array.IndexOf(FromGroundUp, project);
        var references = XDocument
            .Load(file)
            .Descendants("ProjectReference")
            .Select(element => Path.GetFileNameWithoutExtension((string)element.Attribute("Include")!));

        Assert.All(references, reference => Assert.InRange(Array.IndexOf(FromGroundUp, reference), 0, floor - 1));
    }

    [Theory]
    [InlineData("DhtTracer.Traces")]
    [InlineData("DhtTracer.Analysis")]
    public void A_pure_floor_does_no_io_and_reads_no_clock(string project)
    {
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, project + ".dll"));
        using var assembly = new PEReader(stream);
        var metadata = assembly.GetMetadataReader();
        var used = metadata
            .MemberReferences.Select(handle => Name(metadata, metadata.GetMemberReference(handle)))
            .Where(member =>
                member is not null
                && Forbidden.Any(prefix => member.StartsWith(prefix, StringComparison.Ordinal))
                && !member.StartsWith(AddressText, StringComparison.Ordinal)
            );

        Assert.Empty(used);
    }

    /// <summary>Reads and writes addresses as text; nothing of it reaches a network.</summary>
    private const string AddressText = "System.Net.IPAddress.";

    private static readonly string[] Forbidden =
    [
        "System.IO.File.",
        "System.IO.FileInfo.",
        "System.IO.FileStream.",
        "System.IO.Directory.",
        "System.IO.DirectoryInfo.",
        "System.Net.",
        "System.Console.",
        "System.Environment.get_TickCount",
        "System.Environment.GetEnvironmentVariable",
        "System.DateTime.get_Now",
        "System.DateTime.get_UtcNow",
        "System.DateTimeOffset.get_Now",
        "System.DateTimeOffset.get_UtcNow",
        "System.Diagnostics.Stopwatch.",
        "System.TimeProvider.",
        "System.Threading.Thread.Sleep",
        "System.Threading.Tasks.Task.Delay",
        "System.Random.get_Shared",
        "System.Guid.NewGuid",
        "Microsoft.Data.",
        "Dapper.",
    ];

    private static string ProjectFile(string project) => Path.Combine(TestFiles.Repository, "src", project, project + ".csproj");

    private static string? Name(MetadataReader metadata, MemberReference member)
    {
        if (member.Parent.Kind != HandleKind.TypeReference)
        {
            return null;
        }

        var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}.{metadata.GetString(member.Name)}";
    }
}
