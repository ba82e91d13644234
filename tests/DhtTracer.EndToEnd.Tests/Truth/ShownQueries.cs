using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Node;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>The main process in this one, with the node's own export sending to it: what it says of a query went the whole way.</summary>
public sealed class ShownQueries : IAsyncLifetime
{
    public const string Service = "truth";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data = TracerProcess.NewFolder();
    private readonly StringWriter _output = new();
    private TracerHost? _host;
    private SpanExport? _export;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        var open = new[] { PortKind.Site, PortKind.OtlpGrpc };
        var options = new ServerOptions
        {
            DataDirectory = _data,
            Ports = Enum.GetValues<PortKind>().ToDictionary(kind => kind, kind => open.Contains(kind) ? (int?)0 : null),
        };
        _host = await TracerHost.StartAsync(options, _output, TestContext.Current.CancellationToken);
        _export = SpanExport.Start(
            new SpanExportOptions { Endpoint = _host.Address(PortKind.OtlpGrpc), ServiceName = Service },
            Identity.Create().PeerId
        );
        _client = new HttpClient { BaseAddress = _host.Address(PortKind.Site) };
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _export?.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _output.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>Sends all spans that have ended. That they arrived is seen by reading the query.</summary>
    public void Send() => Assert.True(_export!.Flush(Patience), "spans are sent in time");

    /// <summary>The JSON of a query, once its root has been analysed; the root is sent last.</summary>
    public async Task<JsonObject> ReadAsync(ActivityContext query, CancellationToken cancellation)
    {
        var path = new Uri($"/api/v1/queries/{query.TraceId}-{query.SpanId}", UriKind.Relative);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience; )
        {
            using var response = await _client!.GetAsync(path, cancellation);
            if (response.StatusCode != HttpStatusCode.NotFound)
            {
                var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))!.AsObject();
                if (json["outcome"]!.GetValue<string>() != "incomplete")
                {
                    return json;
                }
            }

            await Task.Delay(20, cancellation);
        }

        throw new TimeoutException($"{path} was not analysed within {Patience}");
    }

    /// <summary>Fails when anything shown of a query differs from what happened, and says all that does.</summary>
    internal async Task AssertShownAsync(QueryWitness truth, QueryResult result, string keyText, CancellationToken cancellation)
    {
        var expected = new ExpectedQuery(truth, result, keyText, Service).ToJson();
        var differences = JsonDifference.Of(expected, await ReadAsync(result.Span!.Value, cancellation));
        Assert.True(
            differences.Count == 0,
            $"{truth.Query.Type} {keyText}: {differences.Count} fields differ\n{string.Join('\n', differences.Take(20))}"
        );
    }
}
