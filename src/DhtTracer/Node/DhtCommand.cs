using System.Buffers.Text;
using System.Text;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Multiformats;

namespace DhtTracer.Node;

/// <summary>
/// A command to a node as a user types it, on the command line or in <c>/cmd?q=</c>: <c>find-peer 12D3KooW…</c>.
/// Over 300 lines, because each kind of argument is checked before the node starts and read again when it runs.
/// </summary>
/// <param name="Type">The operation; null for <c>reset</c> and <c>exit</c>.</param>
/// <param name="Name">The first word.</param>
/// <param name="Argument">The key; empty if there is none.</param>
/// <param name="Value">The value of <c>put-value</c>; empty for other commands.</param>
/// <param name="Validation">Which keys are valid.</param>
internal sealed record DhtCommand(QueryType? Type, string Name, string Argument, string Value, RecordValidation Validation)
{
    /// <summary>Maximum length of a command, in characters. A value of 64 KiB in base64 fits.</summary>
    public const int MaxLength = 100_000;

    private const string DefaultNamespace = "/v/";
    private const string HexPrefix = "hex:";
    private const string Base64Prefix = "base64:";

    /// <summary>All commands and their arguments.</summary>
    public static IReadOnlyList<(string Name, string Arguments)> All { get; } =
    [
        ("find-peer", "PEER"),
        ("get-providers", "CID"),
        ("add-provider", "CID"),
        ("put-value", "KEY VALUE"),
        ("get-value", "KEY"),
        ("get-closest-peers", "KEY"),
        ("ping", "PEER"),
        ("reset", ""),
        ("exit", ""),
    ];

    /// <summary>Remarks for the user about how the command was interpreted, one sentence each. Most commands have none.</summary>
    public IEnumerable<string> Notes
    {
        get
        {
            if (HasNoNamespace)
            {
                yield return $"the key {Argument} has no namespace: the record's key is {DefaultNamespace}{Argument}";
            }

            if (Type == QueryType.PutValue && MessageLength() is var length and > KadMessageLimits.RustMessageBytes)
            {
                yield return $"the message has {length} bytes; nodes of rust-libp2p take at most "
                    + $"{KadMessageLimits.RustMessageBytes} and reset the stream";
            }
        }
    }

    /// <summary>Whether the key of a record is a bare word, as in the tools of 2019.</summary>
    private bool HasNoNamespace =>
        Type is QueryType.GetValue or QueryType.PutValue
        && Validation == RecordValidation.Libp2p
        && !Argument.StartsWith('/')
        && !Argument.StartsWith(HexPrefix, StringComparison.Ordinal);

    /// <summary>Parses a command of one line. Words are separated and quoted as in a shell, see <see cref="ShellWords"/>.</summary>
    /// <exception cref="DhtCommandException">The command is unknown, has too few or too many arguments, or an argument is not a key of this
    /// operation.</exception>
    public static DhtCommand Parse(string text, RecordValidation validation = RecordValidation.Libp2p)
    {
        if (text.Length > MaxLength)
        {
            throw new DhtCommandException($"the command has {text.Length} characters, at most {MaxLength} are read");
        }

        return Of(ShellWords.Split(text), validation);
    }

    /// <summary>Makes a command from its words.</summary>
    /// <exception cref="DhtCommandException">The command is unknown, has too few or too many arguments, or an argument is not a key of this
    /// operation.</exception>
    public static DhtCommand Of(IReadOnlyList<string> words, RecordValidation validation = RecordValidation.Libp2p)
    {
        if (words.Sum(word => word.Length) is > MaxLength and var characters)
        {
            throw new DhtCommandException($"the command has {characters} characters, at most {MaxLength} are read");
        }

        var name = words.Count == 0 ? "" : words[0];
        var (known, arguments) = All.FirstOrDefault(command => command.Name == name);
        if (known is null)
        {
            throw new DhtCommandException($"unknown command '{name}': {string.Join(", ", All.Select(command => command.Name))}");
        }

        var wanted = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        if (words.Count - 1 != wanted)
        {
            var remedy = words.Count - 1 > wanted ? "; quote what holds spaces, as in 'a b'" : "";
            throw new DhtCommandException(
                wanted == 0 ? $"{name} takes no argument" : $"{name} takes {arguments}, as in '{name} {arguments}'{remedy}"
            );
        }

        QueryType? type = Enum.GetValues<QueryType>()
            .Where(candidate => candidate != QueryType.Unknown && Words.Of(candidate) == name)
            .Select(candidate => (QueryType?)candidate)
            .FirstOrDefault();
        var command = new DhtCommand(type, name, words.Count > 1 ? words[1] : "", words.Count > 2 ? words[2] : "", validation);
        command.Check();
        return command;
    }

    /// <summary>Runs a command that is a query.</summary>
    /// <exception cref="DhtCommandException">The value cannot be stored.</exception>
    /// <exception cref="InvalidOperationException">The node cannot run this command.</exception>
    public Task<QueryResult> RunAsync(HostedDhtNode node, QueryOptions options, CancellationToken cancellation)
    {
        var dht = node.Dht;
        options = options with { KeyText = KeyText() };
        switch (Type)
        {
            case QueryType.FindPeer:
                return dht.FindPeerAsync(Peer().Id, options, cancellation);
            case QueryType.Ping:
                return dht.PingAsync(Peer(), options, cancellation);
            case QueryType.GetProviders:
                return dht.GetProvidersAsync(ContentKey(), options, cancellation);
            case QueryType.AddProvider:
                return dht.AddProviderAsync(ContentKey(), options, cancellation);
            case QueryType.GetValue:
                return dht.GetValueAsync(RecordKeyOf(), options, cancellation);
            case QueryType.PutValue:
                var key = RecordKeyOf();
                try
                {
                    return dht.PutValueAsync(key, ValueFor(node, key), options, cancellation);
                }
                catch (ArgumentException exception)
                {
                    throw new DhtCommandException(exception.Message);
                }

            case QueryType.GetClosestPeers:
                return dht.GetClosestPeersAsync(AnyKey(), options, cancellation);
            default:
                throw new DhtCommandException($"{Name} is no query");
        }
    }

    // Validates the command before a node is started and connected for it.
    private void Check()
    {
        switch (Type)
        {
            case QueryType.FindPeer or QueryType.Ping:
                _ = Peer();
                break;
            case QueryType.GetProviders or QueryType.AddProvider:
                _ = ContentKey();
                break;
            case QueryType.GetValue or QueryType.PutValue:
                _ = RecordKeyOf();
                _ = GivenValue();
                break;
            case QueryType.GetClosestPeers:
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

        return PeerId.TryParse(Argument, out var peer)
            ? new KadPeer(peer, [])
            : throw new DhtCommandException($"'{Argument}' is no peer id");
    }

    // Null for raw bytes: the node writes them like all keys that are not text.
    private string? KeyText() =>
        Argument.StartsWith(HexPrefix, StringComparison.Ordinal) ? null
        : HasNoNamespace ? DefaultNamespace + Argument
        : Argument;

    private byte[] ContentKey()
    {
        if (FromHex(Argument) is { } bytes)
        {
            return Validation == RecordValidation.None || Multihash.TryParse(bytes, out _)
                ? bytes
                : throw new DhtCommandException($"'{Argument}' is no multihash; a node with --validation none takes any key");
        }

        return Cid.TryParse(Argument, out var cid) ? cid.Multihash.Bytes.ToArray()
            : Validation == RecordValidation.None ? Encoding.UTF8.GetBytes(NotEmpty())
            : throw new DhtCommandException($"'{Argument}' is no CID");
    }

    private byte[] RecordKeyOf()
    {
        if ((FromHex(Argument) ?? (RecordKey.TryParse(Argument, out var key) ? key : null)) is { } bytes)
        {
            return bytes;
        }

        if (Validation == RecordValidation.None)
        {
            return Encoding.UTF8.GetBytes(NotEmpty());
        }

        // An argument that names a peer or content does not mean the test namespace.
        return Argument.StartsWith('/') || Argument.Length == 0 || PeerId.TryParse(Argument, out _) || Cid.TryParse(Argument, out _)
            ? throw new DhtCommandException(
                $"'{Argument}' is no record key, " + "as in /ipns/12D3KooW…, /pk/12D3KooW…, /v/name or hex:2f762f61"
            )
            : Encoding.UTF8.GetBytes(DefaultNamespace + Argument);
    }

    private ReadOnlyMemory<byte> AnyKey()
    {
        if (FromHex(Argument) is { } bytes)
        {
            return bytes;
        }

        return KeyParser.Parse(Argument) is [var first, ..]
            ? first.Bytes
            : throw new DhtCommandException($"'{Argument}' is no key: a peer id, a CID, a record key or hex:… is one");
    }

    private string NotEmpty() => Argument.Length > 0 ? Argument : throw new DhtCommandException("the key is empty");

    /// <summary>The bytes after <c>hex:</c>; null if the text does not begin with it.</summary>
    private static byte[]? FromHex(string text)
    {
        if (!text.StartsWith(HexPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return Convert.FromHexString(text[HexPrefix.Length..]) is { Length: > 0 } bytes
                ? bytes
                : throw new DhtCommandException("nothing follows 'hex:'");
        }
        catch (FormatException)
        {
            throw new DhtCommandException("what follows 'hex:' is not hexadecimal, two digits a byte");
        }
    }

    /// <summary>The bytes of the value. It may be written as <c>hex:…</c> or <c>base64:…</c>.</summary>
    /// <exception cref="DhtCommandException">The text after the prefix is invalid.</exception>
    public byte[] GivenValue()
    {
        if (FromHex(Value) is { } bytes)
        {
            return bytes;
        }

        if (!Value.StartsWith(Base64Prefix, StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(Value);
        }

        var encoded = Value[Base64Prefix.Length..];
        return Base64.IsValid(encoded)
            ? Convert.FromBase64String(encoded)
            : throw new DhtCommandException("what follows 'base64:' is not base64");
    }

    private int MessageLength()
    {
        var key = RecordKeyOf();
        return KadMessageCodec
            .Encode(
                new KadMessage
                {
                    Type = MessageType.PutValue,
                    Key = key,
                    Record = new KadRecord(key, GivenValue()),
                }
            )
            .Length;
    }

    private byte[] ValueFor(HostedDhtNode node, byte[] key)
    {
        // A path under the node's own name becomes a signed record. Its sequence is in seconds, so each is newer than the last, even after
        // a restart.
        if (RecordKey.TryParseIpns(key, out var name) && name == node.Dht.Id && Value.StartsWith('/'))
        {
            var now = node.Host.Options.Time.GetUtcNow();
            return IpnsRecord.Create(
                node.Host.Options.Identity,
                Value,
                (ulong)now.ToUnixTimeSeconds(),
                now.AddHours(48),
                TimeSpan.FromMinutes(5)
            );
        }

        return GivenValue();
    }
}
