using System.Buffers.Text;
using System.Text;
using DhtTracer.Kademlia;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Node;

/// <summary>A command that is none, or whose argument cannot be read. The message is for the user.</summary>
internal sealed class DhtCommandException(string message) : Exception(message);

/// <summary>
/// A command to a node as a user types it, on the command line or in <c>/cmd?q=</c>: <c>find-peer 12D3KooW…</c>.
/// </summary>
/// <param name="Type">The operation; null for <c>reset</c> and <c>exit</c>.</param>
/// <param name="Name">The first word.</param>
/// <param name="Argument">The key; empty where there is none.</param>
/// <param name="Value">The value of <c>put-value</c>; empty elsewhere.</param>
internal sealed record DhtCommand(DhtQueryType? Type, string Name, string Argument, string Value)
{
    /// <summary>The longest command, in characters: a value of 64 KiB in base64 fits.</summary>
    public const int MaxLength = 100_000;

    /// <summary>All commands and their arguments.</summary>
    public static IReadOnlyList<(string Name, string Arguments)> All { get; } =
    [
        ("find-peer", "PEER"), ("get-providers", "CID"), ("add-provider", "CID"), ("put-value", "KEY VALUE"), ("get-value", "KEY"),
        ("get-closest-peers", "KEY"), ("ping", "PEER"), ("reset", ""), ("exit", ""),
    ];

    /// <summary>Reads a command.</summary>
    /// <exception cref="DhtCommandException">It is none, has too few or too many arguments, or one that is no key of this operation.</exception>
    public static DhtCommand Parse(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new DhtCommandException($"the command has {text.Length} characters, at most {MaxLength} are read");
        }

        // A value may hold spaces.
        var words = text.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var name = words.Length == 0 ? "" : words[0];
        var (known, arguments) = All.FirstOrDefault(command => command.Name == name);
        if (known is null)
        {
            throw new DhtCommandException($"unknown command '{name}': {string.Join(", ", All.Select(command => command.Name))}");
        }

        var wanted = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        if (words.Length - 1 != wanted)
        {
            throw new DhtCommandException(wanted == 0 ? $"{name} takes no argument" : $"{name} takes {arguments}, as in '{name} {arguments}'");
        }

        DhtQueryType? type = Enum.GetValues<DhtQueryType>().Where(candidate => candidate.ToText() == name).Select(candidate => (DhtQueryType?)candidate).FirstOrDefault();
        var command = new DhtCommand(type, name, words.Length > 1 ? words[1] : "", words.Length > 2 ? words[2] : "");
        command.Check();
        return command;
    }

    /// <summary>Runs a command that is a query.</summary>
    /// <exception cref="DhtCommandException">The value is none that can be stored.</exception>
    /// <exception cref="InvalidOperationException">The node cannot do this.</exception>
    public Task<QueryResult> RunAsync(HostedDhtNode node, QueryOptions options, CancellationToken cancellation)
    {
        var dht = node.Dht;
        options = options with { KeyText = Argument };
        switch (Type)
        {
            case DhtQueryType.FindPeer:
                return dht.FindPeerAsync(Peer().Id, options, cancellation);
            case DhtQueryType.Ping:
                return dht.PingAsync(Peer(), options, cancellation);
            case DhtQueryType.GetProviders:
                return dht.GetProvidersAsync(Content(), options, cancellation);
            case DhtQueryType.AddProvider:
                return dht.AddProviderAsync(Content(), options, cancellation);
            case DhtQueryType.GetValue:
                return dht.GetValueAsync(RecordKeyOf(), options, cancellation);
            case DhtQueryType.PutValue:
                var key = RecordKeyOf();
                try
                {
                    return dht.PutValueAsync(key, ValueFor(node, key), options, cancellation);
                }
                catch (ArgumentException exception)
                {
                    throw new DhtCommandException(exception.Message);
                }

            case DhtQueryType.GetClosestPeers:
                return dht.GetClosestPeersAsync(AnyKey(), options, cancellation);
            default:
                throw new DhtCommandException($"{Name} is no query");
        }
    }

    // Before a node is started and connected for it.
    private void Check()
    {
        switch (Type)
        {
            case DhtQueryType.FindPeer or DhtQueryType.Ping:
                _ = Peer();
                break;
            case DhtQueryType.GetProviders or DhtQueryType.AddProvider:
                _ = Content();
                break;
            case DhtQueryType.GetValue or DhtQueryType.PutValue:
                _ = RecordKeyOf();
                break;
            case DhtQueryType.GetClosestPeers:
                _ = AnyKey();
                break;
            default:
                break;
        }
    }

    private KadPeer Peer()
    {
        if (Argument.StartsWith('/'))
        {
            try
            {
                return HostedDhtNode.ParsePeer(Argument);
            }
            catch (FormatException exception)
            {
                throw new DhtCommandException(exception.Message);
            }
        }

        return PeerId.TryParse(Argument, out var peer) ? new KadPeer(peer, []) : throw new DhtCommandException($"'{Argument}' is no peer id");
    }

    private Cid Content() => Cid.TryParse(Argument, out var cid) ? cid : throw new DhtCommandException($"'{Argument}' is no CID");

    private byte[] RecordKeyOf() => RecordKey.TryParse(Argument, out var key)
        ? key
        : throw new DhtCommandException($"'{Argument}' is no record key, as in /ipns/12D3KooW…, /pk/12D3KooW… or /v/name");

    private ReadOnlyMemory<byte> AnyKey() => KeyParser.Parse(Argument) is [var first, ..]
        ? first.Bytes
        : throw new DhtCommandException($"'{Argument}' is no key: a peer id, a CID or a record key is one");

    private ReadOnlyMemory<byte> ValueFor(HostedDhtNode node, byte[] key)
    {
        // A path under the node's own name becomes a signed record; seconds make each newer than the one before, also after a restart.
        if (RecordKey.TryParseIpns(key, out var name) && name == node.Dht.Id && Value.StartsWith('/'))
        {
            var now = node.Host.Options.Time.GetUtcNow();
            return IpnsRecord.Create(node.Host.Options.Identity, Value, (ulong)now.ToUnixTimeSeconds(), now.AddHours(48), TimeSpan.FromMinutes(5));
        }

        if (!Value.StartsWith("base64:", StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(Value);
        }

        var encoded = Value["base64:".Length..];
        return Base64.IsValid(encoded) ? Convert.FromBase64String(encoded) : throw new DhtCommandException("what follows 'base64:' is not base64");
    }
}
