namespace DhtTracer.Traces.Thrift;

/// <summary>How Thrift's values are encoded. The port tells which one a sender uses.</summary>
public enum ThriftProtocol
{
    /// <summary>The strict binary protocol: HTTP 14268 and UDP 6832.</summary>
    Binary,

    /// <summary>The compact protocol: UDP 6831.</summary>
    Compact,
}
