using System.Security.Cryptography;
using System.Text;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Redaction;

/// <summary>
/// A secret from which pseudonyms follow. The same secret gives the same pseudonyms, so two files that were redacted with it can be
/// compared.
/// </summary>
public sealed class RedactionSecret
{
    private const int Rounds = 200_000;

    private readonly byte[] _secret;
    private readonly byte[] _mask;

    private RedactionSecret(byte[] secret)
    {
        _secret = secret;
        _mask = Hash("mask", "");
    }

    /// <summary>A new random secret, for pseudonyms that nobody can get again.</summary>
    public static RedactionSecret Random() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>The secret of a passphrase. It is slow on purpose, so that passphrases cannot be tried by the million.</summary>
    public static RedactionSecret Of(string passphrase) =>
        new(Rfc2898DeriveBytes.Pbkdf2(passphrase, "dht-tracer redaction"u8, Rounds, HashAlgorithmName.SHA256, 32));

    /// <summary>
    /// The pseudonym of a position in the key space. All positions are XORed with one mask: the distance between any two stays the same.
    /// </summary>
    internal string Position(KadId id)
    {
        var bytes = id.ToBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= _mask[i];
        }

        return Pseudonym.Of(KadId.FromBytes(bytes));
    }

    /// <summary>The pseudonym of a peer. An id that is no peer id has no position; its pseudonym only tells it from others.</summary>
    internal string Peer(string id) => PeerText.KadId(id) is { } position ? Position(position) : Word("peer", id);

    /// <summary>A word that stands for a text: <c>service-5f0c12ab</c>.</summary>
    internal string Word(string kind, string text) => $"{kind}-{Convert.ToHexStringLower(Hash(kind, text).AsSpan(0, 4))}";

    /// <summary>Some bytes that always follow from a text.</summary>
    internal byte[] Hash(string kind, string text) => HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"{kind}\0{text}"));

    /// <summary>The pseudonym of a permalink: an archive that has the trace must not be found by it.</summary>
    internal QueryId Id(QueryId id) => new(Trace(id.TraceId), Span(id.SpanId));

    internal TraceId Trace(TraceId id) => TraceId.FromBytes(Hash("trace", id.ToString()).AsSpan(0, 16));

    internal SpanId Span(SpanId id) => SpanId.FromBytes(Hash("span", id.ToString()).AsSpan(0, 8));
}
