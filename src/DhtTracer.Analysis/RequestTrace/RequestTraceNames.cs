namespace DhtTracer.Analysis.RequestTrace;

/// <summary>Words of the format IPFS Request Trace, <c>docs/request-trace.md</c>.</summary>
public static class RequestTraceNames
{
    /// <summary>The format's name as readers know it.</summary>
    public const string Title = "IPFS Request Trace";

    /// <summary>The value of the member <c>format</c>.</summary>
    public const string Format = "ipfs-request-trace";

    /// <summary>The version that is written. Every 1.x is read.</summary>
    public const string Version = "1.0";

    /// <summary>The file name's extension.</summary>
    public const string Extension = "request-trace.json";

    /// <summary>Instrumentation scope of the spans that a file becomes.</summary>
    internal const string Scope = "ipfs-request-trace";

    /// <summary>Attribute of a span: the JSON of a request, without its lookups.</summary>
    internal const string Request = "request_trace.request";

    /// <summary>Attribute of a span: the JSON of a lookup, without its peers.</summary>
    internal const string Lookup = "request_trace.lookup";

    /// <summary>Attribute of a lookup's span: how many peers it has.</summary>
    internal const string Peers = "request_trace.peers";

    /// <summary>Attribute of a span: the JSON of a peer.</summary>
    internal const string Peer = "request_trace.peer";

    /// <summary>Attribute of a peer's span: its place among the peers of the lookup, from 0.</summary>
    internal const string Number = "request_trace.number";
}
