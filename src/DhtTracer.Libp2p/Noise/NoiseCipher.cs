using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DhtTracer.Libp2p.Noise;

/// <summary>
/// One direction of a Noise session: ChaCha20-Poly1305 with a counter as nonce (4 zero bytes, then the counter little-endian). Not
/// thread-safe: the order of messages determines their nonces.
/// </summary>
internal sealed class NoiseCipher(ReadOnlySpan<byte> key) : IDisposable
{
    public const int TagLength = 16;

    private readonly ChaCha20Poly1305 _aead = new(key);
    private ulong _counter;

    /// <summary>
    /// Writes ciphertext and tag, <see cref="TagLength"/> bytes more than <paramref name="plaintext"/>. Both may use the same memory.
    /// </summary>
    public void Encrypt(ReadOnlySpan<byte> plaintext, Span<byte> destination, ReadOnlySpan<byte> associatedData = default)
    {
        Span<byte> nonce = stackalloc byte[12];
        NextNonce(nonce);
        _aead.Encrypt(nonce, plaintext, destination[..plaintext.Length], destination.Slice(plaintext.Length, TagLength), associatedData);
    }

    /// <summary>
    /// Writes the plaintext, <see cref="TagLength"/> bytes less than <paramref name="ciphertext"/>. Both may use the same memory.
    /// </summary>
    /// <exception cref="WireException">The message was changed in transit, or is not from the remote.</exception>
    public void Decrypt(ReadOnlySpan<byte> ciphertext, Span<byte> destination, ReadOnlySpan<byte> associatedData = default)
    {
        if (ciphertext.Length < TagLength)
        {
            throw new WireException(WireLayer.Noise, "a message is shorter than its authentication tag");
        }

        Span<byte> nonce = stackalloc byte[12];
        NextNonce(nonce);
        try
        {
            _aead.Decrypt(
                nonce,
                ciphertext[..^TagLength],
                ciphertext[^TagLength..],
                destination[..(ciphertext.Length - TagLength)],
                associatedData
            );
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new WireException(WireLayer.Noise, "the authentication tag of a message is wrong", e);
        }
    }

    public void Dispose() => _aead.Dispose();

    private void NextNonce(Span<byte> nonce)
    {
        nonce.Clear();
        if (_counter == ulong.MaxValue)
        {
            throw new WireException(WireLayer.Noise, "all nonces are used up");
        }

        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], _counter++);
    }
}
