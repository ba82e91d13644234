using System.Text;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Streams;

/// <summary>
/// Negotiates a protocol (<see href="https://github.com/multiformats/multistream-select"/>). Each message is a varint length and a text
/// that ends in a newline. The dialer sends <c>/multistream/1.0.0</c> and the protocol it wants; the listener echoes both, or answers
/// <c>na</c>.
/// </summary>
internal static class MultistreamSelect
{
    public const string Header = "/multistream/1.0.0";
    public const string NotAvailable = "na";

    /// <summary>Maximum length of a message, newline included.</summary>
    public const int MaxMessageLength = 1024;

    /// <summary>Maximum number of proposals a listener answers before it treats the dialer as hostile.</summary>
    public const int MaxProposals = 64;

    private const string List = "ls";

    /// <summary>Encodes several messages in a row.</summary>
    public static byte[] Encode(params ReadOnlySpan<string> messages)
    {
        using var bytes = new MemoryStream();
        Span<byte> length = stackalloc byte[Varint.MaxLength];
        foreach (var message in messages)
        {
            var text = Encoding.UTF8.GetBytes(message);
            if (text.Length + 1 > MaxMessageLength)
            {
                throw new ArgumentException($"A protocol name has at most {MaxMessageLength - 1} bytes.", nameof(messages));
            }

            bytes.Write(length[..Varint.Write(length, (ulong)text.Length + 1)]);
            bytes.Write(text);
            bytes.WriteByte((byte)'\n');
        }

        return bytes.ToArray();
    }

    /// <summary>Proposes each protocol in turn and returns the first one that the remote accepts.</summary>
    /// <exception cref="ProtocolNotSupportedException">The remote accepts none.</exception>
    /// <exception cref="WireException">The remote does not speak multistream-select.</exception>
    public static async Task<string> SelectAsync(IByteChannel channel, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        await channel.WriteAsync(Encode(Header, protocols[0]), cancellationToken);
        await ExpectHeaderAsync(channel, cancellationToken);
        for (var i = 0; ; i++)
        {
            if (await ReadAnswerAsync(channel, protocols[i], cancellationToken))
            {
                return protocols[i];
            }

            if (i + 1 == protocols.Count)
            {
                throw new ProtocolNotSupportedException(string.Join(", ", protocols));
            }

            await channel.WriteAsync(Encode(protocols[i + 1]), cancellationToken);
        }
    }

    /// <summary>Reads the listener's header.</summary>
    public static async Task ExpectHeaderAsync(IByteChannel channel, CancellationToken cancellationToken)
    {
        if (await ReadMessageAsync(channel, cancellationToken) is not Header)
        {
            throw new WireException(WireLayer.Multistream, $"the remote did not begin with {Header}");
        }
    }

    /// <summary>Reads the listener's answer to a proposal: true if it accepted.</summary>
    public static async Task<bool> ReadAnswerAsync(IByteChannel channel, string protocol, CancellationToken cancellationToken)
    {
        var answer = await ReadMessageAsync(channel, cancellationToken);
        return answer == protocol
            || (
                answer is NotAvailable
                    ? false
                    : throw new WireException(WireLayer.Multistream, $"the remote answered neither {protocol} nor {NotAvailable}")
            );
    }

    /// <summary>Answers a dialer until it proposes a protocol that <paramref name="supports"/> accepts.</summary>
    /// <param name="channel">The channel to the dialer.</param>
    /// <param name="supports">Whether this side supports a protocol.</param>
    /// <param name="list">The protocols to list if the dialer asks with <c>ls</c>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="WireException">The dialer does not speak multistream-select, or makes too many proposals.</exception>
    public static async Task<string> AcceptAsync(
        IByteChannel channel,
        Func<string, bool> supports,
        Func<IEnumerable<string>> list,
        CancellationToken cancellationToken
    )
    {
        await ExpectHeaderAsync(channel, cancellationToken);
        await channel.WriteAsync(Encode(Header), cancellationToken);
        for (var i = 0; i < MaxProposals; i++)
        {
            var proposal = await ReadMessageAsync(channel, cancellationToken);
            if (proposal is List)
            {
                // One message whose text is a sequence of messages.
                byte[] names = [.. list().SelectMany(name => Encode(name)), (byte)'\n'];
                var length = new byte[Varint.MaxLength];
                await channel.WriteAsync(
                    (byte[])[.. length.AsSpan(0, Varint.Write(length, (ulong)names.Length)), .. names],
                    cancellationToken
                );
            }
            else if (supports(proposal))
            {
                await channel.WriteAsync(Encode(proposal), cancellationToken);
                return proposal;
            }
            else
            {
                await channel.WriteAsync(Encode(NotAvailable), cancellationToken);
            }
        }

        throw new WireException(WireLayer.Multistream, $"the remote proposed more than {MaxProposals} protocols");
    }

    /// <summary>Reads one message and removes its newline.</summary>
    public static async Task<string> ReadMessageAsync(IByteChannel channel, CancellationToken cancellationToken)
    {
        // Read single bytes, because what follows the message belongs to another reader. Two bytes suffice for every allowed length.
        var prefix = new byte[2];
        await channel.ReadExactlyAsync(prefix.AsMemory(0, 1), cancellationToken);
        int length = prefix[0];
        if (prefix[0] >= 0x80)
        {
            await channel.ReadExactlyAsync(prefix.AsMemory(1, 1), cancellationToken);
            if (Varint.Read(prefix, out var value, out _) != MultiformatError.None)
            {
                throw new WireException(WireLayer.Multistream, $"a message is longer than {MaxMessageLength} bytes");
            }

            length = (int)value;
        }

        if (length is 0 or > MaxMessageLength)
        {
            throw new WireException(WireLayer.Multistream, $"a message has {length} bytes; 1 to {MaxMessageLength} are allowed");
        }

        var text = new byte[length];
        await channel.ReadExactlyAsync(text, cancellationToken);
        return text[^1] == '\n'
            ? Encoding.UTF8.GetString(text, 0, length - 1)
            : throw new WireException(WireLayer.Multistream, "a message does not end in a newline");
    }
}
