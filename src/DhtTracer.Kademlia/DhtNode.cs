using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Kademlia.Server;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// A node of a Kademlia DHT: its routing table, its stores, the answers it gives, and the queries it makes. Each query is traced
/// (<c>docs/span-conventions.md</c>). Thread-safe. Over 300 lines, because it is all that a caller sees of a node: a documented method for
/// each operation.
/// </summary>
public sealed class DhtNode : IAsyncDisposable
{
    private readonly IDhtNetwork _network;
    private readonly TimeProvider _time;
    private readonly RecordValidator _validator;
    private readonly RoutingTableUpkeep _upkeep;
    private readonly QueryExecutor _queries;
    private readonly Reannouncer _provided;
    private readonly Reannouncer _stored;
    private readonly CancellationTokenSource _stop = new();
    private Task? _maintenance;

    /// <summary>Creates a node on a network. It can query immediately; it refreshes itself after <see cref="Start"/>.</summary>
    /// <param name="network">Connections to other peers.</param>
    /// <param name="options">Options.</param>
    /// <param name="time">The clock; null for the system clock.</param>
    /// <param name="validator">Validates value records; null for the validator chosen by <see cref="DhtOptions.Validation"/>.</param>
    /// <exception cref="DhtOptionsException">An option is out of range.</exception>
    public DhtNode(IDhtNetwork network, DhtOptions? options = null, TimeProvider? time = null, RecordValidator? validator = null)
    {
        Options = options ?? new DhtOptions();
        Options.Validate();
        _network = network;
        _time = time ?? TimeProvider.System;
        var acceptsAll = Options.Validation == RecordValidation.None;
        _validator = validator ?? (acceptsAll ? RecordValidator.AcceptAll : RecordValidator.CreateDefault(_time));
        RoutingTable = new RoutingTable(network.LocalPeer, Options.Lookup.K);
        Providers = new ProviderStore(_time, Options.ProviderRecordLifetime);
        Values = new ValueStore(_validator, _time, Options.ValueRecordLifetime);
        Server = new KadServer(network.LocalPeer, () => network.LocalAddresses, RoutingTable, Providers, Values, acceptsAll);
        _provided = new Reannouncer(_time, Options.ReprovideInterval);
        _stored = new Reannouncer(_time, Options.RepublishInterval);
        _upkeep = new RoutingTableUpkeep(RoutingTable, network, Options, _time);
        _queries = new QueryExecutor(new QueryEnvironment(network, RoutingTable, _upkeep, Options, _time));
    }

    public DhtOptions Options { get; }

    public PeerId Id => _network.LocalPeer;

    /// <summary>The peers that the node knows.</summary>
    public RoutingTable RoutingTable { get; }

    /// <summary>Provider records stored here by others or by the node itself.</summary>
    public ProviderStore Providers { get; }

    /// <summary>Value records stored here by others or by the node itself.</summary>
    public ValueStore Values { get; }

    /// <summary>Answers requests of other peers.</summary>
    public KadServer Server { get; }

    /// <summary>
    /// Starts to refresh the routing table, to remove expired records and to republish this node's records, until the node is disposed.
    /// </summary>
    public void Start() =>
        _maintenance ??= Task.WhenAll(MaintainAsync(_stop.Token), _provided.RunAsync(_stop.Token), _stored.RunAsync(_stop.Token));

    /// <summary>
    /// Adds a peer that has shown that it serves this DHT, by identify or by answering a request.
    /// </summary>
    public void Offer(KadPeer peer) => _upkeep.Offer(peer);

    /// <summary>
    /// Asks peers for this node's neighbourhood, then looks it up through them, as background queries. The request is FIND_NODE, because
    /// all implementations answer it; rust-libp2p and litep2p refuse the PING of kad-dht.
    /// </summary>
    /// <param name="peers">The peers to start with.</param>
    /// <param name="cancellationToken">Stops the bootstrap early.</param>
    /// <returns>How many of the peers answered.</returns>
    public async Task<int> BootstrapAsync(IReadOnlyCollection<KadPeer> peers, CancellationToken cancellationToken = default)
    {
        var others = peers.Where(peer => peer.Id != Id).DistinctBy(peer => peer.Id).ToList();
        var answered = 0;
        if (others.Count > 0)
        {
            var key = Id.Bytes.ToArray();
            var contact = await _queries.SendAsync(
                QueryType.GetClosestPeers,
                key,
                Id.ToString(),
                others,
                FindNode(key),
                new ContactGoal(),
                Background,
                cancellationToken
            );
            answered = contact.Results;
        }

        await RefreshNeighbourhoodAsync(cancellationToken);
        return answered;
    }

    /// <summary>Refreshes all buckets by lookups for random keys, and this node's neighbourhood, as background queries.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken = default)
    {
        await RefreshNeighbourhoodAsync(cancellationToken);
        var self = KadId.Of(Id);
        for (var bucket = 0; bucket <= Math.Min(RoutingTable.BucketSizes().Count, RoutingTableUpkeep.DeepestRefresh); bucket++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await LookUpInBackgroundAsync(RoutingTableUpkeep.RandomKey(self, bucket), cancellationToken);
        }
    }

    /// <summary>Finds a peer's addresses.</summary>
    public Task<QueryResult> FindPeerAsync(PeerId peer, QueryOptions? options = null, CancellationToken cancellationToken = default)
    {
        var key = peer.Bytes.ToArray();
        return _queries.LookUpAsync(
            QueryType.FindPeer,
            key,
            peer.ToString(),
            FindNode(key),
            new FindPeerGoal(peer),
            options ?? QueryOptions.Default,
            cancellationToken
        );
    }

    /// <summary>Finds the providers of a CID.</summary>
    public Task<QueryResult> GetProvidersAsync(Cid cid, QueryOptions? options = null, CancellationToken cancellationToken = default) =>
        GetProvidersAsync(cid.Multihash.Bytes.ToArray(), WithText(options, cid), cancellationToken);

    /// <summary>Finds the providers of a key.</summary>
    /// <param name="key">A multihash; any bytes in a network without validation.</param>
    /// <param name="options">Options of this query.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    public Task<QueryResult> GetProvidersAsync(
        ReadOnlyMemory<byte> key,
        QueryOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= QueryOptions.Default;
        return _queries.LookUpAsync(
            QueryType.GetProviders,
            key.ToArray(),
            ProviderKeyText(key.Span),
            new KadMessage { Type = MessageType.GetProviders, Key = key },
            new GetProvidersGoal(options.Count ?? Options.ProviderCount),
            options,
            cancellationToken
        );
    }

    /// <summary>
    /// Announces to the K closest peers that this node provides a CID. A started node repeats this after each
    /// <see cref="DhtOptions.ReprovideInterval"/>, as a background query.
    /// </summary>
    /// <exception cref="InvalidOperationException">This node has no address to announce.</exception>
    public Task<QueryResult> AddProviderAsync(Cid cid, QueryOptions? options = null, CancellationToken cancellationToken = default) =>
        AddProviderAsync(cid.Multihash.Bytes.ToArray(), WithText(options, cid), cancellationToken);

    /// <summary>Same as <see cref="AddProviderAsync(Cid, QueryOptions?, CancellationToken)"/>, for a key that is not a CID.</summary>
    /// <param name="key">A multihash; any bytes in a network without validation.</param>
    /// <param name="options">Options of this query.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    /// <exception cref="InvalidOperationException">This node has no address to announce.</exception>
    public Task<QueryResult> AddProviderAsync(
        ReadOnlyMemory<byte> key,
        QueryOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= QueryOptions.Default;
        if (_network.LocalAddresses.Count == 0)
        {
            throw new InvalidOperationException(
                "a provider record needs an address of the provider, and this node listens nowhere: give it a listen address"
            );
        }

        var again = Background with { KeyText = options.KeyText };
        _provided.Add(
            key.ToArray(),
            async token =>
                _network.LocalAddresses.Count == 0 ? Reannouncement.Failed : Judge(await ProvideAsync(key.ToArray(), again, token))
        );
        return ProvideAsync(key.ToArray(), options, cancellationToken);
    }

    /// <summary>
    /// Stores a record at the K closest peers. A started node repeats this after each <see cref="DhtOptions.RepublishInterval"/>, as a
    /// background query, until the record is invalid or a better one is known.
    /// </summary>
    /// <param name="key">The record key, for example <c>/ipns/</c> followed by the bytes of a peer id.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">Options of this query.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    /// <exception cref="ArgumentException">The record is invalid, so no peer would accept it. The text gives the reason.</exception>
    public Task<QueryResult> PutValueAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        QueryOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        if (Values.Put(key.Span, value.Span) is { } wrong)
        {
            throw new ArgumentException($"the record cannot be stored: {wrong}", nameof(value));
        }

        _stored.Add(
            key.ToArray(),
            async token =>
                Values.Put(key.Span, value.Span) is null ? Judge(await StoreAsync(key, value, Background, token)) : Reannouncement.Over
        );
        return StoreAsync(key, value, options ?? QueryOptions.Default, cancellationToken);
    }

    /// <summary>
    /// Finds a record. The record stored by this node counts as the first of the quorum, so with a quorum of 1 it ends the query without
    /// asking anyone. A better record from the network replaces it.
    /// </summary>
    /// <param name="key">The record key.</param>
    /// <param name="options">Options of this query.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    public Task<QueryResult> GetValueAsync(
        ReadOnlyMemory<byte> key,
        QueryOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= QueryOptions.Default;
        return _queries.LookUpAsync(
            QueryType.GetValue,
            key.ToArray(),
            TextOf(key.Span),
            new KadMessage { Type = MessageType.GetValue, Key = key },
            new GetValueGoal(key, _validator, options.Count ?? Options.ValueQuorum, Values),
            options,
            cancellationToken
        );
    }

    /// <summary>Finds the K closest peers to a key.</summary>
    /// <param name="key">The bytes that are hashed: peer id, multihash or record key.</param>
    /// <param name="options">Options of this query. <see cref="QueryOptions.KeyText"/> is the key as the caller wrote it.</param>
    /// <param name="cancellationToken">Ends the query with the outcome cancelled.</param>
    public Task<QueryResult> GetClosestPeersAsync(
        ReadOnlyMemory<byte> key,
        QueryOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        _queries.LookUpAsync(
            QueryType.GetClosestPeers,
            key.ToArray(),
            TextOf(key.Span),
            FindNode(key),
            new ClosestPeersGoal(),
            options ?? QueryOptions.Default,
            cancellationToken
        );

    /// <summary>Sends libp2p's ping (<c>/ipfs/ping/1.0.0</c>) to a peer. Dials the peer if it is not connected.</summary>
    public Task<QueryResult> PingAsync(KadPeer peer, QueryOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (peer.Addresses.Count == 0 && RoutingTable.Find(peer.Id) is { } known)
        {
            peer = known;
        }

        return _queries.SendAsync(
            QueryType.Ping,
            peer.Id.Bytes.ToArray(),
            peer.Id.ToString(),
            [peer],
            new KadMessage { Type = MessageType.Ping },
            new PingGoal(),
            options ?? QueryOptions.Default,
            cancellationToken
        );
    }

    /// <summary>Removes all peers and records, and stops republishing.</summary>
    public void Reset()
    {
        foreach (var peer in RoutingTable.Peers())
        {
            RoutingTable.Remove(peer.Id);
        }

        Providers.Clear();
        Values.Clear();
        _provided.Clear();
        _stored.Clear();
    }

    /// <summary>Stops the background work. The network stays open: its creator owns it.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        if (_maintenance is not null)
        {
            await _maintenance;
        }

        await _upkeep.DisposeAsync();
        _stop.Dispose();
    }

    private static QueryOptions Background { get; } = new() { Background = true };

    private static KadMessage FindNode(ReadOnlyMemory<byte> key) => new() { Type = MessageType.FindNode, Key = key };

    private static string TextOf(ReadOnlySpan<byte> key)
    {
        if (RecordKey.ToText(key) is { } text)
        {
            return text;
        }

        return PeerId.TryParse(key, out var peer) ? peer.ToString() : "f" + Convert.ToHexStringLower(key);
    }

    private Task<QueryResult> RefreshNeighbourhoodAsync(CancellationToken cancellationToken) =>
        LookUpInBackgroundAsync(Id.Bytes.ToArray(), cancellationToken);

    private Task<QueryResult> LookUpInBackgroundAsync(byte[] key, CancellationToken cancellationToken) =>
        GetClosestPeersAsync(key, Background, cancellationToken);

    private static QueryOptions WithText(QueryOptions? options, Cid cid)
    {
        options ??= QueryOptions.Default;
        return options.KeyText is null ? options with { KeyText = cid.ToString() } : options;
    }

    private static string ProviderKeyText(ReadOnlySpan<byte> key) =>
        Multihash.TryParse(key, out var multihash) ? multihash.ToString() : TextOf(key);

    private Task<QueryResult> ProvideAsync(byte[] key, QueryOptions options, CancellationToken cancellationToken)
    {
        var self = new KadPeer(Id, _network.LocalAddresses);
        Providers.Add(key, self);
        var announcement = new KadMessage
        {
            Type = MessageType.AddProvider,
            Key = key,
            ProviderPeers = [self],
        };
        return _queries.LookUpAsync(
            QueryType.AddProvider,
            key,
            ProviderKeyText(key),
            FindNode(key),
            new StoreGoal(announcement),
            options,
            cancellationToken
        );
    }

    private Task<QueryResult> StoreAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        QueryOptions options,
        CancellationToken cancellationToken
    )
    {
        var store = new KadMessage
        {
            Type = MessageType.PutValue,
            Key = key,
            Record = new KadRecord(key, value),
        };
        return _queries.LookUpAsync(
            QueryType.PutValue,
            key.ToArray(),
            TextOf(key.Span),
            FindNode(key),
            new StoreGoal(store),
            options,
            cancellationToken
        );
    }

    private static Reannouncement Judge(QueryResult result) =>
        result.Outcome == QueryOutcome.Success ? Reannouncement.Done : Reannouncement.Failed;

    private void Stop() => _stop.Cancel();

    private async Task MaintainAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Options.RefreshInterval, _time, cancellationToken);
                Providers.Sweep();
                Values.Sweep();
                await RefreshAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node is being disposed.
        }
    }
}
