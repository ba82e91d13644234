using System.Numerics;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Multiformats.Tests;

public class KadIdTests
{
    [Fact]
    public void The_id_is_the_sha256_of_the_key()
    {
        // SHA-256 of the bytes of 12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA, computed apart from this code.
        var peer = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
        Assert.Equal("a9fb3b592b9e6cee5658eaf7de67433434163a081d97cc77e303b300c816251e", KadId.Of(peer).ToString());
    }

    [Theory]
    [InlineData(0, 0x80, 0)]
    [InlineData(0, 0x01, 7)]
    [InlineData(8, 0x80, 64)]
    [InlineData(16, 0x10, 131)]
    [InlineData(31, 0x01, 255)]
    public void The_common_prefix_ends_at_the_first_different_bit(int at, byte bit, int length)
    {
        var bytes = new byte[32];
        bytes[at] = bit;
        var zero = KadId.FromBytes(new byte[32]);
        var other = KadId.FromBytes(bytes);
        Assert.Equal(length, zero.CommonPrefixLength(other));
        Assert.Equal(256 - length, other.XorBitLength(zero));
    }

    [Fact]
    public void The_same_id_is_at_distance_zero()
    {
        var id = KadId.Of("key"u8);
        Assert.Equal((256, 0, 0), (id.CommonPrefixLength(id), id.XorBitLength(id), KadId.Of("x"u8).CompareDistance(id, id)));
    }

    [Fact]
    public void Distances_order_as_big_integers_do() =>
        Prop.ForAll<byte[], byte[], byte[]>(
                (a, b, c) =>
                {
                    var (target, x, y) = (SHA256.HashData(a), SHA256.HashData(b), SHA256.HashData(c));
                    var expected = Distance(target, x).CompareTo(Distance(target, y));
                    return Math.Sign(KadId.Of(a).CompareDistance(KadId.Of(b), KadId.Of(c))) == Math.Sign(expected)
                        && KadId.Of(a).XorBitLength(KadId.Of(b)) == (int)Distance(target, x).GetBitLength()
                        && KadId.FromBytes(target) == KadId.Of(a)
                        && KadId.Of(a).ToBytes().AsSpan().SequenceEqual(target);
                }
            )
            .QuickCheckThrowOnFailure();

    private static BigInteger Distance(byte[] x, byte[] y) =>
        new([.. x.Zip(y, (p, q) => (byte)(p ^ q))], isUnsigned: true, isBigEndian: true);
}
