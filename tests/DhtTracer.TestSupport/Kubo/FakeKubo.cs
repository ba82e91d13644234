using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>A request that a <see cref="FakeKubo"/> received.</summary>
/// <param name="PathAndQuery">Path and query.</param>
/// <param name="TraceParent">The header <c>traceparent</c>.</param>
/// <param name="Origin">The header <c>Origin</c>.</param>
/// <param name="Body">The body.</param>
public sealed record FakeKuboRequest(string PathAndQuery, string TraceParent, string Origin, string Body);

/// <summary>
/// A stand-in for the RPC API of a Kubo: it replays the answers of a real one line by line in their timing, and refuses what a real one
/// refuses (GET, an Origin, a missing authorization).
/// </summary>
public sealed class FakeKubo : IAsyncDisposable
{
    private const string AccessDenied =
        "Kubo RPC Access Denied: Please provide a valid authorization token as defined in the API.Authorizations configuration.\n";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<FakeKuboRequest> _requests = [];
    private readonly ConcurrentDictionary<string, FakeKuboAnswer> _answers = [];

    private FakeKubo(WebApplication app) => _app = app;

    /// <summary>Its address.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>Peer id that <c>id</c> tells.</summary>
    public string Node { get; init; } = "12D3KooWLWB7w6DvunwCnfg373vhPJdafG4cW3VUA1F6oTciDmpN";

    /// <summary>The header <c>Authorization</c> that every request must have; null for none.</summary>
    public string? Authorization { get; init; }

    /// <summary>The answer to <c>swarm/peers</c>; null refuses it, as an old version refuses its options.</summary>
    public string? SwarmPeers { get; set; }

    /// <summary>Requests so far, those for <c>id</c> and <c>swarm/peers</c> left out.</summary>
    public IReadOnlyCollection<FakeKuboRequest> Requests => _requests;

    /// <summary>Ends when a client has gone away before the end of an answer.</summary>
    public TaskCompletionSource ClientGone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts one on a free port of this machine.</summary>
    public static async Task<FakeKubo> StartAsync(string? authorization = null, string? node = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var fake = node is null
            ? new FakeKubo(app) { Authorization = authorization }
            : new FakeKubo(app) { Authorization = authorization, Node = node };
        app.Run(fake.AnswerAsync);
        await app.StartAsync();
        fake.Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return fake;
    }

    /// <summary>Answers a command, such as <c>routing/findprovs</c>, from now on like this.</summary>
    public void Answer(string command, FakeKuboAnswer answer) => _answers["/api/v0/" + command] = answer;

    /// <summary>Replays a captured command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="faster">How many times faster than it was.</param>
    /// <param name="held">A line that waits for a task; null for none.</param>
    public void Replay(CapturedCommand command, double faster = 1, (int Line, Task Until)? held = null) =>
        _answers[command.PathAndQuery.Split('?')[0]] = new FakeKuboAnswer
        {
            // What ends a stream with an error before its first event is the whole answer of a real one, with status 500.
            Status = command.Status is 500 ? 500 : 200,
            Held = held,
            Lines =
            [
                .. command.Lines.Select(line => (TimeSpan.FromMicroseconds((line.Time - command.Start) / 1000.0 / faster), line.Json)),
            ],
            End = TimeSpan.FromMicroseconds((command.End - command.Start) / 1000.0 / faster),
        };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.Origin.Count > 0)
        {
            await RefuseAsync(context, 403, "403 - Forbidden\n");
        }
        else if (Authorization is { } wanted && request.Headers.Authorization != wanted)
        {
            await RefuseAsync(context, 403, AccessDenied);
        }
        else if (request.Method != "POST")
        {
            await RefuseAsync(context, 405, "405 - Method Not Allowed\n");
        }
        else if (request.Path == "/api/v0/id")
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(
                $$"""{"ID":"{{Node}}","PublicKey":"","Addresses":[],"AgentVersion":"kubo/0.43.1/","Protocols":[]}"""
            );
        }
        else if (request.Path == "/api/v0/swarm/peers" && SwarmPeers is { } peers)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(peers);
        }
        else if (request.Path == "/api/v0/swarm/peers")
        {
            // A version that does not know the options.
            await RefuseAsync(context, 400, "Unrecognized option 'identify'\n");
        }
        else
        {
            using var body = new StreamReader(request.Body);
            _requests.Enqueue(
                new FakeKuboRequest(
                    request.Path + request.QueryString.Value,
                    request.Headers.TraceParent.ToString(),
                    request.Headers.Origin.ToString(),
                    await body.ReadToEndAsync(context.RequestAborted)
                )
            );
            await (
                _answers.TryGetValue(request.Path, out var answer)
                    ? WriteAsync(context, answer)
                    : RefuseAsync(context, 404, "404 page not found\n")
            );
        }
    }

    private async Task WriteAsync(HttpContext context, FakeKuboAnswer answer)
    {
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = "application/json";
            for (var i = 0; i < answer.Lines.Count; i++)
            {
                var (at, line) = answer.Lines[i];
                if (answer.Held is { } held && held.Line == i)
                {
                    await held.Until.WaitAsync(context.RequestAborted);
                }

                await WaitAsync(at);
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }

            await WaitAsync(answer.End);
        }
        catch (OperationCanceledException)
        {
            ClientGone.TrySetResult();
            return;
        }

        if (answer.IsCut)
        {
            context.Abort();
        }

        async Task WaitAsync(TimeSpan until)
        {
            // Shorter waits than a timer can keep are kept by not waiting.
            if (until - TimeProvider.System.GetElapsedTime(start) is { TotalMilliseconds: >= 1 } left)
            {
                await Task.Delay(left, context.RequestAborted);
            }
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text);
    }
}

/// <summary>An answer of a <see cref="FakeKubo"/>.</summary>
public sealed record FakeKuboAnswer
{
    /// <summary>HTTP status.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Lines, each with its time after the request.</summary>
    public IReadOnlyList<(TimeSpan At, string Line)> Lines { get; init; } = [];

    /// <summary>The index of a line that is not sent before a task has ended: a test that looks on needs no timing then. Null for
    /// none.</summary>
    public (int Line, Task Until)? Held { get; init; }

    /// <summary>When the answer ends.</summary>
    public TimeSpan End { get; init; }

    /// <summary>Whether the connection is closed in the middle instead.</summary>
    public bool IsCut { get; init; }

    /// <summary>Lines without waiting.</summary>
    public static FakeKuboAnswer Of(params string[] lines) => new() { Lines = [.. lines.Select(static line => (TimeSpan.Zero, line))] };
}
