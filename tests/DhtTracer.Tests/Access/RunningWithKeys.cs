using System.Net;
using System.Net.Http.Headers;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>The main process with every port open and keys required.</summary>
public class RunningWithKeys : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-access-").FullName;
    private readonly StringWriter _output = new();
    private readonly Dictionary<KeyKind, string> _secrets = [];

    internal TracerHost Host { get; private set; } = null!;

    internal string Output => _output.ToString();

    internal KeyFile Keys => new(Path.Combine(_folder, KeyFile.DefaultName));

    /// <summary>Follows no redirect and keeps no cookie.</summary>
    internal HttpClient Http { get; } =
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
            }
        );

    public async ValueTask InitializeAsync()
    {
        foreach (var kind in Enum.GetValues<KeyKind>())
        {
            _secrets[kind] = await AddKeyAsync(kind, kind.ToString());
        }

        Host = await TracerHost.StartAsync(
            Adapt(
                new ServerOptions
                {
                    DataDirectory = _folder,
                    Login = true,
                    SiteRate = 100_000,
                    LoginTries = 1_000,
                    Ports = PortTable.Main.ToDictionary(port => port.Kind, _ => (int?)0),
                    CorsOrigins = ["https://app.example"],
                    OpenWithoutKey = ["zipkin"],
                }
            ),
            _output,
            TestContext.Current.CancellationToken
        );
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        await Host.DisposeAsync();
        await _output.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal string Secret(KeyKind kind) => _secrets[kind];

    internal async Task<string> AddKeyAsync(KeyKind kind, string name)
    {
        var id = KeySecret.NewId();
        var secret = KeySecret.Create(id);
        await Keys.UpdateAsync(
            keys =>
                keys.Add(
                    new AccessKey
                    {
                        Id = id,
                        Name = name,
                        Kind = kind,
                        Hash = KeySecret.Hash(secret),
                        Created = TimeProvider.System.GetUtcNow(),
                    }
                ),
            TestContext.Current.CancellationToken
        );
        return secret;
    }

    /// <summary>Sends a request; with a secret as bearer, or without one.</summary>
    internal async Task<HttpResponseMessage> SendAsync(
        PortKind port,
        HttpMethod method,
        string path,
        string? secret = null,
        Action<HttpRequestMessage>? more = null
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(Host.Address(port)!, path));
        if (PortTable.Of(port).Protocol == PortProtocol.Http2)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        if (secret is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }

        more?.Invoke(request);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private protected virtual ServerOptions Adapt(ServerOptions options) => options;
}

/// <summary>The same with limits so low that a test can exceed them.</summary>
public sealed class RunningWithLimits : RunningWithKeys
{
    private protected override ServerOptions Adapt(ServerOptions options) => options with { IngestRate = 1, SiteRate = 1, LoginTries = 30 };
}
