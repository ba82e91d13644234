using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Text;

/// <summary>Wording for the values of the vocabulary, the same as in JSON where a reader may type them into a search.</summary>
internal static class Wording
{
    /// <summary>The type of a query: <c>get-providers</c>.</summary>
    public static string Of(QueryType type) => Words.Shown(type);

    /// <summary>Whose spans: <c>go-libp2p-kad-dht</c>.</summary>
    public static string Of(TraceSource source) => source == TraceSource.EventLog2019 ? "2019 event log" : Words.Of(source);

    /// <summary>An outcome: <c>not found</c>.</summary>
    public static string Of(QueryOutcome outcome) => OfName(Words.Of(outcome));

    /// <summary>A name of one of the vocabularies, such as an error class, as readers see it: <c>dial-timeout</c> is "dial
    /// timeout".</summary>
    public static string OfName(string name) => name.Replace('-', ' ');

    /// <summary>Which DHT of a dual node: <c>WAN</c>.</summary>
    public static string Of(DhtSide side) => Words.Of(side).ToUpperInvariant();

    /// <summary>The classes that colour an outcome's mark.</summary>
    public static string Class(QueryOutcome outcome) =>
        outcome switch
        {
            QueryOutcome.Success => "ok",
            QueryOutcome.NotFound => "muted",
            QueryOutcome.Failed or QueryOutcome.TimedOut => "bad",
            QueryOutcome.Cancelled => "warn",
            _ => "muted open",
        };

    /// <summary>A filter of rows.</summary>
    public static string Of(PeerFilter filter) =>
        filter switch
        {
            PeerFilter.All => "all",
            PeerFilter.Contacted => "contacted",
            PeerFilter.Completed => "answered",
            PeerFilter.Failed => "failed",
            PeerFilter.Unfinished => "no answer",
            PeerFilter.Cancelled => "cut off",
            PeerFilter.Sent => "sent",
            PeerFilter.Unknown => "unknown",
            _ => "not queried",
        };
}
