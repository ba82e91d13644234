using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace DhtTracer.Web.Api;

/// <summary>Tells pages which queries changed, by server-sent events
/// (https://html.spec.whatwg.org/multipage/server-sent-events.html).</summary>
internal static class EventsApi
{
    /// <summary>Queries named in one event; a page that shows another one has nothing to do.</summary>
    private const int MostNamed = 200;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(20);

    /// <summary>Adds the endpoint.</summary>
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet(
                "/events",
                (
                    [FromServices] TraceStore store,
                    [FromServices] IHostApplicationLifetime lifetime,
                    [FromServices] TimeProvider clock,
                    CancellationToken cancellationToken
                ) => TypedResults.ServerSentEvents(WatchAsync(store, clock, lifetime.ApplicationStopping, cancellationToken))
            )
            .WithName("events")
            .WithSummary(
                "Which queries changed, as server-sent events: `hello` with the stamp of the data, "
                    + "then `changed` with permalinks, or with none when everything may have"
            );

    private static async IAsyncEnumerable<SseItem<string>> WatchAsync(
        TraceStore store,
        TimeProvider clock,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);

        await using var changes = store.Changes.WatchAsync(either.Token).GetAsyncEnumerator(CancellationToken.None);
        var next = changes.MoveNextAsync().AsTask();

        // Watched first and stamped then: a page whose stamp is this one has missed nothing. Any other, such as one that comes back after
        // a break, asks for everything once: what changed in between is not kept.
        yield return new SseItem<string>(store.Changes.Stamp, "hello") { ReconnectionInterval = TimeSpan.FromSeconds(2) };
        while (true)
        {
            bool? more;
            try
            {
                more = await next.WaitAsync(Heartbeat, clock, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                more = null;
            }
            catch (OperationCanceledException)
            {
                yield break;
            }

            switch (more)
            {
                case false:
                    yield break;
                case null:
                    // Finds out that the other side has gone, and keeps proxies from closing.
                    yield return new SseItem<string>("", "still");
                    break;
                default:
                    var change = changes.Current;
                    yield return new SseItem<string>(change.Queries.Count > MostNamed ? "" : string.Join(' ', change.Queries), "changed");
                    next = changes.MoveNextAsync().AsTask();
                    break;
            }
        }
    }
}
