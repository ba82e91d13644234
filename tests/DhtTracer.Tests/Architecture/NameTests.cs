using System.Reflection;

namespace DhtTracer.Tests.Architecture;

/// <summary>No type is named like one that every .NET engineer knows from the framework.</summary>
public sealed class NameTests
{
    /// <summary>Names that stay: what the field calls the thing weighs more.</summary>
    private static readonly string[] Kept =
    [
        "PublicKey", // libp2p's; the framework's belongs to X.509 certificates
        "TraceSource", // known, to be renamed
    ];

    [Theory]
    [MemberData(nameof(FolderTests.Projects), MemberType = typeof(FolderTests))]
    public void No_type_has_a_name_that_the_framework_owns(string project)
    {
        var ours = Assembly
            .Load(project == "DhtTracer" ? "dht-tracer" : project)
            .GetTypes()
            // Generated messages are named by the .proto files of other projects.
            .Where(type => type.Namespace?.Split('.').Last() is not ("Proto" or "Wire"))
            .Where(type =>
                !type.IsNested && !Kept.Contains(type.Name) && type.Namespace?.StartsWith("DhtTracer", StringComparison.Ordinal) == true
            );
        Assert.Empty(
            ours.Where(type => FrameworkNames.Value.ContainsKey(type.Name)).Select(type => $"{type} ~ {FrameworkNames.Value[type.Name]}")
        );
    }

    /// <summary>Names of the public types in System and Microsoft namespaces of the two frameworks that the projects use.</summary>
    private static readonly Lazy<Dictionary<string, string>> FrameworkNames = new(() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => path.Contains("/shared/Microsoft.", StringComparison.Ordinal))
            .SelectMany(path => Assembly.Load(Path.GetFileNameWithoutExtension(path)).GetExportedTypes())
            .Where(type => !type.IsNested)
            .DistinctBy(type => type.Name)
            .ToDictionary(type => type.Name, type => type.FullName!)
    );
}
