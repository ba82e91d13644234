using System.Reflection;

namespace DhtTracer.Web.About;

/// <summary>The version of the program, which stands once in <c>Directory.Build.props</c>, and the commit it was built from.</summary>
public static class ProductVersion
{
    private static readonly string[] Parts = Read().Split('+', 2);

    /// <summary>The version: <c>0.1.0</c>.</summary>
    public static string Short => Parts[0];

    /// <summary>The commit, in hexadecimal; null when the program was built outside a repository.</summary>
    public static string? Commit => Parts is [_, { Length: > 0 } commit] ? commit : null;

    private static string Read() =>
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
