using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.KuboLogs;

/// <summary>
/// Makes the spans of a Kubo's log and statistics. Ids derive from the node, the time and the text, so a line that was streamed and is then
/// imported from a file gives the same span. One instance reads one log.
/// </summary>
/// <param name="node">The daemon's peer id; null when unknown.</param>
/// <param name="version">The daemon's version; null when unknown.</param>
public sealed class KuboLogSpans(string? node, string? version = null)
{
    private const ulong Minute = 60_000_000_000;
    private static readonly InstrumentationScope Scope = new() { Name = KuboLogNames.Scope };
    private readonly Resource _resource = KuboEventSpans.Daemon(node, version);

    /// <summary>How often each line of the current millisecond came: the same text twice is two lines.</summary>
    private readonly Dictionary<string, int> _repeated = new(StringComparer.Ordinal);
    private ulong _time;

    /// <summary>
    /// Lines of the current millisecond. Each starts a nanosecond after the one before, which keeps their order: a line about a send
    /// belongs
    /// to the line about its region that follows.
    /// </summary>
    private ulong _linesOfTime;

    /// <summary>The span of a log line.</summary>
    public Span Of(KuboLogLine line)
    {
        var identity = $"{line.Level}\n{line.Logger}\n{line.Message}\n{line.Fields}";
        if (_time != line.UnixNano)
        {
            _time = line.UnixNano;
            _linesOfTime = 0;
            _repeated.Clear();
        }

        var repeated = _repeated.GetValueOrDefault(identity);
        _repeated[identity] = repeated + 1;
        var attributes = new List<(string, AttributeValue)>(4)
        {
            (KuboLogNames.Level, line.Level),
            (KuboLogNames.Logger, line.Logger),
            (KuboLogNames.Message, line.Message),
        };
        if (line.Fields is { } fields)
        {
            attributes.Add((KuboLogNames.Fields, fields));
        }

        return Make(
            KuboLogNames.Line,
            line.UnixNano,
            string.Create(CultureInfo.InvariantCulture, $"{identity}\n{repeated}"),
            attributes,
            _linesOfTime++
        );
    }

    /// <summary>The span of an answer to a command such as <c>provide/stat</c>.</summary>
    /// <param name="command">The command.</param>
    /// <param name="unixNano">When the answer arrived, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="answer">The answer, JSON text.</param>
    public Span Statistics(string command, ulong unixNano, string answer) =>
        Make(
            KuboLogNames.Statistics,
            unixNano,
            $"{command}\n{answer}",
            [(KuboLogNames.Command, command), (KuboLogNames.Answer, answer)],
            0
        );

    private Span Make(string name, ulong unixNano, string identity, List<(string Key, AttributeValue Value)> attributes, ulong afterNs)
    {
        var trace = Hash(string.Create(CultureInfo.InvariantCulture, $"{KuboLogNames.Scope}\n{node}\n{unixNano / Minute}"));
        var id = Hash(string.Create(CultureInfo.InvariantCulture, $"{name}\n{unixNano}\n{identity}"));
        var spanId = BinaryPrimitives.ReadUInt64BigEndian(id);
        return new Span
        {
            TraceId = TraceId.FromBytes(trace),
            SpanId = new SpanId(spanId == 0 ? 1 : spanId),
            Name = name,
            Kind = SpanKind.Internal,
            StartUnixNano = unixNano + afterNs,
            EndUnixNano = unixNano + afterNs,
            Attributes = AttributeList.Of(attributes),
            Resource = _resource,
            Scope = Scope,
        };
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
