using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using DhtTracer.Cli;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.EventLog2019;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace DhtTracer.Node;

/// <summary>
/// The control server of 2019 on loopback: <c>GET /cmd?q=find-peer+ID</c>, <c>GET /events</c>, <c>GET /version</c>,
/// <c>GET /info/switch</c>. Beyond that contract <c>/info/node</c> tells the same as <c>/info/switch</c> in JSON, and
/// <c>/cmd?q=…&amp;follow=1</c> answers 202 with the id of the query as soon as it runs, so that it can be watched.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly TracedNode _node;
    private readonly EventStream _events = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _running = [];
    private readonly WebApplication _app;
    private readonly Action _exit;

    private ControlServer(TracedNode node, Action exit, WebApplication app)
    {
        _node = node;
        _exit = exit;
        _app = app;
    }

    /// <summary>Its address.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Starts to serve.</summary>
    /// <param name="node">The node it controls.</param>
    /// <param name="port">Port on 127.0.0.1; 0 for a free one.</param>
    /// <param name="exit">Called on the command <c>exit</c>. Must not wait for this server, which has yet to answer the command.</param>
    /// <param name="cancellation">Takes the start back.</param>
    /// <exception cref="CommandFailedException">The port is taken.</exception>
    public static async Task<ControlServer> StartAsync(TracedNode node, int port, Action exit, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production }
        );
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = DhtCommand.MaxLength * 3;
            kestrel.Limits.MaxRequestBufferSize = (DhtCommand.MaxLength * 3) + 65_536;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        var server = new ControlServer(node, exit, builder.Build());
        server.Map();
        try
        {
            await server._app.StartAsync(cancellation);
        }
        catch (IOException failure) when (failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await server.DisposeAsync();
            throw new CommandFailedException(
                $"Port {port} (control server) is taken by another program. Stop that, or choose another with --control-port PORT (0 picks a free one, off switches it off).",
                cause: failure
            );
        }

        server.Address = new Uri(
            server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        );
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _events.Complete();
        await _app.DisposeAsync();
        await Task.WhenAll(_running.Keys);
        _stop.Dispose();
    }

    private void Map()
    {
        var origins = new ControlOrigins(_node.Options.ControlOrigins);
        _app.Use((context, next) => origins.CheckAsync(context, next));
        _app.MapGet("/cmd", (Func<HttpContext, Task<IResult>>)RunCommandAsync);
        _app.MapGet("/events", StreamEventsAsync);
        _app.MapGet(
            "/version",
            () => Results.Text($"dht-tracer version {typeof(ControlServer).Assembly.GetName().Version?.ToString(3)}\n")
        );
        _app.MapGet("/info/switch", () => Results.Text(SwitchTable()));
        _app.MapGet(
            "/info/node",
            () =>
                Results.Json(
                    new
                    {
                        id = _node.Dht.Id.ToString(),
                        peers = _node.Node.Host.Connections.Select(connection => new
                        {
                            peer = connection.RemotePeer.ToString(),
                            address = connection.RemoteAddress.ToString(),
                            latencyMs = connection.Latency?.TotalMilliseconds,
                        }),
                    }
                )
        );
    }

    /// <summary>
    /// The connected peers as in 2019: <c>ID connected to 2 peers</c>, then a line a peer with its number, id and latency, <c>?</c> when it
    /// was not measured yet.
    /// </summary>
    private string SwitchTable()
    {
        var connections = _node.Node.Host.Connections.ToList();
        var table = new StringBuilder($"{_node.Dht.Id} connected to {connections.Count} peers\n");
        for (var i = 0; i < connections.Count; i++)
        {
            var latency = connections[i].Latency is { } measured ? ResultText.Duration(measured) : "?";
            table.Append(CultureInfo.InvariantCulture, $"{i} {connections[i].RemotePeer} {latency}\n");
        }

        return table.ToString();
    }

    private async Task<IResult> RunCommandAsync(HttpContext context)
    {
        DhtCommand command;
        try
        {
            command = DhtCommand.Parse(context.Request.Query["q"].ToString(), _node.Dht.Options.Validation);
        }
        catch (DhtCommandException exception)
        {
            return Results.Text(exception.Message + "\n", statusCode: StatusCodes.Status400BadRequest);
        }

        switch (command.Name)
        {
            case "exit":
                _exit();
                return Results.Text("bye\n");
            case "reset":
                _node.Dht.Reset();
                await Task.WhenAll(_node.Node.Host.Connections.Select(connection => connection.CloseAsync()));
                var answered = await _node.BootstrapAsync(context.RequestAborted);
                return Results.Text($"reset, {answered} bootstrap peers answered\n");
            default:
                return await RunQueryAsync(command, context);
        }
    }

    private async Task<IResult> RunQueryAsync(DhtCommand command, HttpContext context)
    {
        var begun = new QueryBegun();
        var observers = _events.HasReaders ? (IReadOnlyList<IQueryObserver>)[begun, new EventLogObserver(_events.Write)] : [begun];
        var follow = context.Request.Query.ContainsKey("follow");
        try
        {
            // A query that is only watched outlives the request that began it, not the server.
            var run = command.RunAsync(
                _node.Node,
                new QueryOptions { Observers = observers },
                follow ? _stop.Token : context.RequestAborted
            );
            if (follow)
            {
                Keep(run);
                if (await Task.WhenAny(run, begun.Query) == run && !begun.Query.IsCompleted)
                {
                    // It failed before it began: its exception says why, and nothing would ever begin.
                    await run;
                }

                var query = await begun.Query;
                var id = query.Span is { } span ? $"{span.TraceId}-{span.SpanId}" : null;
                return Results.Json(
                    new
                    {
                        id,
                        permalink = _node.Permalink(query.Span),
                        notes = command.Notes,
                    },
                    statusCode: StatusCodes.Status202Accepted
                );
            }

            var result = await run;
            var notes = ResultText.Of(command.Notes);

            // Nobody provides it: in 2019 an empty list, and no error.
            return result.Outcome == QueryOutcome.Success || result is { Type: QueryType.GetProviders, Outcome: QueryOutcome.NotFound }
                ? Results.Text(
                    (
                        ResultText.Of(result) is { Length: > 0 } text || result.Type == QueryType.GetProviders
                            ? ResultText.Of(result)
                            : "ok\n"
                    ) + notes
                )
                : Results.Text($"error: {ResultText.Summary(result)}\n{notes}", statusCode: StatusCodes.Status500InternalServerError);
        }
        catch (DhtCommandException exception)
        {
            return Results.Text(exception.Message + "\n", statusCode: StatusCodes.Status400BadRequest);
        }
        catch (InvalidOperationException exception)
        {
            return Results.Text($"error: {exception.Message}\n", statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>Keeps a query that outlives its request, so that its end is awaited and its failure seen.</summary>
    private void Keep(Task run)
    {
        foreach (var (ended, _) in _running.Where(entry => entry.Key.IsCompletedSuccessfully))
        {
            _running.TryRemove(ended, out _);
        }

        _running[run] = 0;
    }

    private async Task StreamEventsAsync(HttpContext context)
    {
        if (_events.Open() is not { } reader)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync($"error: {EventStream.MaxReaders} readers are connected already\n", context.RequestAborted);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        try
        {
            await context.Response.WriteAsync(": dht-tracer\n\n", ended.Token);
            await context.Response.Body.FlushAsync(ended.Token);
            while (await WaitAsync(reader.Reader, context.Response, ended.Token))
            {
                while (reader.Reader.TryRead(out var json))
                {
                    await context.Response.WriteAsync($"data: {json}\n\n", ended.Token);
                }

                await context.Response.Body.FlushAsync(ended.Token);
            }

            await context.Response.WriteAsync(": the reader fell too far behind, events are missing from here\n\n", ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader left, or the server stops.
        }
        finally
        {
            _events.Close(reader);
        }
    }

    /// <summary>Waits for events, with a comment every quarter of a minute so that a dead reader is noticed; false when there are no
    /// more.</summary>
    private static async Task<bool> WaitAsync(
        System.Threading.Channels.ChannelReader<string> reader,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var more = reader.WaitToReadAsync(cancellation).AsTask();
        while (await Task.WhenAny(more, Task.Delay(KeepAlive, cancellation)) != more)
        {
            cancellation.ThrowIfCancellationRequested();
            await response.WriteAsync(": still here\n\n", cancellation);
            await response.Body.FlushAsync(cancellation);
        }

        return await more;
    }
}
