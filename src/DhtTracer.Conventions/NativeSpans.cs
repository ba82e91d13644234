namespace DhtTracer.Conventions;

/// <summary>Names of the spans that the DhtTracer node emits (<c>docs/span-conventions.md</c>).</summary>
public static class NativeSpans
{
    /// <summary>Instrumentation scope of all of them.</summary>
    public const string Scope = "DhtTracer.Kademlia";

    /// <summary>One operation of one DHT instance.</summary>
    public const string Query = "dht.query";

    /// <summary>A peer, from first heard of until nothing more is sent to it.</summary>
    public const string Peer = "dht.peer";

    /// <summary>One attempt to open a connection. As an event of the peer: a connection was already open.</summary>
    public const string Dial = "dht.dial";

    /// <summary>One message sent to a peer.</summary>
    public const string Request = "dht.request";
}

/// <summary>Names of the events on these spans.</summary>
public static class NativeEvents
{
    /// <summary>On the query: a peer was taken from the routing table.</summary>
    public const string Seed = "dht.seed";

    /// <summary>On a request: its answer named a peer that was new to the query.</summary>
    public const string Heard = "dht.heard";

    /// <summary>On a peer: it was sent a request of the same type again.</summary>
    public const string Duplicate = "dht.duplicate";

    /// <summary>On the query: the lookup stopped asking.</summary>
    public const string Terminated = "dht.terminated";
}
