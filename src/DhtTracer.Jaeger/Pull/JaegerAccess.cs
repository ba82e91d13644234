using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DhtTracer.Jaeger.Pull;

/// <summary>What a Jaeger, or a proxy before it, asks of who reads: for gRPC and HTTP alike.</summary>
public sealed record JaegerAccess
{
    /// <summary>
    /// File of certificates (PEM) that sign the server's, instead of those that the system trusts; null for the system's.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>File of our certificate (PEM), where the server asks for one; null for none.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>File of its private key (PEM); null when it is in <see cref="ClientCertificateFile"/>.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>Sent as <c>Authorization: Bearer …</c>; null for none.</summary>
    public string? BearerToken { get; init; }

    /// <summary><c>user:password</c>, sent as <c>Authorization: Basic …</c>; null for none.</summary>
    public string? Basic { get; init; }

    /// <summary>Headers sent with each request, such as <c>x-scope-orgid: team</c>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>A handler that connects, authenticates and sends the headers.</summary>
    /// <param name="address">Scheme, host, port, and the path that stands before every request's.</param>
    /// <param name="configure">Sets what the protocol needs.</param>
    /// <exception cref="ArgumentException">A file cannot be read, or a header is not <c>name: value</c>.</exception>
    internal HttpMessageHandler Handler(Uri address, Action<SocketsHttpHandler> configure)
    {
        var sockets = new SocketsHttpHandler
        {
            // A redirect cannot repeat a call, and our own trace context is no business of the server's.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = Tls(),
        };
        configure(sockets);
        return new Prefixing(address.AbsolutePath.TrimEnd('/'), AllHeaders(), sockets);
    }

    /// <summary>Checks files and headers.</summary>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate()
    {
        _ = AllHeaders();
        Tls().ClientCertificateContext?.TargetCertificate.Dispose();
    }

#pragma warning disable MA0015 // What is wrong is a property of this record and no parameter.
    private SslClientAuthenticationOptions Tls()
    {
        var options = new SslClientAuthenticationOptions();
        try
        {
            if (CaFile is { } authorities)
            {
                var trusted = new X509Certificate2Collection();
                trusted.ImportFromPemFile(authorities);
                options.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
            }

            if (ClientCertificateFile is { } own)
            {
                // A context, and not ClientCertificates: of those the runtime sends only what it can chain to an authority that the server
                // names, and this machine need not know that one.
                var others = new X509Certificate2Collection();
                others.ImportFromPemFile(own);
                options.ClientCertificateContext = SslStreamCertificateContext.Create(
                    UsableKey(X509Certificate2.CreateFromPemFile(own, ClientKeyFile)),
                    others,
                    offline: true
                );
            }

            return options;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"A certificate for the Jaeger cannot be read: {e.Message}", e);
        }
    }

    // Windows does TLS with no key that is in memory only.
    private static X509Certificate2 UsableKey(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private List<KeyValuePair<string, string>> AllHeaders()
    {
        var all = new List<KeyValuePair<string, string>> { new("user-agent", "dht-tracer") };
        if (BearerToken is { } token)
        {
            all.Add(new("authorization", $"Bearer {token}"));
        }

        if (Basic is { } basic)
        {
            if (BearerToken is not null || !basic.Contains(':', StringComparison.Ordinal))
            {
                throw new ArgumentException("Basic authorization is user:password, and excludes a bearer token");
            }

            all.Add(new("authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(basic))));
        }

        foreach (var header in Headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            using var probe = new HttpRequestMessage();
            if (colon < 1 || !probe.Headers.TryAddWithoutValidation(header[..colon].Trim(), header[(colon + 1)..].Trim()))
            {
                throw new ArgumentException($"\"{header}\" is not a header: write \"name: value\"");
            }

            all.Add(new(header[..colon].Trim(), header[(colon + 1)..].Trim()));
        }

        return all;
    }
#pragma warning restore MA0015

    private sealed class Prefixing(string path, IReadOnlyList<KeyValuePair<string, string>> headers, HttpMessageHandler inner)
        : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (path.Length > 0 && request.RequestUri is { } uri)
            {
                request.RequestUri = new UriBuilder(uri) { Path = path + uri.AbsolutePath }.Uri;
            }

            foreach (var (name, value) in headers)
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
