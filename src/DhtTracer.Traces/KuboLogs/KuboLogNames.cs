namespace DhtTracer.Traces.KuboLogs;

/// <summary>
/// Names of the spans made from a Kubo's log and from its statistics, see <c>docs/dialects/kubo-log.md</c>. Each line is a span without
/// duration and without a parent. The lines of one minute share a trace.
/// </summary>
public static class KuboLogNames
{
    /// <summary>Instrumentation scope of all these spans.</summary>
    public const string Scope = "dht-tracer/kubo-log";

    /// <summary>Name of the span of a log line.</summary>
    public const string Line = "kubo.log";

    /// <summary>Name of the span of an answer to <c>provide/stat</c> or <c>stats/dht</c>.</summary>
    public const string Statistics = "kubo.stat";

    /// <summary>On a line: <c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</summary>
    public const string Level = "log.level";

    /// <summary>On a line: the logger, such as <c>dht/provider</c>.</summary>
    public const string Logger = "log.logger";

    /// <summary>On a line: its text.</summary>
    public const string Message = "log.message";

    /// <summary>On a line: its fields as a JSON object. Absent if there are none.</summary>
    public const string Fields = "log.fields";

    /// <summary>On a statistic: the RPC command, such as <c>provide/stat</c>.</summary>
    public const string Command = "stat.command";

    /// <summary>On a statistic: the daemon's answer, a JSON object.</summary>
    public const string Answer = "stat.answer";

    /// <summary>The logger of the provide sweep.</summary>
    public const string Provider = "dht/provider";

    /// <summary>The logger that names the peers to which a message could not be sent.</summary>
    public const string Dht = "dht";

    /// <summary>The logger that tells, at level debug, what peers answered to requests for blocks.</summary>
    public const string Bitswap = "bitswap/session";

    /// <summary>The logger that tells, at level debug, why a provider could not be connected.</summary>
    public const string ProviderQueries = "routing/provqrymgr";

    /// <summary>
    /// How a line of <see cref="Bitswap"/> about an answer begins; <c>block</c>, <c>HAVE</c> or <c>DONT_HAVE</c> follows.
    /// </summary>
    public const string BitswapAnswer = "Bitswap <- ";

    /// <summary>How a line of <see cref="ProviderQueries"/> about a failure begins; the peer, a colon and the error follow.</summary>
    public const string ProviderFailure = "failed to connect to provider ";
}
