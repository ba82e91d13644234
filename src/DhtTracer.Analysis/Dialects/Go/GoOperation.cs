using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>Builds one operation. What its caller got comes from its own span if that shows it, else from its queries.</summary>
internal sealed class GoOperation(
    TraceSpans trace,
    GoSpanKind[] kinds,
    GoPartition partition,
    QueryId id,
    int root,
    List<Query> queries,
    BackgroundKind? background
)
{
    private readonly Span? _own = root == TraceSpans.None ? null : trace[root];
    private readonly Query _decisive = OperationOfQueries.Decisive(queries);

    public Operation Build()
    {
        var ofQueries = OperationOfQueries.Make(id, queries) with
        {
            Background = background is not null,
            BackgroundKind = background,
            Instance = Instance(),
        };
        if (_own is null)
        {
            return ofQueries;
        }

        var above = SpansAbove.Of(trace, root);
        var start = _own.StartUnixNano;
        ofQueries = ofQueries with
        {
            StartUnixNano = start,
            DurationNs = _own.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(start, _own.EndUnixNano),
            DiscoveryNs = ofQueries.DiscoveryNs is { } discovery
                ? SpanReading.Nanoseconds(start, ofQueries.StartUnixNano) + discovery
                : null,
            Context = above.Context,
            Command = above.Command,
            ParentIsMissing = trace.IsOrphan(root),
            Fates = ofQueries.Type == QueryType.GetProviders ? GoProviderFates.Of(trace, root, queries) : null,
        };
        ofQueries = WithKeys(ofQueries);
        return queries is [var only] && only.Id.SpanId == _own.SpanId
            ? ofQueries
            : WithOwnSpan(ofQueries with { Routers = Routers(start) });
    }

    private string? Instance() =>
        (_own ?? (trace.Find(_decisive.Id.SpanId) is var at and not TraceSpans.None ? trace[at] : trace[0])).Resource.Attributes.GetString(
            "service.instance.id"
        );

    /// <summary>Sets the number of keys. A provide of many keys is one operation, even when a router provides them one by one.</summary>
    private Operation WithKeys(Operation operation) =>
        _own!.Name.EndsWith(".ProvideMany", StringComparison.Ordinal)
            ? _own.Strings("keys") is { Count: var count }
                ? operation with
                {
                    KeyCount = count,
                    Key = count == 1 ? operation.Key : null,
                }
                : operation with
                {
                    KeyCount = null,
                    Key = null,
                }
            : operation;

    /// <summary>Applies the operation's own span. It is above the queries, so it overrides them.</summary>
    private Operation WithOwnSpan(Operation operation)
    {
        if (_own!.EndUnixNano == 0)
        {
            return operation with { Outcome = QueryOutcome.Incomplete, Error = null, Results = null };
        }

        var error = _own.IsError() ? ErrorText.Classify(_own.StatusMessage()) : null;
        var (outcome, results, firstNs) = operation.Type switch
        {
            QueryType.GetProviders => Found("found provider", error, distinct: true),
            QueryType.GetValue => Found("found value", error, distinct: false),
            QueryType.FindPeer => error is null ? (QueryOutcome.Success, 1, FirstEvent("found peer")) : (WithoutResult(error), 0, null),
            QueryType.AddProvider or QueryType.PutValue => (error is null ? QueryOutcome.Success : WithoutResult(error), Stored(), null),
            _ => (operation.Outcome, operation.Results, (long?)null),
        };
        var success = outcome == QueryOutcome.Success;
        return operation with
        {
            Outcome = outcome,
            Error = success ? null : error ?? operation.Error,
            Results = results,
            DiscoveryNs =
                !success ? null
                // A router can answer before the DHT does, and no query shows that.
                : operation.Routers.IsEmpty || firstNs is null ? operation.DiscoveryNs
                : Math.Min(firstNs.Value, operation.DiscoveryNs ?? long.MaxValue),
        };
    }

    /// <summary>
    /// Reads the results that an operation reports while it runs. A span keeps 128 events and drops the oldest; the oldest only says that
    /// streaming began. When the span was cancelled, its last event is a result that could not be delivered.
    /// </summary>
    private (QueryOutcome Outcome, int? Results, long? FirstNs) Found(string name, TraceError? error, bool distinct)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        foreach (var happened in _own!.Events)
        {
            if (happened.Is(name))
            {
                count +=
                    !distinct || (happened.Attributes.GetString("id") is { Length: > 0 } result && seen.Add(PeerText.Canonical(result)))
                        ? 1
                        : 0;
            }
        }

        if (_own.DroppedEventsCount > 0)
        {
            count += (int)Math.Min(int.MaxValue / 2, _own.DroppedEventsCount - 1);
        }

        if (count > 0 && error is { Class: ErrorClass.Cancelled })
        {
            count--;
        }

        if (count > 0)
        {
            return (QueryOutcome.Success, count, FirstEvent(name));
        }

        // The worker of a router reports nothing by itself when the span above it is missing.
        var reports =
            !_own.Name.StartsWith("Compose.", StringComparison.Ordinal) && !_own.Name.EndsWith(".worker", StringComparison.Ordinal);
        return reports || _decisive.Outcome != QueryOutcome.Success
            ? (WithoutResult(error), 0, null)
            : (QueryOutcome.Success, _decisive.Counts.Results, null);
    }

    private long? FirstEvent(string name)
    {
        if (_own!.DroppedEventsCount > 0)
        {
            return null;
        }

        foreach (var happened in _own.Events)
        {
            if (happened.Is(name))
            {
                return SpanReading.Nanoseconds(_own.StartUnixNano, happened.TimeUnixNano);
            }
        }

        return null;
    }

    /// <summary>
    /// The caller gave up, or nothing was found. The library says "routing: not found" for both, so the queries decide: their requests hold
    /// the errors of the caller's context.
    /// </summary>
    private QueryOutcome WithoutResult(TraceError? error)
    {
        var (cancelled, deadline) = (false, false);
        foreach (var line in (error?.Text ?? "").Split('\n'))
        {
            // The dual DHT joins the errors of its sides with a newline.
            cancelled |= ErrorText.IsOfContext(line, out var late);
            deadline |= late;
        }

        var outcomes = queries.Where(static query => !query.Skipped).Select(static query => query.Outcome).ToList();
        return deadline || (!cancelled && outcomes.Contains(QueryOutcome.TimedOut)) ? QueryOutcome.TimedOut
            : cancelled || outcomes.Contains(QueryOutcome.Cancelled) ? QueryOutcome.Cancelled
            : error?.Text is not { } text || text.Contains("not found", StringComparison.Ordinal) ? QueryOutcome.NotFound
            : QueryOutcome.Failed;
    }

    /// <summary>Number of distinct peers that were sent a record.</summary>
    private int? Stored()
    {
        if (queries is [var only])
        {
            return only.Counts.Results;
        }

        var peers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var peer in queries.SelectMany(static query => query.Peers))
        {
            if (
                peer.Requests.Any(static request =>
                    request
                        is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent }
                            or { Type: MessageType.PutValue, Outcome: RequestOutcome.Answered }
                )
            )
            {
                peers.Add(peer.Id);
            }
        }

        return peers.Count;
    }

    private ImmutableArray<OperationRouter> Routers(ulong start)
    {
        var below = new List<int>();
        trace.Collect(root, below, child => partition.Query(child) == TraceSpans.None);
        below.Sort();
        var routers = ImmutableArray.CreateBuilder<OperationRouter>();
        foreach (var index in below)
        {
            var span = trace[index];
            if (kinds[index] == GoSpanKind.None && span.Name.StartsWith("DelegatedHTTPClient.", StringComparison.Ordinal))
            {
                routers.Add(
                    new OperationRouter(
                        span.SpanId,
                        span.Name,
                        SpanReading.Nanoseconds(start, span.StartUnixNano),
                        span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano),
                        span.IsError() ? ErrorText.Classify(span.StatusMessage()) : null
                    )
                );
            }
        }

        return routers.ToImmutable();
    }
}
