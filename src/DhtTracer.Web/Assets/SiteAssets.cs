using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Assets;

/// <summary>
/// The styles, scripts and pictures of the site, embedded in the assembly. Their address holds a hash of all of them, so a browser
/// keeps them for good and a module's relative imports stay within one version.
/// </summary>
internal sealed class SiteAssets
{
    private const string ResourcePrefix = "assets/";
    private readonly FrozenDictionary<string, Asset> _assets;

    /// <summary>Reads and compresses all assets once, some tens of kilobytes.</summary>
    public SiteAssets()
    {
        var assembly = typeof(SiteAssets).Assembly;
        var files = assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToDictionary(name => name[ResourcePrefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);

        // One style sheet: the files are numbered in the order in which they cascade.
        var styles = files.Where(file => file.Key.EndsWith(".css", StringComparison.Ordinal)).ToList();
        files["site.css"] = [.. styles.SelectMany(file => file.Value)];
        foreach (var (name, _) in styles)
        {
            files.Remove(name);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, bytes) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(bytes);
        }

        Version = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 6));
        _assets = files.ToFrozenDictionary(
            file => file.Key,
            file => new Asset(ContentType(file.Key), file.Value, Compress(file.Value)),
            StringComparer.Ordinal
        );
    }

    /// <summary>Twelve hex digits that change when any asset does.</summary>
    public string Version { get; }

    /// <summary>Text of an embedded file, for exports that must carry their styles with them.</summary>
    public string Text(string name) => Encoding.UTF8.GetString(_assets[name].Plain);

    /// <summary>The address of an asset such as <c>site.css</c> or <c>js/site.js</c>.</summary>
    /// <exception cref="ArgumentException">There is no such asset: a mistake in a page.</exception>
    public string Url(string name) =>
        _assets.ContainsKey(name)
            ? $"/assets/{Version}/{name}"
            : throw new ArgumentException($"the site has no asset '{name}'", nameof(name));

    /// <summary>Serves the assets, and the icon at <c>/favicon.ico</c>.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints
            .MapGet(
                "/assets/{version}/{**name}",
                (string version, string name, HttpContext context) => SendAsync(context, name, version == Version)
            )
            .ExcludeFromDescription();
        endpoints.MapGet("/favicon.ico", (HttpContext context) => SendAsync(context, "favicon.svg", keep: false)).ExcludeFromDescription();
    }

    private async Task SendAsync(HttpContext context, string name, bool keep)
    {
        var response = context.Response;
        if (!_assets.TryGetValue(name, out var asset))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // A page of an older version may still ask for its assets: it gets today's, but does not keep them under the old address.
        response.Headers.CacheControl = keep ? "public, max-age=31536000, immutable" : "public, max-age=300";
        response.Headers.Vary = "Accept-Encoding";
        response.ContentType = asset.ContentType;
        var body = asset.Plain;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "br";
            body = asset.Brotli;
        }

        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream =
            assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly lists the resource '{resource}' and does not hold it");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var brotli = new BrotliStream(target, CompressionLevel.SmallestSize))
        {
            brotli.Write(bytes);
        }

        return target.ToArray();
    }

    private static string ContentType(string name) =>
        Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidOperationException($"no content type is known for the asset '{name}' ({other})"),
        };

    private sealed record Asset(string ContentType, byte[] Plain, byte[] Brotli);
}
