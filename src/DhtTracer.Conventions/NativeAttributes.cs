namespace DhtTracer.Conventions;

// docs/span-conventions.md has the same list, with the meaning and type of each attribute, and when it is absent.
#pragma warning disable CS1591

/// <summary>Names of the attributes that the DhtTracer node writes (<c>docs/span-conventions.md</c> explains each).</summary>
public static class NativeAttributes
{
    public const string Alpha = "dht.alpha";
    public const string Beta = "dht.beta";
    public const string CloserPeers = "dht.closer_peers";
    public const string DialAddress = "dht.dial.address";
    public const string DialAddressesTried = "dht.dial.addresses_tried";
    public const string DialReused = "dht.dial.reused";
    public const string ErrorClass = "dht.error.class";
    public const string ErrorText = "dht.error.text";
    public const string K = "dht.k";
    public const string Key = "dht.key";
    public const string KeyText = "dht.key.text";
    public const string MessageType = "dht.message.type";
    public const string Node = "dht.node";
    public const string PeerAddresses = "dht.peer.addresses";
    public const string PeerAgent = "dht.peer.agent";
    public const string PeerDuplicate = "dht.peer.duplicate";
    public const string PeerHops = "dht.peer.hops";
    public const string PeerId = "dht.peer.id";
    public const string PeerOrder = "dht.peer.order";
    public const string PeerProtocols = "dht.peer.protocols";
    public const string PeerReferrer = "dht.peer.referrer";
    public const string PeerState = "dht.peer.state";
    public const string PeerXor = "dht.peer.xor";
    public const string Protocol = "dht.protocol";
    public const string ProviderPeers = "dht.provider_peers";
    public const string QueryBackground = "dht.query.background";
    public const string QueryDiscoveryNs = "dht.query.discovery_ns";
    public const string QueryLocal = "dht.query.local";
    public const string QueryOutcome = "dht.query.outcome";
    public const string QueryResults = "dht.query.results";
    public const string QueryTermination = "dht.query.termination";
    public const string QueryType = "dht.query.type";
    public const string Record = "dht.record";
    public const string RecordValid = "dht.record.valid";
    public const string RequestFollowup = "dht.request.followup";
    public const string RequestOutcome = "dht.request.outcome";
    public const string Result = "dht.result";
    public const string RoutingTableSize = "dht.routing_table.size";
}
