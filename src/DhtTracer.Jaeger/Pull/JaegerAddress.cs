namespace DhtTracer.Jaeger.Pull;

/// <summary>Where the query service of a Jaeger may answer.</summary>
/// <param name="Name">The address as a checkpoint's key: scheme, host and port in one spelling.</param>
/// <param name="Grpc">Where gRPC may be, or null.</param>
/// <param name="Http">Where HTTP may be, or null.</param>
public sealed record JaegerAddress(string Name, Uri? Grpc, Uri? Http)
{
    /// <summary>Jaeger's port of the query service over gRPC.</summary>
    public const int GrpcPort = 16685;

    /// <summary>Jaeger's port of the query service over HTTP.</summary>
    public const int HttpPort = 16686;

    /// <summary>
    /// Reads <c>jaeger://host[:port]</c>, which means gRPC at that port (16685 when left out), or <c>http[s]://host[:port]</c>, which means
    /// HTTP (16686 when <c>http://</c> comes without a port). Where the port is the usual one, the other protocol is known to be next door.
    /// </summary>
    /// <exception cref="ArgumentException">The text is no such address.</exception>
    public static JaegerAddress Parse(string source)
    {
        if (
            !Uri.TryCreate(source, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0
            || uri.Scheme is not ("jaeger" or "http" or "https")
            || uri.PathAndQuery is not ("/" or "")
            || uri.UserInfo.Length > 0
        )
        {
            throw new ArgumentException(
                $"\"{source}\" is not the address of a Jaeger: write jaeger://host:{GrpcPort} for gRPC or http://host:{HttpPort} for HTTP",
                nameof(source)
            );
        }

        if (uri.Scheme == "jaeger")
        {
            var port = uri.Port == -1 ? GrpcPort : uri.Port;
            return new JaegerAddress(
                $"jaeger://{uri.Host}:{port}",
                At("http", uri, port),
                At("http", uri, port == GrpcPort ? HttpPort : port)
            );
        }

        // "http://host" means Jaeger's own port, but "http://host:80" means 80.
        var written = uri.OriginalString.TrimEnd('/').EndsWith($":{uri.Port}", StringComparison.Ordinal);
        var httpPort = uri.Scheme == "http" && uri.IsDefaultPort && !written ? HttpPort : uri.Port;
        return new JaegerAddress(
            $"{uri.Scheme}://{uri.Host}:{httpPort}",
            httpPort == HttpPort ? At(uri.Scheme, uri, GrpcPort) : null,
            At(uri.Scheme, uri, httpPort)
        );
    }

    private static Uri At(string scheme, Uri uri, int port) =>
        new($"{scheme}://{(uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.DnsSafeHost}]" : uri.Host)}:{port}");
}
