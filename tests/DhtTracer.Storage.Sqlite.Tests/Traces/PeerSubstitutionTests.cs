using System.Buffers;
using System.Text;
using DhtTracer.Storage.Packed;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Storage.Sqlite.Tests.Traces;

public sealed class PeerSubstitutionTests
{
    private static readonly string[] Peers =
    [
        "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf",
        "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtg",
        "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
        "16Uiu2HAmA7yCxpsTFLFKpVAKx8FRYxGTJ9TRJ4FwmFFFxzPZCZq",
    ];

    [Fact]
    public void Whatever_goes_in_comes_out()
    {
        // Pieces that make trouble: peers, beginnings of peers, the escape byte, arbitrary bytes.
        var piece = Gen.OneOf(
            Gen.Elements(Peers).Select(Encoding.ASCII.GetBytes),
            Gen.Elements(Peers).SelectMany(peer => Gen.Choose(0, peer.Length).Select(length => Encoding.ASCII.GetBytes(peer[..length]))),
            Gen.Elements<byte[]>([0xFF], [0xFF, 0], [0xFF, 0xFF, 1], [0]),
            ArbMap.Default.GeneratorFor<byte[]>()
        );
        var inputs = piece.ListOf().Select(pieces => pieces.SelectMany(bytes => bytes).ToArray());
        Prop.ForAll(
                inputs.ToArbitrary(),
                input =>
                {
                    Assert.Equal(input, RoundTrip(input, Peers));
                    Assert.Equal(input, RoundTrip(input, Peers[..1]));
                    Assert.Equal(input, RoundTrip(input, []));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Known_peers_take_two_bytes_and_unknown_ones_stay()
    {
        var input = Encoding.ASCII.GetBytes(string.Join(' ', Peers));
        var output = new ArrayBufferWriter<byte>();
        var used = PeerSubstitution.Encode(input, [Peers[2], Peers[0], "never seen"], output);
        Assert.Equal([Peers[0], Peers[2]], used);
        Assert.Equal($"\u00FF\u0001 {Peers[1]} \u00FF\u0002 {Peers[3]}", Encoding.Latin1.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Damaged_bytes_are_invalid_data_and_nothing_else()
    {
        var random = new Random(3);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            bytes.AsSpan().Replace((byte)7, (byte)0xFF);
            try
            {
                PeerSubstitution.Decode(bytes, [Encoding.ASCII.GetBytes(Peers[0])], new ArrayBufferWriter<byte>());
            }
            catch (InvalidDataException)
            {
                // The one that is allowed.
            }

            try
            {
                PackedPeers.Read(bytes, []);
            }
            catch (InvalidDataException)
            {
                // The same.
            }
        }
    }

    private static byte[] RoundTrip(byte[] input, string[] known)
    {
        var encoded = new ArrayBufferWriter<byte>();
        var used = PeerSubstitution.Encode(input, known, encoded);
        var decoded = new ArrayBufferWriter<byte>();
        PeerSubstitution.Decode(encoded.WrittenSpan, [.. used.Select(Encoding.ASCII.GetBytes)], decoded);
        return decoded.WrittenSpan.ToArray();
    }
}
