using System.Buffers.Binary;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Noise;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>An encrypted and authenticated connection with a negotiated muxer.</summary>
/// <param name="Channel">The encrypted channel.</param>
/// <param name="RemoteKey">The remote's proven key.</param>
/// <param name="Early">Bytes for the muxer that arrived together with the end of its negotiation.</param>
internal sealed record UpgradedConnection(NoiseChannel Channel, PublicKey RemoteKey, ReadOnlyMemory<byte> Early);

/// <summary>The remote proved a different identity than the one dialed.</summary>
internal sealed class WrongPeerException(PeerId expected, PeerId actual) : Libp2pException($"{actual} answered instead of {expected}.");

/// <summary>
/// Upgrades a TCP connection to an authenticated one: multistream-select of <c>/noise</c>, the Noise handshake, and the muxer. Both sides
/// name the muxer in the handshake, or else negotiate it afterwards.
/// </summary>
internal sealed class ConnectionUpgrader
{
    public const string NoiseProtocol = "/noise";

    /// <summary>
    /// Maximum size of a handshake message, in bytes. An RSA key of 8192 bits with its signature takes about 2,200 bytes.
    /// </summary>
    private const int MaxHandshakeMessage = 8192;

    private static readonly string[] Security = [NoiseProtocol];
    private static readonly string[] Muxers = [YamuxSession.ProtocolId];

    private readonly X25519KeyPair _staticKey = X25519KeyPair.Create();
    private readonly byte[] _payload;

    /// <summary>Prepares the static key of a host and its signature. All handshakes share them.</summary>
    public ConnectionUpgrader(Identity identity) => _payload = NoisePayload.Create(identity, _staticKey.PublicKey, Muxers);

    /// <summary>Upgrades a connection. If this fails, the caller must close the stream.</summary>
    /// <param name="stream">The TCP connection.</param>
    /// <param name="isDialer">Whether this side dialed.</param>
    /// <param name="expected">The dialed peer; null for any.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="WireException">The remote broke a protocol.</exception>
    /// <exception cref="ProtocolNotSupportedException">The remote does not speak Noise or Yamux.</exception>
    /// <exception cref="WrongPeerException">Another peer answered.</exception>
    /// <exception cref="EndOfStreamException">The remote closed the connection.</exception>
    public async Task<UpgradedConnection> UpgradeAsync(Stream stream, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        var reader = new ByteReader(stream);
        NoiseCipher? send = null,
            receive = null;
        var done = false;
        try
        {
            var plain = new PlainChannel(stream, reader);
            _ = isDialer
                ? await MultistreamSelect.SelectAsync(plain, Security, cancellationToken)
                : await MultistreamSelect.AcceptAsync(plain, Security.Contains, () => Security, cancellationToken);

            NoisePayload remote;
            using (var handshake = new NoiseHandshake(isDialer, _staticKey))
            {
                remote = isDialer
                    ? await InitiateAsync(plain, handshake, cancellationToken)
                    : await RespondAsync(plain, handshake, cancellationToken);
                (send, receive) = handshake.Split();
            }

            if (expected is { } wanted && wanted != remote.IdentityKey.PeerId)
            {
                throw new WrongPeerException(wanted, remote.IdentityKey.PeerId);
            }

            var channel = new NoiseChannel(stream, reader, send, receive);
            var early = await AgreeOnMuxerAsync(channel, isDialer, remote.StreamMuxers, cancellationToken);
            done = true;
            return new UpgradedConnection(channel, remote.IdentityKey, early);
        }
        finally
        {
            if (!done)
            {
                reader.Dispose();
                send?.Dispose();
                receive?.Dispose();
            }
        }
    }

    private static async Task WriteAsync(PlainChannel channel, byte[] message, CancellationToken cancellationToken)
    {
        var framed = new byte[2 + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await channel.WriteAsync(framed, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(PlainChannel channel, CancellationToken cancellationToken)
    {
        var length = new byte[2];
        await channel.ReadExactlyAsync(length, cancellationToken);
        var message = new byte[
            BinaryPrimitives.ReadUInt16BigEndian(length) is <= MaxHandshakeMessage and var size
                ? size
                : throw new WireException(WireLayer.Noise, $"a handshake message is longer than {MaxHandshakeMessage} bytes")
        ];
        await channel.ReadExactlyAsync(message, cancellationToken);
        return message;
    }

    /// <summary>Returns the muxer that both sides named in the handshake, or else negotiates one on the encrypted channel.</summary>
    private static async Task<ReadOnlyMemory<byte>> AgreeOnMuxerAsync(
        NoiseChannel channel,
        bool isDialer,
        IReadOnlyList<string> remoteMuxers,
        CancellationToken cancellationToken
    )
    {
        if (remoteMuxers.Count > 0)
        {
            return remoteMuxers.Contains(YamuxSession.ProtocolId)
                ? ReadOnlyMemory<byte>.Empty
                : throw new ProtocolNotSupportedException(YamuxSession.ProtocolId);
        }

        // Reads on the encrypted channel take no token, so cancellation closes the socket.
        await using var registration = cancellationToken.Register(channel.Dispose);
        var negotiation = new MessageByteChannel(channel);
        try
        {
            _ = isDialer
                ? await MultistreamSelect.SelectAsync(negotiation, Muxers, cancellationToken)
                : await MultistreamSelect.AcceptAsync(negotiation, Muxers.Contains, () => Muxers, cancellationToken);
        }
        catch (Exception e) when (e is ObjectDisposedException or IOException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The muxer negotiation was cancelled.", e, cancellationToken);
        }

        return negotiation.Rest;
    }

    private async Task<NoisePayload> InitiateAsync(PlainChannel channel, NoiseHandshake handshake, CancellationToken cancellationToken)
    {
        await WriteAsync(channel, handshake.WriteMessage([]), cancellationToken);
        var payload = handshake.ReadMessage(await ReadAsync(channel, cancellationToken));
        var remote = NoisePayload.ParseAndVerify(payload, handshake.RemoteStatic);
        await WriteAsync(channel, handshake.WriteMessage(_payload), cancellationToken);
        return remote;
    }

    private async Task<NoisePayload> RespondAsync(PlainChannel channel, NoiseHandshake handshake, CancellationToken cancellationToken)
    {
        _ = handshake.ReadMessage(await ReadAsync(channel, cancellationToken));
        await WriteAsync(channel, handshake.WriteMessage(_payload), cancellationToken);
        var payload = handshake.ReadMessage(await ReadAsync(channel, cancellationToken));
        return NoisePayload.ParseAndVerify(payload, handshake.RemoteStatic);
    }

    /// <summary>Presents messages as bytes, for a negotiation on the encrypted channel.</summary>
    private sealed class MessageByteChannel(NoiseChannel channel) : IByteChannel
    {
        private byte[] _held = [];

        public ReadOnlyMemory<byte> Rest => _held;

        public async ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (_held.Length < buffer.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var message = await channel.ReadAsync();
                if (message.IsEmpty)
                {
                    throw new EndOfStreamException("The remote closed the connection during the muxer negotiation.");
                }

                _held = [.. _held, .. message.Span];
            }

            _held.AsSpan(0, buffer.Length).CopyTo(buffer.Span);
            _held = _held[buffer.Length..];
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => channel.WriteAsync(bytes);
    }
}
