using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Root spans that are no query: requests that are alone in their trace, and the marks that Kubo's provide sweep leaves for each key. Such
/// a request is part of an operation in another trace, or something that the node does for itself.
/// </summary>
internal static class GoMarks
{
    /// <summary>Kubo's service name; <c>OTEL_SERVICE_NAME</c> does not change it.</summary>
    private const string Kubo = "Kubo";

    /// <summary>
    /// Whether Kubo made the span. Kubo's commands have an HTTP span above, so a span of Kubo without a parent is the daemon's own work.
    /// </summary>
    public static bool IsKubo(Span span) => span.Resource.ServiceName == Kubo;

    /// <summary>Counts the marks of a trace and adds its loose parts.</summary>
    public static void Read(TraceSpans trace, GoSpanKind[] kinds, TraceDraft drafts)
    {
        for (var i = 0; i < kinds.Length; i++)
        {
            if (!trace[i].ParentSpanId.IsZero)
            {
                continue;
            }

            switch (kinds[i])
            {
                case GoSpanKind.Message:
                    Message(trace[i], drafts);
                    break;
                case GoSpanKind.Background or GoSpanKind.Context when IsBootstrap(trace[i].Name):
                    drafts.Count(BackgroundKind.Bootstrap);
                    break;
                case GoSpanKind.Method or GoSpanKind.Context when IsProvideMark(trace[i]):
                    drafts.Count(BackgroundKind.ProvideMark);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Whether a query is only the sweep's mark for a key: it has no parent, announces nothing and asks nobody.</summary>
    public static bool IsMark(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts)
    {
        if (parts.Root == TraceSpans.None || parts.Peers.Count > 0)
        {
            return false;
        }

        var top = parts.Root;
        while (trace.Parent(top) is var parent and not TraceSpans.None && kinds[parent] == GoSpanKind.Context)
        {
            top = parent;
        }

        return trace[top].ParentSpanId.IsZero && IsProvideMark(trace[top]);
    }

    /// <summary>Whether the name is of a bootstrap, of any router.</summary>
    public static bool IsBootstrap(string name) => name.EndsWith(".Bootstrap", StringComparison.Ordinal);

    /// <summary>Whether the span is the mark of the sweep, if it has no parent.</summary>
    public static bool IsProvideMark(Span span) =>
        IsKubo(span) && span.Name.EndsWith(".Provide", StringComparison.Ordinal) && span.Boolean("announce") == false;

    private static void Message(Span span, TraceDraft drafts)
    {
        switch (GoSpans.Message(span))
        {
            // A peer is asked for its own id before it enters the routing table. A crawl asks for ids of many buckets.
            case MessageType.FindNode:
                drafts.Count(span.Text("to") is { } to && to == span.Text("key") ? BackgroundKind.Probe : BackgroundKind.Crawl);
                break;
            case MessageType.Ping:
                drafts.Count(BackgroundKind.Probe);
                break;
            case MessageType.AddProvider
                when span.Text("to") is { } peer && GoKeys.OfMessage(span, GoSpanKind.Message, QueryType.AddProvider) is { } key:
                drafts.Add(Part(span, MessageType.AddProvider, peer, key.Key.Bytes));
                break;
            case MessageType.PutValue when span.Text("to") is { } peer && GoRecord.Key(span.Text("record")) is { Length: > 0 } key:
                drafts.Add(Part(span, MessageType.PutValue, peer, Convert.ToHexStringLower(key)));
                break;
            default:
                break;
        }
    }

    private static LoosePart Part(Span span, MessageType type, string peer, string keyBytes)
    {
        var failure = span.IsError() ? GoRequests.Failure(span.StatusMessage()) : ((RequestOutcome Outcome, TraceError Error)?)null;
        var instance = span.Resource.Attributes.GetString("service.instance.id");
        return new LoosePart
        {
            Id = new QueryId(span.TraceId, span.SpanId),
            Type = type,
            KeyBytes = keyBytes,
            Peer = PeerText.Canonical(peer),
            Service = span.Resource.ServiceName,
            Instance = instance,
            Node = PeerText.OrNull(instance),
            StartUnixNano = span.StartUnixNano,
            DurationNs = span.EndUnixNano == 0 ? null : SpanReading.Nanoseconds(span.StartUnixNano, span.EndUnixNano),
            Outcome =
                span.EndUnixNano == 0 ? RequestOutcome.NoAnswer
                : failure is { } failed ? failed.Outcome
                : type == MessageType.AddProvider ? RequestOutcome.Sent
                : RequestOutcome.Answered,
            Error = failure?.Error,
        };
    }
}
