using System.Buffers;
using System.Text;

namespace DhtTracer.Storage.Packed;

/// <summary>
/// Replaces peer ids with short references before compression. A peer id is 32 random bytes, written in 46 to 53 characters, and does not
/// compress. Peer ids make up most of a compressed trace, and the archive has most of them already from other traces.
/// </summary>
/// <remarks>
/// This is independent of OTLP: decoding gives back the same bytes. <c>FF n</c> is peer n - 1 of a list, where n is a varint; <c>FF 00</c>
/// is a byte FF.
/// </remarks>
internal static class PeerSubstitution
{
    private const byte Escape = 0xFF;

    // Ed25519, RSA and similar keys, secp256k1: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
    private static readonly (byte[] Prefix, int Length)[] Spellings =
    [
        ("12D3KooW"u8.ToArray(), 52),
        ("Qm"u8.ToArray(), 46),
        ("16Uiu2HA"u8.ToArray(), 53),
    ];

    /// <summary>Replaces all occurrences of <paramref name="known"/>.</summary>
    /// <returns>The referenced peers, in the order of their numbers.</returns>
    public static IReadOnlyList<string> Encode(ReadOnlySpan<byte> data, IEnumerable<string> known, ArrayBufferWriter<byte> output)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var peer in known)
        {
            numbers.TryAdd(peer, -1);
        }

        var lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        var used = new List<string>();
        Span<char> text = stackalloc char[64];
        var written = 0;
        var finder = new Finder(data, numbers.Keys);
        while (finder.Next(out var start, out var length))
        {
            var spelling = text[..Encoding.Latin1.GetChars(data.Slice(start, length), text)];
            if (!lookup.TryGetValue(spelling, out var peer, out var number))
            {
                continue;
            }

            if (number < 0)
            {
                number = used.Count;
                numbers[peer] = number;
                used.Add(peer);
            }

            WriteLiteral(data[written..start], output);
            output.Write([Escape]);
            Varint.Write(output, (ulong)number + 1);
            written = start + length;
            finder.SkipTo(written);
        }

        WriteLiteral(data[written..], output);
        return used;
    }

    /// <summary>Reverses <see cref="Encode"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Decode(ReadOnlySpan<byte> data, IReadOnlyList<byte[]> peers, ArrayBufferWriter<byte> output)
    {
        while (true)
        {
            var next = data.IndexOf(Escape);
            if (next < 0)
            {
                output.Write(data);
                return;
            }

            output.Write(data[..next]);
            data = data[(next + 1)..];
            var number = Varint.Read(ref data);
            if (number > (ulong)peers.Count)
            {
                throw new InvalidDataException($"A stored trace is damaged: it refers to peer {number} of {peers.Count}.");
            }

            output.Write(number == 0 ? [Escape] : peers[(int)number - 1]);
        }
    }

    private static void WriteLiteral(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> output)
    {
        while (true)
        {
            var next = data.IndexOf(Escape);
            if (next < 0)
            {
                output.Write(data);
                return;
            }

            output.Write(data[..(next + 1)]);
            output.Write("\0"u8);
            data = data[(next + 1)..];
        }
    }

    /// <summary>Finds the positions where a peer id may start, in order. Each prefix is searched with vector instructions.</summary>
    private ref struct Finder
    {
        private readonly ReadOnlySpan<byte> _data;
        private readonly int[] _next = new int[Spellings.Length];
        private int _position;

        public Finder(ReadOnlySpan<byte> data, IEnumerable<string> known)
        {
            _data = data;
            var lengths = known.Select(peer => peer.Length).ToHashSet();
            for (var i = 0; i < _next.Length; i++)
            {
                _next[i] = lengths.Contains(Spellings[i].Length) ? -1 : int.MaxValue;
            }
        }

        public void SkipTo(int start) => _position = start;

        public bool Next(out int start, out int length)
        {
            (start, length) = (int.MaxValue, 0);
            for (var i = 0; i < _next.Length; i++)
            {
                if (_next[i] < _position)
                {
                    var found = _data[_position..].IndexOf(Spellings[i].Prefix);
                    _next[i] = found < 0 || _position + found + Spellings[i].Length > _data.Length ? int.MaxValue : _position + found;
                }

                if (_next[i] < start)
                {
                    (start, length) = (_next[i], Spellings[i].Length);
                }
            }

            _position = length == 0 ? _position : start + 1;
            return length > 0;
        }
    }
}
