using System.Text;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>A captured command as the spans that a reader of its stream makes.</summary>
public static class CapturedStream
{
    private static readonly SpanId Root = new(0x1234_5678_9abc_def0);

    /// <summary>The operation of a command.</summary>
    public static string Type(CapturedCommand command) =>
        command.PathAndQuery.Split('?')[0] switch
        {
            "/api/v0/routing/findprovs" => "get-providers",
            "/api/v0/routing/findpeer" => "find-peer",
            "/api/v0/routing/get" => "get-value",
            "/api/v0/routing/put" => "put-value",
            "/api/v0/routing/provide" => "add-provider",
            _ => "get-closest-peers",
        };

    /// <summary>The spans of the stream with its times of arrival.</summary>
    public static IReadOnlyList<Span> Spans(CapturedCommand command, TraceId? trace = null)
    {
        var maker = new KuboEventSpans(trace ?? new TraceId(1, (ulong)command.Start), Root, KuboEventSpans.Daemon(command.Node, null));
        var events = new List<Span>();
        string? error = null;
        foreach (var (time, json) in command.Lines)
        {
            if (!KuboLine.TryParse(Encoding.UTF8.GetBytes(json), out var line, out var problem))
            {
                throw new InvalidDataException($"{command.Capture} {command.Label}: {problem}");
            }

            error ??= line.Error;
            if (line.Event is { } happened)
            {
                events.Add(maker.Event(events.Count + 1, (ulong)time, happened));
            }
        }

        var end =
            command.WasKilled ? KuboStreamEnd.Cancelled
            : error is not null ? KuboStreamEnd.Error
            : KuboStreamEnd.Complete;
        List<(string, AttributeValue)> attributes =
        [
            (KuboEventNames.Timed, true),
            (KuboEventNames.Type, Type(command)),
            (KuboEventNames.Key, Key(command)),
            (KuboEventNames.End, Words.Of(end)),
        ];
        if (error is not null)
        {
            attributes.Add((KuboEventNames.Error, error));
        }

        if (Limit(command) is { } limit)
        {
            attributes.Add((KuboEventNames.Timeout, limit));
        }

        return [maker.Root("test", (ulong)command.Start, (ulong)command.End, attributes), .. events];
    }

    /// <summary>The stream as <c>--enc=json</c> prints it into a file.</summary>
    public static byte[] Saved(CapturedCommand command) =>
        Encoding.UTF8.GetBytes(string.Concat(command.Lines.Select(static line => line.Json + "\n")));

    /// <summary>The time limit in the query string, in nanoseconds.</summary>
    public static long? Limit(CapturedCommand command) =>
        command.PathAndQuery.Contains("&timeout=300ms", StringComparison.Ordinal) ? 300_000_000
        : command.PathAndQuery.Contains("&timeout=4s", StringComparison.Ordinal) ? 4_000_000_000
        : command.PathAndQuery.Contains("&timeout=", StringComparison.Ordinal) ? throw new InvalidDataException(command.PathAndQuery)
        : null;

    /// <summary>The argument as the command has it.</summary>
    public static string Key(CapturedCommand command) => Uri.UnescapeDataString(command.PathAndQuery.Split("arg=")[1].Split('&')[0]);
}
