using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using DhtTracer.Kademlia.EventLog2019;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Web.About;

namespace DhtTracer.Node;

/// <summary>
/// The 2019 control server on loopback: <c>GET /cmd?q=find-peer+ID</c>, <c>GET /events</c>, <c>GET /version</c>, <c>GET /info/switch</c>.
/// Additions to that contract: <c>/info/node</c> is <c>/info/switch</c> as JSON, and <c>/cmd?q=…&amp;follow=1</c> answers 202 with the id
/// of the query as soon as it runs, so that it can be watched.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly RunningNode _running;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly EventStream _events = new();
    private readonly ConcurrentDictionary<Task, byte> _followed = [];

    /// <summary>Creates the server; <see cref="Map"/> adds it to a port.</summary>
    /// <param name="node">The node that it controls.</param>
    /// <param name="lifetime">Ends the process on the command <c>exit</c>. When the process ends, event streams end.</param>
    public ControlServer(RunningNode node, IHostApplicationLifetime lifetime)
    {
        _running = node;
        _lifetime = lifetime;
        lifetime.ApplicationStopping.Register(_events.Complete);
    }

    /// <summary>Waits for queries that are only watched. The end of the process cancels them.</summary>
    public async ValueTask DisposeAsync()
    {
        _events.Complete();
        await Task.WhenAll(_followed.Keys);
    }

    /// <summary>Maps the server's endpoints.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/version", () => Results.Text($"dht-tracer version {ProductVersion.Short}\n"));
        var node = endpoints.MapGroup("").AddEndpointFilter(WhileRunningAsync);
        node.MapGet("/cmd", (Func<HttpContext, Task<IResult>>)RunCommandAsync);
        endpoints.MapGet("/events", (RequestDelegate)StreamEventsAsync);
        node.MapGet("/info/switch", () => Results.Text(SwitchTable()));
        node.MapGet(
            "/info/node",
            () =>
                Results.Json(
                    new
                    {
                        id = Node.Dht.Id.ToString(),
                        peers = Node.Node.Host.Connections.Select(connection => new
                        {
                            peer = connection.RemotePeer.ToString(),
                            address = connection.RemoteAddress.ToString(),
                            latencyMs = connection.Latency?.TotalMilliseconds,
                        }),
                    }
                )
        );
    }

    private TracedNode Node => _running.Current ?? throw new InvalidOperationException("the node is not running");

    private async ValueTask<object?> WhileRunningAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        _running.Current is null
            ? Results.Text("error: the node is just starting\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : await next(context);

    /// <summary>
    /// The connected peers in the format of 2019: <c>ID connected to 2 peers</c>, then one line per peer with its number, id and latency
    /// (<c>?</c> if not measured yet).
    /// </summary>
    private string SwitchTable()
    {
        var connections = Node.Node.Host.Connections.ToList();
        var table = new StringBuilder($"{Node.Dht.Id} connected to {connections.Count} peers\n");
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
            command = DhtCommand.Parse(context.Request.Query["q"].ToString(), Node.Dht.Options.Validation);
        }
        catch (DhtCommandException exception)
        {
            return Results.Text(exception.Message + "\n", statusCode: StatusCodes.Status400BadRequest);
        }

        switch (command.Name)
        {
            case "exit":
                _lifetime.StopApplication();
                return Results.Text("bye\n");
            case "reset":
                Node.Dht.Reset();
                await Task.WhenAll(Node.Node.Host.Connections.Select(connection => connection.CloseAsync()));
                var answered = await Node.BootstrapAsync(context.RequestAborted);
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

        // ASP.NET Core gives each request an activity that nobody records. A query below it would not be recorded either.
        Activity.Current = null;
        try
        {
            // A watched query may outlive its request, but not the server.
            var run = command.RunAsync(
                Node.Node,
                new QueryOptions { Observers = observers },
                follow ? _lifetime.ApplicationStopping : context.RequestAborted
            );
            if (follow)
            {
                Keep(run);
                if (await Task.WhenAny(run, begun.Query) == run && !begun.Query.IsCompleted)
                {
                    // It failed before it started. Its exception has the reason, and waiting for the start would never end.
                    await run;
                }

                var query = await begun.Query;
                var id = query.Span is { } span ? $"{span.TraceId}-{span.SpanId}" : null;
                return Results.Json(
                    new
                    {
                        id,
                        permalink = Node.Permalink(query.Span),
                        notes = command.Notes,
                    },
                    statusCode: StatusCodes.Status202Accepted
                );
            }

            var result = await run;
            var notes = ResultText.Of(command.Notes);

            // No providers: in 2019 this was an empty list, not an error.
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

    /// <summary>Keeps a query that outlives its request, so that its end is awaited and its failure is seen.</summary>
    private void Keep(Task run)
    {
        foreach (var (ended, _) in _followed.Where(entry => entry.Key.IsCompletedSuccessfully))
        {
            _followed.TryRemove(ended, out _);
        }

        _followed[run] = 0;
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
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _lifetime.ApplicationStopping);
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
            // The reader disconnected, or the server is stopping.
        }
        finally
        {
            _events.Close(reader);
        }
    }

    /// <summary>Waits for events. Sends a comment every 15 seconds to detect dead readers. False if there are no more events.</summary>
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
