using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;
using DhtTracer.Web.Access;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace DhtTracer.Tests.Access;

/// <summary>The main process with a certificate.</summary>
public sealed class RunningWithTls : RunningWithKeys
{
    internal MadeCertificate Certificate { get; } = new();

    private protected override ServerOptions Adapt(ServerOptions options) =>
        options with
        {
            TlsFiles = (Certificate.CertificateFile, Certificate.KeyFile),
        };
}

/// <summary>A certificate for localhost, signed by itself, in files.</summary>
internal sealed class MadeCertificate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-tls-").FullName;

    public MadeCertificate() => Make();

    public string CertificateFile => Path.Combine(_folder, "certificate.pem");

    public string KeyFile => Path.Combine(_folder, "key.pem");

    /// <summary>Of the newest one.</summary>
    public string Thumbprint { get; private set; } = "";

    /// <summary>Replaces it by a new one, with a later time of its files.</summary>
    public void Renew()
    {
        Make();
        File.SetLastWriteTimeUtc(CertificateFile, File.GetLastWriteTimeUtc(CertificateFile).AddSeconds(10));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Thumbprint = certificate.Thumbprint;
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}

/// <summary>TLS on the site and the receivers.</summary>
public sealed class TlsTests(RunningWithTls running) : IClassFixture<RunningWithTls>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_port_of_http_but_health_speaks_tls_with_the_certificate_and_nothing_else()
    {
        using var http = new HttpClient(Trusting());
        foreach (var port in PortTable.Main.Where(static port => port.Protocol != PortProtocol.Udp))
        {
            var address = running.Host.Address(port.Kind)!;
            Assert.Equal(port.Kind == PortKind.Health ? "http" : "https", address.Scheme);
            using var request = new HttpRequestMessage(HttpMethod.Get, address)
            {
                Version = port.Protocol == PortProtocol.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await http.SendAsync(request, Cancel);
            Assert.True(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound or HttpStatusCode.OK, port.Name);
            if (port.Kind != PortKind.Health)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() =>
                    http.GetAsync(new UriBuilder(address) { Scheme = "http" }.Uri, Cancel)
                );
            }
        }
    }

    [Fact]
    public async Task The_cookie_of_a_login_is_for_encrypted_connections_only()
    {
        using var http = new HttpClient(Trusting());
        using var response = await http.GetAsync(
            new Uri(running.Host.Address(PortKind.Site)!, $"/login?token={running.Secret(KeyKind.Reader)}"),
            Cancel
        );
        Assert.Contains("secure", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Grpc_works_over_tls_and_the_start_message_says_https()
    {
        using var channel = GrpcChannel.ForAddress(
            running.Host.Address(PortKind.OtlpGrpc)!,
            new GrpcChannelOptions { HttpHandler = Trusting(), Credentials = ChannelCredentials.SecureSsl }
        );
        var answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        Assert.Contains("https://127.0.0.1:", running.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renewed_certificate_is_used_after_a_minute_and_a_broken_file_is_not()
    {
        using var files = new MadeCertificate();
        var clock = new ManualClock();
        var certificate = new TlsCertificate(files.CertificateFile, files.KeyFile, clock);
        var first = files.Thumbprint;
        files.Renew();
        Assert.Equal(first, certificate.Current.TargetCertificate.Thumbprint);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(files.Thumbprint, certificate.Current.TargetCertificate.Thumbprint);
        File.WriteAllText(files.CertificateFile, "half a file");
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(files.Thumbprint, certificate.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Files_that_cannot_be_used_are_told_at_the_start()
    {
        using var files = new MadeCertificate();
        File.WriteAllText(files.KeyFile, "no key");
        var failure = Assert.Throws<CommandFailedException>(() =>
            new TlsCertificate(files.CertificateFile, files.KeyFile, TimeProvider.System)
        );
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains(files.KeyFile, failure.Message, StringComparison.Ordinal);
        Assert.Throws<CommandFailedException>(() => new TlsCertificate("missing.pem", "missing.pem", TimeProvider.System));
    }

    private SocketsHttpHandler Trusting() =>
        new()
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is X509Certificate2 shown && shown.Thumbprint == running.Certificate.Thumbprint,
            },
        };

    private sealed class ManualClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
