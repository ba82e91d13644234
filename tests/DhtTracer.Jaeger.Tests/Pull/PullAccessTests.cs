using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DhtTracer.FakeJaeger;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>A Jaeger behind TLS, a token and a path is read over each transport.</summary>
public sealed class PullAccessTests : IDisposable
{
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly string _authority = Path.GetTempFileName();

    public PullAccessTests() => File.WriteAllText(_authority, _certificate.ExportCertificatePem());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificate.Dispose();
        File.Delete(_authority);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(PullTransport.Grpc)]
    [InlineData(PullTransport.GrpcV3)]
    [InlineData(PullTransport.HttpV3)]
    [InlineData(PullTransport.HttpV1)]
    public async Task Tls_with_its_own_authority_a_token_and_a_path(PullTransport transport)
    {
        var traffic = FakeTraffic.Traces(241, 50, PullSetup.NowNano - (2 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
        await using var fake = await StartAsync(traffic, "Bearer secret");
        await using var pulled = await PulledStore.CreateAsync();

        await new PullWorker(
            Options(fake, transport) with
            {
                Access = new JaegerAccess { CaFile = _authority, BearerToken = "secret" },
            },
            pulled.Store,
            pulled.Sink,
            clock: new SkippingClock(PullSetup.Now)
        ).RunAsync(null, Cancel);

        Assert.Equal(50, (await pulled.Store.CountsAsync(Cancel)).Traces);
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(PullTransport.Grpc)]
    [InlineData(PullTransport.HttpV3)]
    public async Task A_wrong_password_ends_a_pull_and_says_so(PullTransport transport)
    {
        await using var fake = await StartAsync([], "Basic " + Convert.ToBase64String("me:right"u8));
        await using var pulled = await PulledStore.CreateAsync();

        var refused = await Assert.ThrowsAsync<PullException>(() =>
            new PullWorker(
                Options(fake, transport) with
                {
                    Access = new JaegerAccess { CaFile = _authority, Basic = "me:wrong" },
                },
                pulled.Store,
                pulled.Sink,
                clock: new SkippingClock(PullSetup.Now)
            ).RunAsync(null, Cancel)
        );

        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = PullSetup.Bound)]
    public async Task A_server_whose_authority_is_not_trusted_is_not_read()
    {
        await using var fake = await StartAsync([], "");
        await using var pulled = await PulledStore.CreateAsync();

        await Assert.ThrowsAsync<PullException>(() =>
            new PullWorker(Options(fake, PullTransport.Grpc), pulled.Store, pulled.Sink, clock: new SkippingClock(PullSetup.Now)).RunAsync(
                null,
                Cancel
            )
        );
    }

    [Theory(Timeout = PullSetup.Bound)]
    [InlineData(PullTransport.Grpc, true)]
    [InlineData(PullTransport.HttpV3, false)]
    public async Task A_server_that_asks_for_a_certificate_is_read_with_it_and_only_with_it(PullTransport transport, bool keyApart)
    {
        using var ours = Certificate();
        var files = Directory.CreateTempSubdirectory();
        try
        {
            var (certificate, key) = (Path.Combine(files.FullName, "own.pem"), keyApart ? Path.Combine(files.FullName, "own.key") : null);
            var keyText = ours.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
            await File.WriteAllTextAsync(certificate, ours.ExportCertificatePem() + (keyApart ? "" : "\n" + keyText), Cancel);
            if (key is not null)
            {
                await File.WriteAllTextAsync(key, keyText, Cancel);
            }

            var traffic = FakeTraffic.Traces(242, 20, PullSetup.NowNano - (2 * PullSetup.Hour), PullSetup.NowNano - PullSetup.Hour, "kubo");
            await using var fake = await PullSetup.StartAsync(
                new FakeJaegerOptions
                {
                    Certificate = _certificate,
                    ClientThumbprint = ours.Thumbprint,
                    PathBase = "/jaeger",
                },
                traffic
            );
            await using var pulled = await PulledStore.CreateAsync();
            var without = new JaegerAccess { CaFile = _authority };
            var with = without with { ClientCertificateFile = certificate, ClientKeyFile = key };

            await Assert.ThrowsAsync<PullException>(() => PullAsync(without));
            Assert.Equal(0, (await pulled.Store.CountsAsync(Cancel)).Traces);
            await PullAsync(with);
            Assert.Equal(20, (await pulled.Store.CountsAsync(Cancel)).Traces);

            Task PullAsync(JaegerAccess access) =>
                new PullWorker(
                    Options(fake, transport) with
                    {
                        Access = access,
                    },
                    pulled.Store,
                    pulled.Sink,
                    clock: new SkippingClock(PullSetup.Now)
                ).RunAsync(null, Cancel);
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    private static PullOptions Options(FakeJaegerServer fake, PullTransport transport) =>
        new()
        {
            Source = transport is PullTransport.Grpc or PullTransport.GrpcV3
                ? $"jaegers://127.0.0.1:{fake.GrpcAddress.Port}/jaeger"
                : $"https://127.0.0.1:{fake.HttpAddress.Port}/jaeger",
            Transport = transport,
            GiveUpAfter = TimeSpan.FromSeconds(30),
        };

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=jaeger.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    private Task<FakeJaegerServer> StartAsync(
        IReadOnlyList<IReadOnlyList<DhtTracer.Traces.Jaeger.Proto.Span>> traffic,
        string authorization
    ) =>
        PullSetup.StartAsync(
            new FakeJaegerOptions
            {
                Certificate = _certificate,
                Authorization = authorization.Length == 0 ? null : authorization,
                PathBase = "/jaeger",
            },
            traffic
        );
}
