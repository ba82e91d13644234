using System.Globalization;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Builds one query of js-libp2p.</summary>
/// <param name="trace">The trace.</param>
/// <param name="tops">The operation's span, or the spans right below it when it was never exported.</param>
/// <param name="rootId">Id of the operation's span.</param>
/// <param name="type">Its type.</param>
/// <param name="onlyRoot">The only span of the trace without a parent, or <see cref="TraceSpans.None"/>.</param>
internal sealed class JsLibp2pQuery(TraceSpans trace, List<int> tops, SpanId rootId, QueryType type, int onlyRoot)
{
    /// <summary>
    /// Starts come from a clock of whole milliseconds, and ends are start plus a precise duration. So a recorded start can be up to a
    /// millisecond before the end of the answer that caused it.
    /// </summary>
    private const long StartToleranceNs = 1_000_000;

    /// <summary>The operation's span; null when it was never exported.</summary>
    private readonly Span? _root = trace[tops[0]].SpanId == rootId ? trace[tops[0]] : null;

    /// <summary>Reads the message type of a request; null when the attribute is missing or unknown.</summary>
    public static MessageType? MessageTypeOf(Span span) => MessageTypes.Parse(span.Text("message type"));

    public Query Build()
    {
        var members = new List<int>();
        foreach (var top in tops)
        {
            trace.Collect(top, members);
        }

        var start = _root?.StartUnixNano ?? members.Min(member => trace[member].StartUnixNano);
        var wrapper = Wrapper(out var outermost);
        var key = wrapper is null ? null : KeyOf(wrapper);
        var node = PeerText.OrNull(trace[tops[0]].Resource.Attributes.GetString("service.instance.id"));
        var lookup = new LookupBuilder(key?.KadId, node, dialsKnown: false);
        var accepted = _root?.Strings("providers")?.ToHashSet(StringComparer.Ordinal);
        foreach (var member in members)
        {
            if (JsLibp2pDialect.IsRequest(trace[member]))
            {
                AddRequest(lookup, trace[member], start, accepted);
            }
        }

        lookup.HearFromAnswers(StartToleranceNs);
        var traceId = trace[tops[0]].TraceId;
        var outcome = Outcome(out var error);
        var results = new JsLibp2pResults(lookup, trace, members, type, outcome, key?.Key.Text, _root, wrapper);
        return lookup.Build(
            new Query
            {
                Id = new QueryId(traceId, rootId),
                OperationId = new QueryId(traceId, outermost ?? rootId),
                Type = type,
                Key = key?.Key,
                Source = TraceSource.JsLibp2p,
                Service = trace[tops[0]].Resource.ServiceName,
                Node = node,
                StartUnixNano = start,
                DurationNs = _root is { EndUnixNano: not 0 } ? SpanReading.Nanoseconds(start, _root.EndUnixNano) : null,
                Outcome =
                    results.Count == 0 && outcome == QueryOutcome.Success && type == QueryType.GetProviders
                        ? QueryOutcome.NotFound
                        : outcome,
                Error = error,
                DiscoveryNs = results.DiscoveryNs,
                Counts = new QueryCounts { Results = results.Count == 0 && outcome == QueryOutcome.Incomplete ? null : results.Count },
            }
        );
    }

    /// <summary>
    /// The answer's peers, sorted by their number. Jaeger sorts them as text: <c>closer-0 closer-1 closer-10 closer-2</c>.
    /// </summary>
    internal static List<string> Numbered(Span span, string prefix)
    {
        var found = new List<(int Number, string Text)>();
        foreach (var (key, value) in span.Attributes.AsSpan())
        {
            if (
                key.StartsWith(prefix, StringComparison.Ordinal)
                && value.AsString() is { } text
                && int.TryParse(key.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            )
            {
                found.Add((number, text));
            }
        }

        found.Sort(static (left, right) => left.Number.CompareTo(right.Number));
        return found.ConvertAll(static item => item.Text);
    }

    private static void AddRequest(LookupBuilder lookup, Span span, ulong start, HashSet<string>? accepted)
    {
        if (lookup.Peer(span.Text("to")) is not { } peer || MessageTypeOf(span) is not { } message)
        {
            return;
        }

        var closer = Numbered(span, "closer-");
        var providers = Numbered(span, "providers-");

        // Every request has status OK, even a refused or timed-out one. Only the content of an answer shows that one came.
        var answered =
            closer.Count > 0 || providers.Count > 0 || (message == MessageType.AddProvider && accepted?.Contains(peer.Id) == true);
        var request = new RequestDraft(peer, message, SpanReading.Nanoseconds(start, span.StartUnixNano), span.SpanId)
        {
            DurationNs = span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano),
            Outcome = answered ? RequestOutcome.Answered : RequestOutcome.NoAnswer,
            Providers = answered && message == MessageType.GetProviders ? providers.Distinct(StringComparer.Ordinal).Count() : null,
            Closer = answered && message != MessageType.AddProvider ? lookup.Answer(closer) : null,
        };
        lookup.Add(request);
    }

    private QueryOutcome Outcome(out TraceError? error)
    {
        error = null;
        if (_root is not { EndUnixNano: not 0 })
        {
            return QueryOutcome.Incomplete;
        }

        if (!_root.IsError())
        {
            return QueryOutcome.Success;
        }

        var text = _root.StatusMessage() ?? ExceptionText(_root);
        error = ErrorText.Classify(text);
        return error.Class switch
        {
            ErrorClass.NotFound => QueryOutcome.NotFound,
            ErrorClass.Cancelled => QueryOutcome.Cancelled,
            ErrorClass.RequestTimeout or ErrorClass.DialTimeout => QueryOutcome.TimedOut,
            _ => QueryOutcome.Failed,
        };
    }

    private static string? ExceptionText(Span span)
    {
        foreach (var happened in span.Events)
        {
            if (happened.Is("exception"))
            {
                return $"{happened.Attributes.GetString("exception.type")}: {happened.Attributes.GetString("exception.message")}";
            }
        }

        return null;
    }

    /// <summary>
    /// Finds the span above that holds the key, and the outermost span of js-libp2p above. An operation that was never exported has no
    /// known parent, but every span of a trace descends from its root. So if that root is the wrapper of such an operation, it is above
    /// this one.
    /// </summary>
    private Span? Wrapper(out SpanId? outermost)
    {
        outermost = null;
        Span? telling = null;
        var above =
            _root is null && onlyRoot != TraceSpans.None && JsLibp2pDialect.TellsKey(trace[onlyRoot], type)
                ? [onlyRoot]
                : trace.Ancestors(tops[0]);
        foreach (var ancestor in above)
        {
            if (JsLibp2pDialect.IsWrapper(trace[ancestor]))
            {
                outermost = trace[ancestor].SpanId;
                telling ??= JsLibp2pDialect.TellsKey(trace[ancestor], type) ? trace[ancestor] : null;
            }
        }

        return telling;
    }

    private TargetKey? KeyOf(Span wrapper) =>
        type switch
        {
            QueryType.GetProviders or QueryType.AddProvider => TargetKey.OfCid(wrapper.Text("cid")),
            QueryType.FindPeer => TargetKey.OfPeer(wrapper.Text("peer")),
            _ => TargetKey.OfBase36(wrapper.Text("key"), type),
        };
}
