namespace DhtTracer.Jaeger.Pull;

/// <summary>Where the query service of a Jaeger may answer.</summary>
/// <param name="Name">The address as a checkpoint's key: scheme, host, port and path in one spelling.</param>
/// <param name="Grpc">Where gRPC may be, or null.</param>
/// <param name="Http">Where HTTP may be, or null.</param>
public sealed record JaegerAddress(string Name, Uri? Grpc, Uri? Http)
{
    /// <summary>Jaeger's port of the query service over gRPC.</summary>
    public const int GrpcPort = 16685;

    /// <summary>Jaeger's port of the query service over HTTP.</summary>
    public const int HttpPort = 16686;

    /// <summary>
    /// Reads <c>jaeger://host[:port][/path]</c>, which means gRPC at that port (16685 when left out; <c>jaegers://</c> for TLS), or
    /// <c>http[s]://host[:port][/path]</c>, which means HTTP (16686 when <c>http://</c> comes without a port). Where the port is the usual
    /// one, the other protocol is known to be next door.
    /// </summary>
    /// <exception cref="ArgumentException">The text is no such address.</exception>
    public static JaegerAddress Parse(string source)
    {
        if (
            !Uri.TryCreate(source, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0
            || uri.Scheme is not ("jaeger" or "jaegers" or "http" or "https")
            || uri.Query.Length > 0
            || uri.Fragment.Length > 0
            || uri.UserInfo.Length > 0
        )
        {
            throw new ArgumentException(
                $"\"{source}\" is not the address of a Jaeger: write jaeger://host:{GrpcPort} for gRPC (jaegers:// for TLS) "
                    + $"or http://host:{HttpPort} for HTTP, without a user or a query",
                nameof(source)
            );
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        if (uri.Scheme is "jaeger" or "jaegers")
        {
            var port = uri.Port == -1 ? GrpcPort : uri.Port;
            var scheme = uri.Scheme == "jaeger" ? "http" : "https";
            return new JaegerAddress(
                $"{uri.Scheme}://{uri.Host}:{port}{path}",
                At(scheme, uri, port),
                At(scheme, uri, port == GrpcPort ? HttpPort : port)
            );
        }

        // "http://host" means Jaeger's own port, but "http://host:80" means 80.
        var authority = uri.OriginalString.Split("//", 2)[1].Split('/')[0];
        var written = authority.EndsWith($":{uri.Port}", StringComparison.Ordinal);
        var httpPort = uri.Scheme == "http" && uri.IsDefaultPort && !written ? HttpPort : uri.Port;
        return new JaegerAddress(
            $"{uri.Scheme}://{uri.Host}:{httpPort}{path}",
            httpPort == HttpPort ? At(uri.Scheme, uri, GrpcPort) : null,
            At(uri.Scheme, uri, httpPort)
        );
    }

    private static Uri At(string scheme, Uri uri, int port)
    {
        var host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.DnsSafeHost}]" : uri.Host;
        return new($"{scheme}://{host}:{port}{uri.AbsolutePath.TrimEnd('/')}");
    }
}
