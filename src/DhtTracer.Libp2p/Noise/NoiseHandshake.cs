using System.Security.Cryptography;

namespace DhtTracer.Libp2p.Noise;

/// <summary>
/// The handshake <c>Noise_XX_25519_ChaChaPoly_SHA256</c> (<see href="https://noiseprotocol.org/noise.html"/>), messages only:
/// <code>
/// -> e
/// &lt;- e, ee, s, es
/// -> s, se
/// </code>
/// Both sides call <see cref="WriteMessage"/> and <see cref="ReadMessage"/> in turn, then <see cref="Split"/>.
/// </summary>
internal sealed class NoiseHandshake : IDisposable
{
    private const int KeyLength = X25519KeyPair.KeyLength;

    private readonly bool _initiator;
    private readonly X25519KeyPair _static;
    private readonly X25519KeyPair _ephemeral;
    private readonly byte[] _hash = "Noise_XX_25519_ChaChaPoly_SHA256"u8.ToArray();
    private readonly byte[] _chainingKey;
    private readonly byte[] _secret = new byte[KeyLength];
    private byte[]? _remoteEphemeral;
    private NoiseCipher? _cipher;
    private int _step;

    /// <summary>Starts a handshake.</summary>
    /// <param name="initiator">Whether this side is the dialer and sends the first message.</param>
    /// <param name="staticKey">This side's long-lived key.</param>
    /// <param name="prologue">Data bound into the handshake; empty in libp2p.</param>
    /// <param name="ephemeralKey">This side's key for this handshake; null for a fresh one. Tests pass one to reproduce published
    /// vectors.</param>
    public NoiseHandshake(
        bool initiator,
        X25519KeyPair staticKey,
        ReadOnlySpan<byte> prologue = default,
        X25519KeyPair? ephemeralKey = null
    )
    {
        _initiator = initiator;
        _static = staticKey;
        _ephemeral = ephemeralKey ?? X25519KeyPair.Create();

        // The name is exactly as long as a hash, so it is the first hash.
        _chainingKey = [.. _hash];
        MixHash(prologue);
    }

    /// <summary>The remote's long-lived key; null until its message was read.</summary>
    public byte[]? RemoteStatic { get; private set; }

    /// <summary>Hash of everything sent and received.</summary>
    public ReadOnlySpan<byte> HandshakeHash => _hash;

    /// <summary>Writes this side's next message.</summary>
    public byte[] WriteMessage(ReadOnlySpan<byte> payload)
    {
        using var message = new MemoryStream();
        switch (_step++)
        {
            case 0 when _initiator:
                WriteEphemeral(message);
                break;
            case 1 when !_initiator:
                WriteEphemeral(message);
                MixSecret(_ephemeral, _remoteEphemeral!);
                WriteEncrypted(message, _static.PublicKey);
                MixSecret(_static, _remoteEphemeral!);
                break;
            case 2 when _initiator:
                WriteEncrypted(message, _static.PublicKey);
                MixSecret(_static, _remoteEphemeral!);
                break;
            default:
                throw new InvalidOperationException("It is the remote's turn.");
        }

        WriteEncrypted(message, payload);
        return message.ToArray();
    }

    /// <summary>Reads the remote's next message and returns its payload.</summary>
    /// <exception cref="WireException">The message is too short, not authentic, or contains a key of small order.</exception>
    public byte[] ReadMessage(ReadOnlySpan<byte> message)
    {
        switch (_step++)
        {
            case 0 when !_initiator:
                ReadEphemeral(ref message);
                break;
            case 1 when _initiator:
                ReadEphemeral(ref message);
                MixSecret(_ephemeral, _remoteEphemeral!);
                RemoteStatic = ReadEncrypted(Take(ref message, KeyLength + NoiseCipher.TagLength));
                MixSecret(_ephemeral, RemoteStatic);
                break;
            case 2 when !_initiator:
                RemoteStatic = ReadEncrypted(Take(ref message, KeyLength + NoiseCipher.TagLength));
                MixSecret(_ephemeral, RemoteStatic);
                break;
            default:
                throw new InvalidOperationException("It is this side's turn.");
        }

        return ReadEncrypted(message);
    }

    /// <summary>Returns the ciphers of both directions. Call after the third message.</summary>
    public (NoiseCipher Send, NoiseCipher Receive) Split()
    {
        if (_step != 3)
        {
            throw new InvalidOperationException("The handshake is not finished.");
        }

        Span<byte> keys = stackalloc byte[2 * KeyLength];
        Derive(keys, []);
        var first = new NoiseCipher(keys[..KeyLength]);
        var second = new NoiseCipher(keys[KeyLength..]);
        CryptographicOperations.ZeroMemory(keys);
        return _initiator ? (first, second) : (second, first);
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_chainingKey);
        CryptographicOperations.ZeroMemory(_secret);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> message, int length)
    {
        if (message.Length < length)
        {
            throw new WireException(WireLayer.Noise, "a handshake message is too short");
        }

        var part = message[..length];
        message = message[length..];
        return part;
    }

    private void WriteEphemeral(MemoryStream message)
    {
        message.Write(_ephemeral.PublicKey);
        MixHash(_ephemeral.PublicKey);
    }

    private void ReadEphemeral(ref ReadOnlySpan<byte> message)
    {
        _remoteEphemeral = Take(ref message, KeyLength).ToArray();
        MixHash(_remoteEphemeral);
    }

    /// <summary>Encrypts if there is a key. The payload of the first message is sent in clear.</summary>
    private void WriteEncrypted(MemoryStream message, ReadOnlySpan<byte> plaintext)
    {
        var output = new byte[plaintext.Length + (_cipher is null ? 0 : NoiseCipher.TagLength)];
        if (_cipher is null)
        {
            plaintext.CopyTo(output);
        }
        else
        {
            _cipher.Encrypt(plaintext, output, _hash);
        }

        MixHash(output);
        message.Write(output);
    }

    private byte[] ReadEncrypted(ReadOnlySpan<byte> ciphertext)
    {
        byte[] plaintext;
        if (_cipher is null)
        {
            plaintext = ciphertext.ToArray();
        }
        else
        {
            plaintext = new byte[Math.Max(0, ciphertext.Length - NoiseCipher.TagLength)];
            _cipher.Decrypt(ciphertext, plaintext, _hash);
        }

        MixHash(ciphertext);
        return plaintext;
    }

    private void MixHash(ReadOnlySpan<byte> data)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(_hash);
        sha.AppendData(data);
        _ = sha.GetHashAndReset(_hash);
    }

    private void MixSecret(X25519KeyPair own, byte[] remote)
    {
        if (!own.TryAgree(remote, _secret))
        {
            throw new WireException(WireLayer.Noise, "the remote's key is of small order: the shared secret is zero");
        }

        Span<byte> keys = stackalloc byte[2 * KeyLength];
        Derive(keys, _secret);
        keys[..KeyLength].CopyTo(_chainingKey);
        _cipher?.Dispose();
        _cipher = new NoiseCipher(keys[KeyLength..]);
        CryptographicOperations.ZeroMemory(keys);
    }

    /// <summary>
    /// Noise's HKDF with two outputs: RFC 5869 with the chaining key as salt and no info. Implemented here because the input of the last
    /// step is empty, which OpenSSL's HKDF rejects.
    /// </summary>
    private void Derive(Span<byte> output, ReadOnlySpan<byte> input)
    {
        Span<byte> key = stackalloc byte[KeyLength];
        Span<byte> second = stackalloc byte[KeyLength + 1];
        _ = HMACSHA256.HashData(_chainingKey, input, key);
        _ = HMACSHA256.HashData(key, [1], output[..KeyLength]);
        output[..KeyLength].CopyTo(second);
        second[KeyLength] = 2;
        _ = HMACSHA256.HashData(key, second, output[KeyLength..]);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(second);
    }
}
