using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>The spans above an operation, such as the command, a bitswap session or the resolution of a name.</summary>
/// <param name="Context">The spans above, outermost first.</param>
/// <param name="Command">The span of the command; null when none is above.</param>
internal readonly record struct SpansAbove(ImmutableArray<OperationContext> Context, SpanId? Command)
{
    /// <summary>Most spans above that are kept, the nearest ones; real traces have a dozen.</summary>
    private const int Most = 64;

    /// <summary>Longest text kept from a span, in characters.</summary>
    private const int LongestText = 300;

    /// <summary>Attributes that distinguish spans of the same name, best first.</summary>
    private static readonly string[] Details =
    [
        "url.path",
        "http.target",
        "url.full",
        "Arguments",
        "path",
        "CID",
        "cid",
        "name",
        "key",
        "Key",
    ];

    /// <param name="trace">The trace.</param>
    /// <param name="index">Root of an operation.</param>
    public static SpansAbove Of(TraceSpans trace, int index)
    {
        var above = trace.Ancestors(index).Take(Most).ToList();
        if (above.Count == 0)
        {
            return new SpansAbove([], null);
        }

        above.Reverse();
        SpanId? command = null;
        var context = ImmutableArray.CreateBuilder<OperationContext>(above.Count);
        foreach (var ancestor in above)
        {
            var span = trace[ancestor];
            command ??= IsCommand(span) ? span.SpanId : null;
            context.Add(new OperationContext(span.SpanId, Cut(span.Name), Detail(span)));
        }

        return new SpansAbove(context.MoveToImmutable(), command);
    }

    /// <summary>
    /// Whether the span is a command: a command line, or a request received by a server, such as <c>cmds.routing.findprovs</c>, <c>POST
    /// /api/v0/</c> or <c>GET /ipfs/</c>.
    /// </summary>
    private static bool IsCommand(Span span) =>
        span.Kind == SpanKind.Server
        || span.Name.StartsWith("cmds.", StringComparison.Ordinal)
        || (span.Attributes["http.request.method"] is not null && span.Attributes["url.path"] is not null);

    private static string? Detail(Span span)
    {
        foreach (var name in Details)
        {
            if (span.Attributes[name] is { } value && value.AsString() is { Length: > 0 } text)
            {
                return Cut(text);
            }

            if (span.Strings(name) is { Count: > 0 } texts)
            {
                return Cut(string.Join(' ', texts));
            }
        }

        return null;
    }

    private static string Cut(string text) =>
        text.Length <= LongestText ? text : text[..(LongestText - (char.IsHighSurrogate(text[LongestText - 2]) ? 2 : 1))] + "…";
}
