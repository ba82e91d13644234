using System.Net;
using System.Net.Sockets;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>The main process with a provider of logins, behind a proxy at 127.0.0.2.</summary>
public sealed class RunningWithProvider : RunningWithKeys, IAsyncLifetime
{
    internal Provider Provider { get; private set; } = null!;

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        Provider = await Provider.StartAsync();
        await InitializeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await Provider.DisposeAsync();
    }

    private protected override ServerOptions Adapt(ServerOptions options) =>
        options with
        {
            Login = false,
            Ports = new Dictionary<PortKind, int?> { [PortKind.Site] = 0 },
            OpenWithoutKey = [],
            PublicUrls = [new Uri("https://traces.example")],
            Proxies = [IPNetwork.Parse("127.0.0.2/32")],
            OpenId = new OpenIdRules
            {
                Authority = Provider.Authority,
                ClientId = Provider.Client,
                ClientSecret = Provider.Secret,
                RoleClaim = "groups",
                Readers = ["staff"],
                Operators = ["dht"],
            },
        };
}

/// <summary>Login at a real provider, and what a proxy says.</summary>
public sealed class ProviderLoginTests(RunningWithProvider running) : IClassFixture<RunningWithProvider>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("staff", "Ann &lt;b&gt; (reader)", false)]
    [InlineData("dht", "Ann &lt;b&gt; (operator)", true)]
    public async Task An_account_with_a_role_is_logged_in(string group, string shown, bool operates)
    {
        running.Provider.Groups = ["other", group];
        using var browser = Browser();
        using var page = await GetAsync(browser, "/login?handler=Provider&next=/ingest");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("/ingest", page.RequestMessage!.RequestUri!.PathAndQuery);
        var text = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.Equal(operates, text.Contains("class=\"upload\"", StringComparison.Ordinal));
        Assert.True(running.Provider.UsedPkce);
    }

    [Fact]
    public async Task An_account_without_a_role_is_told_and_stays_out()
    {
        running.Provider.Groups = ["other"];
        using var browser = Browser();
        using var page = await GetAsync(browser, "/login?handler=Provider&next=/ingest");
        Assert.Equal("/login?failed=true", page.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Contains("no role at this site", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var ingest = await GetAsync(browser, "/ingest");
        Assert.Equal("/login", ingest.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [Fact]
    public async Task An_answer_that_no_browser_asked_for_logs_nobody_in()
    {
        running.Provider.Groups = ["dht"];
        using var browser = Browser();
        using var page = await GetAsync(browser, "/signin-oidc?code=forged&state=forged");
        Assert.Equal("/login?failed=true", page.RequestMessage!.RequestUri!.PathAndQuery);
    }

    [Theory]
    [InlineData("127.0.0.2", "https://traces.example/login?next=%2Fqueries")]
    [InlineData("127.0.0.3", "http://127.0.0.1:PORT/login?next=%2Fqueries")]
    public async Task Only_a_listed_proxy_says_where_a_request_came_in(string from, string expected)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                ConnectCallback = ConnectFrom(IPAddress.Parse(from)),
            }
        );
        var site = running.Host.Address(PortKind.Site)!;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site, "/queries"));
        request.Headers.Add("Accept", "text/html");
        request.Headers.Add("X-Forwarded-Host", "traces.example");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "192.0.2.7");
        using var response = await http.SendAsync(request, Cancel);
        Assert.Equal(expected.Replace("PORT", $"{site.Port}", StringComparison.Ordinal), response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Pages_at_the_public_address_may_send_and_others_may_not()
    {
        foreach (var (origin, allowed) in new[] { ("https://traces.example", true), ("https://traces.example.evil", false) })
        {
            using var response = await running.SendAsync(
                PortKind.Site,
                HttpMethod.Post,
                "/queries?handler=Samples",
                running.Secret(KeyKind.Operator),
                request => request.Headers.Add("Origin", origin)
            );
            Assert.Equal(allowed, response.StatusCode != HttpStatusCode.Forbidden);
        }
    }

    private static HttpClient Browser()
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, CookieContainer = new CookieContainer() });
        http.DefaultRequestHeaders.Add("Accept", "text/html");
        return http;
    }

    private Task<HttpResponseMessage> GetAsync(HttpClient browser, string path) =>
        browser.GetAsync(new Uri(running.Host.Address(PortKind.Site)!, path), Cancel);

    private static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> ConnectFrom(IPAddress from) =>
        async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(from.MapToIPv6(), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        };
}
