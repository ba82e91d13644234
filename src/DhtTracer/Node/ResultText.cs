using System.Text;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>The result of a query as text.</summary>
internal static class ResultText
{
    /// <summary>The results, one line each; empty if there are none.</summary>
    public static string Of(QueryResult result)
    {
        var text = new StringBuilder();
        if (result.Value is { } value)
        {
            text.AppendLine(Value(value));
        }

        foreach (var peer in result.Peers)
        {
            text.AppendLine(peer.Addresses.Count == 0 ? peer.Id.ToString() : $"{peer.Id} {string.Join(' ', peer.Addresses)}");
        }

        return PlainLines(text.ToString());
    }

    /// <summary>Notes, one line each.</summary>
    public static string Of(IEnumerable<string> notes) => string.Concat(notes.Select(note => $"note: {PlainText.Safe(note)}\n"));

    /// <summary>One line: outcome, duration, and reason of a failure.</summary>
    public static string Summary(QueryResult result)
    {
        var error = result.Error is { } failed ? $": {failed.Class}, {failed.Text}" : "";
        return PlainText.Safe(
            $"{Words.Of(result.Type)} {Words.Of(result.Outcome)} in {Duration(result.Duration)}, "
                + $"{result.Results} {(result.Results == 1 ? "result" : "results")}{error}"
        );
    }

    /// <summary>A duration as a person reads it.</summary>
    public static string Duration(TimeSpan duration) => DurationText.Of(duration.Ticks * TimeSpan.NanosecondsPerTick);

    private static string Value(ReadOnlyMemory<byte> value)
    {
        var bytes = value.Span;
        return !bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? Encoding.ASCII.GetString(bytes)
            : "base64:" + Convert.ToBase64String(bytes);
    }

    // Addresses come from strangers, so make them safe for the terminal.
    private static string PlainLines(string text) => string.Join('\n', text.Split('\n').Select(line => PlainText.Safe(line.TrimEnd('\r'))));
}
