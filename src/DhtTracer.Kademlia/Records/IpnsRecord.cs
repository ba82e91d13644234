using System.Globalization;
using System.Text;
using DhtTracer.Kademlia.Wire;
using DhtTracer.Libp2p;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;
using Google.Protobuf;

namespace DhtTracer.Kademlia.Records;

/// <summary>
/// An IPNS record (https://specs.ipfs.tech/ipns/ipns-record/): the target of a name and its expiry, signed by the name's key. Only the
/// signature of version 2 is checked. The one of version 1 is written for old readers.
/// </summary>
public sealed record IpnsRecord
{
    /// <summary>Maximum size of a record, in bytes.</summary>
    public const int MaxBytes = 10 * 1024;

    private const ulong EndOfLife = 0;

    private static readonly byte[] SignaturePrefix = "ipns-signature:"u8.ToArray();

    private IpnsRecord(byte[] value, ulong sequence, DateTimeOffset validUntil, ulong timeToLiveNs)
    {
        Value = value;
        Sequence = sequence;
        ValidUntil = validUntil;
        TimeToLiveNs = timeToLiveNs;
    }

    /// <summary>The target of the name, a path such as <c>/ipfs/bafk…</c>.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>Increases with each new version of the record.</summary>
    public ulong Sequence { get; }

    /// <summary>End of validity, to 100 ns.</summary>
    public DateTimeOffset ValidUntil { get; }

    /// <summary>How long it may be cached, in nanoseconds.</summary>
    public ulong TimeToLiveNs { get; }

    /// <summary>Makes a record with signatures of both versions, ready to put under <c>/ipns/</c> and the identity's peer id.</summary>
    /// <param name="identity">The name's key.</param>
    /// <param name="value">The target of the name, a path such as <c>/ipfs/bafk…</c>.</param>
    /// <param name="sequence">Must be higher than in the previous record.</param>
    /// <param name="validUntil">End of validity.</param>
    /// <param name="timeToLive">How long it may be cached.</param>
    public static byte[] Create(Identity identity, string value, ulong sequence, DateTimeOffset validUntil, TimeSpan timeToLive)
    {
        var path = Encoding.UTF8.GetBytes(value);
        var validity = Encoding.ASCII.GetBytes(
            validUntil.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture)
        );
        var ttl = (ulong)timeToLive.Ticks * TimeSpan.NanosecondsPerTick;
        var data = CborMap.Write(
            new Dictionary<string, byte[]> { ["Value"] = path, ["Validity"] = validity },
            new Dictionary<string, ulong>
            {
                ["ValidityType"] = EndOfLife,
                ["Sequence"] = sequence,
                ["TTL"] = ttl,
            }
        );
        return new IpnsEntry
        {
            Value = ByteString.CopyFrom(path),
            SignatureV1 = ByteString.CopyFrom(identity.Sign([.. path, .. validity, .. "EOL"u8])),
            ValidityType = (int)EndOfLife,
            Validity = ByteString.CopyFrom(validity),
            Sequence = sequence,
            Ttl = ttl,
            SignatureV2 = ByteString.CopyFrom(identity.Sign([.. SignaturePrefix, .. data])),
            Data = ByteString.CopyFrom(data),
        }.ToByteArray();
    }

    /// <summary>Reads a record and checks its format and signature, but not its expiry.</summary>
    /// <param name="name">The name. Its key must have signed the record.</param>
    /// <param name="bytes">The record. Hostile.</param>
    /// <param name="record">The record if it is valid.</param>
    /// <returns>Null if it is valid, else the problem.</returns>
    public static string? TryRead(PeerId name, ReadOnlySpan<byte> bytes, out IpnsRecord? record)
    {
        record = null;
        if (bytes.Length > MaxBytes)
        {
            return $"the record has {bytes.Length} bytes, at most {MaxBytes} are allowed";
        }

        IpnsEntry entry;
        try
        {
            entry = IpnsEntry.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            return "the record is no protobuf: " + exception.Message;
        }

        if (entry.SignatureV2.IsEmpty || entry.Data.IsEmpty)
        {
            return "the record has no signature of version 2";
        }

        if (
            CborMap.TryParse(entry.Data.Memory) is not { } data
            || data.GetBytes("Value") is not { } value
            || data.GetBytes("Validity") is not { } validity
            || data.GetInteger("ValidityType") is not { } validityType
            || data.GetInteger("Sequence") is not { } sequence
            || data.GetInteger("TTL") is not { } ttl
        )
        {
            return "the record's data is no CBOR map of Value, Validity, ValidityType, Sequence and TTL";
        }

        // The signature of version 2 does not cover the fields of version 1. If they are present, they must be equal.
        if (
            (!entry.SignatureV1.IsEmpty || entry.HasValue)
            && (
                !entry.Value.Span.SequenceEqual(value)
                || !entry.Validity.Span.SequenceEqual(validity)
                || (ulong)entry.ValidityType != validityType
                || entry.Sequence != sequence
                || entry.Ttl != ttl
            )
        )
        {
            return "the record's fields differ from its signed data";
        }

        if (validityType != EndOfLife)
        {
            return $"the validity type {validityType} is unknown";
        }

        if (ParseTime(validity) is not { } validUntil)
        {
            return "the record's validity is no RFC 3339 time";
        }

        if (FindKey(name, entry) is not { } key)
        {
            return "the record does not come with the public key of its name";
        }

        if (!key.Verify([.. SignaturePrefix, .. entry.Data.Span], entry.SignatureV2.Span))
        {
            return "the record's signature is wrong";
        }

        record = new IpnsRecord(value, sequence, validUntil, ttl);
        return null;
    }

    private static PublicKey? FindKey(PeerId name, IpnsEntry entry)
    {
        try
        {
            var key = entry.PubKey.IsEmpty ? PublicKey.FromPeerId(name) : PublicKey.Parse(entry.PubKey.Span);
            return key?.PeerId == name ? key : null;
        }
        catch (WireException)
        {
            return null;
        }
    }

    private static DateTimeOffset? ParseTime(byte[] validity)
    {
        // Go writes up to nine fractional digits without trailing zeros; .NET reads seven.
        var text = Encoding.UTF8.GetString(validity);
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            text = text[..Math.Min(end, dot + 8)] + text[end..];
        }

        return
            text.Length <= 40
            && text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }
}
