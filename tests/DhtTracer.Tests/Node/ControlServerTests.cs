using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Hosting;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Records;
using DhtTracer.Node;

namespace DhtTracer.Tests.Node;

/// <summary>The control server of 2019 over HTTP, in front of a node in a small local network.</summary>
public sealed class ControlServerTests(SmallNetwork fixture) : IClassFixture<SmallNetwork>, IAsyncLifetime
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly LocalNetwork _network = fixture.Network;
    private NodeHost _host = null!;
    private TracedNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await NodeHost.StartAsync(
            new NodeOptions
            {
                Listen = ["/ip4/127.0.0.1/tcp/0"],
                Bootstrap = _network.BootstrapPeers,
                Export = new SpanExportOptions { Enabled = false },
                ControlPort = 0,
                ControlOrigins = ["https://trace.example"],
            },
            TextWriter.Null,
            default
        );
        _node = _host.Node;
        await _node.BootstrapAsync(default);
        _http.BaseAddress = _host.Control;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _http.Dispose();
    }

    [Theory]
    [InlineData("+")]
    [InlineData("%20")]
    public async Task Find_peer_answers_with_the_peers_address(string space)
    {
        var wanted = _network.Nodes[5].Peer;
        Assert.Equal($"{wanted.Id} {wanted.Addresses[0]}\n", await _http.GetStringAsync($"/cmd?q=find-peer{space}{wanted.Id}"));
    }

    [Fact]
    public async Task A_value_put_is_got_and_may_hold_spaces()
    {
        await _http.GetStringAsync("/cmd?q=put-value+/v/greeting+'hello+to+you'");
        Assert.StartsWith("hello to you\n", await _http.GetStringAsync("/cmd?q=get-value+/v/greeting"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v/'a+b'", "/v/a b")]
    [InlineData("%22/v/c+d%22", "/v/c d")]
    [InlineData("/v/e%5C+f", "/v/e f")]
    [InlineData("hex:2f762f00ff", "hex:2f762f00ff")]
    public async Task A_value_is_stored_under_exactly_the_key_that_was_quoted(string written, string key)
    {
        await _http.GetStringAsync($"/cmd?q=put-value+{written}+x");
        byte[] bytes = key.StartsWith("hex:", StringComparison.Ordinal)
            ? Convert.FromHexString(key[4..])
            : System.Text.Encoding.UTF8.GetBytes(key);
        Assert.Equal("x"u8.ToArray(), _node.Dht.Values.Get(bytes)!.Value.ToArray());
        Assert.Contains(_network.Nodes, node => node.Node.Dht.Values.Get(bytes) is not null);
        Assert.StartsWith("x\n", await _http.GetStringAsync($"/cmd?q=get-value+{written}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_of_2019_works_and_says_under_which_key()
    {
        var put = await _http.GetStringAsync("/cmd?q=put-value+foo+bar");
        Assert.EndsWith("note: the key foo has no namespace: the record's key is /v/foo\n", put, StringComparison.Ordinal);
        Assert.StartsWith("bar\n", await _http.GetStringAsync("/cmd?q=get-value+foo"), StringComparison.Ordinal);
        Assert.StartsWith("bar\n", await _http.GetStringAsync("/cmd?q=get-value+/v/foo"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_above_16_KiB_is_put_with_a_warning()
    {
        var put = await _http.GetStringAsync($"/cmd?q=put-value+/v/large+{new string('a', 17_000)}");
        Assert.Contains("nodes of rust-libp2p take at most 16384", put, StringComparison.Ordinal);
        Assert.DoesNotContain("note:", await _http.GetStringAsync("/cmd?q=put-value+/v/small+a"), StringComparison.Ordinal);
        var followed = JsonNode.Parse(await _http.GetStringAsync($"/cmd?follow=1&q=put-value+/v/large+{new string('a', 17_000)}"))!;
        Assert.Contains("16384", (string)Assert.Single(followed["notes"]!.AsArray())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_added_is_found_at_this_node_by_another()
    {
        const string Content = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
        await _http.GetStringAsync($"/cmd?q=add-provider+{Content}");
        var found = await _network.Nodes[2].Node.Dht.GetProvidersAsync(Multiformats.Cid.Parse(Content));
        Assert.Equal(_node.Dht.Id, Assert.Single(found.Peers).Id);
    }

    [Fact]
    public async Task The_nodes_own_name_is_published_as_a_signed_record()
    {
        await _http.GetStringAsync($"/cmd?q=put-value+/ipns/{_node.Dht.Id}+/ipfs/bafkqaaa");
        var record = await _network.Nodes[3].Node.Dht.GetValueAsync(Multiformats.RecordKey.ForIpns(_node.Dht.Id));
        Assert.Null(IpnsRecord.TryRead(_node.Dht.Id, record.Value!.Value.Span, out var read));
        Assert.Equal("/ipfs/bafkqaaa"u8.ToArray(), read!.Value.ToArray());
    }

    [Theory]
    [InlineData("", "unknown command")]
    [InlineData("fly", "unknown command")]
    [InlineData("find-peer", "takes PEER")]
    [InlineData("find-peer+nobody", "no peer id")]
    [InlineData("get-providers+x", "no CID")]
    [InlineData("get-value+/x", "no record key")]
    [InlineData("get-value+bafkqaaa", "no record key")]
    [InlineData("get-value+hex:0", "not hexadecimal")]
    [InlineData("put-value+/v/a+b+x", "quote what holds spaces")]
    [InlineData("put-value+'/v/a+b+x", "is not closed")]
    [InlineData("put-value+/v/a+x%5C", "ends with a backslash")]
    [InlineData("put-value+hex:0011ff+x", "no namespace of")]
    [InlineData("get-providers+hex:0011ff", "no multihash")]
    [InlineData("put-value+/v/x", "takes KEY VALUE")]
    [InlineData("put-value+/v/x+bad", "says that it is bad")]
    [InlineData("put-value+/v/x+base64:***", "not base64")]
    [InlineData("reset+now", "takes no argument")]
    public async Task A_bad_command_is_a_400_that_says_why(string command, string says)
    {
        using var response = await _http.GetAsync($"/cmd?q={command}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_command_is_a_500_that_begins_with_error()
    {
        using var response = await _http.GetAsync("/cmd?q=get-value+/v/nobody");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.StartsWith("error: get-value not-found", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_a_query_are_streamed_as_server_sent_events()
    {
        using var response = await _http.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": dht-tracer", await lines.ReadLineAsync());
        await _http.GetStringAsync($"/cmd?q=find-peer+{_network.Nodes[6].Peer.Id}");

        var names = new List<string>();
        while (names.Count == 0 || names[^1] != "dhtQueryRunner.Run.End")
        {
            var line = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
            if (line!.StartsWith("data: ", StringComparison.Ordinal))
            {
                names.Add((string)JsonNode.Parse(line[6..])!["event"]!);
            }
        }

        Assert.Equal("dhtQueryRunner.Run.Start", names[0]);
        Assert.Contains("dhtQueryRunner.queryPeer.Result", names);
    }

    [Fact]
    public async Task A_followed_query_is_answered_as_soon_as_it_runs()
    {
        using var response = await _http.GetAsync($"/cmd?follow=1&q=find-peer+{_network.Nodes[6].Peer.Id}");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Version_and_switch_tell_about_the_node()
    {
        Assert.Matches(@"^dht-tracer version \d+\.\d+\.\d+\n$", await _http.GetStringAsync("/version"));
        using var response = await _http.GetAsync("/info/switch");
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal($"{_node.Dht.Id} connected to {lines.Length - 1} peers", lines[0]);
        Assert.Contains(_network.Nodes[0].Peer.Id.ToString(), lines[1..].Select(line => line.Split(' ')[1]));
        Assert.All(lines[1..].Index(), line => Assert.Matches($@"^{line.Index} \w+ (\?|[\d.]+m?s)$", line.Item));
    }

    [Fact]
    public async Task Reset_forgets_and_bootstraps_again()
    {
        await _http.GetStringAsync("/cmd?q=put-value+/v/a+1");
        Assert.StartsWith("reset", await _http.GetStringAsync("/cmd?q=reset"), StringComparison.Ordinal);
        Assert.Equal(0, _node.Dht.Values.Count);
        Assert.True(_node.Dht.RoutingTable.Count > 0);
    }

    [Fact]
    public async Task Exit_ends_the_node()
    {
        Assert.Equal("bye\n", await _http.GetStringAsync("/cmd?q=exit"));
        Assert.True(_host.Stopping.IsCancellationRequested);
    }

    [Theory]
    [InlineData("http://localhost:3000", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1:5080", HttpStatusCode.OK)]
    [InlineData("http://lvh.me:3000", HttpStatusCode.OK)]
    [InlineData("http://evil.lvh.me.example", HttpStatusCode.Forbidden)]
    [InlineData("https://trace.example", HttpStatusCode.OK)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    public async Task Only_pages_of_this_machine_and_named_origins_may_use_it(string origin, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/version");
        request.Headers.Add("Origin", origin);
        using var response = await _http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(
            status == HttpStatusCode.OK ? [origin] : [],
            response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed : []
        );
    }

    [Fact]
    public async Task The_default_endpoint_of_the_web_app_of_2019_is_served()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/version");
        request.Headers.Host = $"lvh.me:{_http.BaseAddress!.Port}";
        request.Headers.Add("Origin", "http://localhost:3000");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Providers_that_nobody_has_are_an_empty_answer()
    {
        // Others of these tests share the network and provide something.
        var content = Multiformats.Cid.CreateV1(Multiformats.Cid.Raw, Multiformats.Multihash.OfSha256("of nobody"u8));
        using var response = await _http.GetAsync($"/cmd?q=get-providers+{content}");
        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("Host", "rebound.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    public async Task A_rebound_name_or_an_image_on_a_foreign_page_is_refused(string header, string value, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/cmd?q=exit");
        request.Headers.TryAddWithoutValidation(header, value);
        using var response = await _http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        Assert.False(_host.Stopping.IsCancellationRequested);
    }
}

/// <summary>Eight nodes for all tests of a class.</summary>
public sealed class SmallNetwork : IAsyncLifetime
{
    internal LocalNetwork Network { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Network = await LocalNetwork.StartAsync(new LocalNetworkOptions { Count = 8 });

    public ValueTask DisposeAsync() => Network.DisposeAsync();
}
