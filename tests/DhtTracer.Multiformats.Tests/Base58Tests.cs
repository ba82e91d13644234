using System.Numerics;
using System.Text;
using DhtTracer.TestSupport;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Multiformats.Tests;

public class Base58Tests
{
    // From draft-msporny-base58, section 5 (with its known typo in the third put right).
    [Theory]
    [InlineData("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U")]
    [InlineData(
        "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
    )]
    [InlineData("0000287fb4cd", "11233QC4")]
    [InlineData("", "")]
    [InlineData("00", "1")]
    public void The_vectors_of_the_draft_hold_both_ways(string hex, string text)
    {
        Assert.Equal(text, Base58.Encode(Convert.FromHexString(hex)));
        Assert.Equal(MultiformatError.None, Base58.Decode(text, out var bytes));
        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Base36_of_a_key_is_what_js_libp2p_writes_into_spans()
    {
        var vector = Vectors.Other.GetProperty("base36OfKey");
        Assert.Equal(vector.Text("base36"), Base36.Encode(Encoding.UTF8.GetBytes(vector.Text("keyText"))));
    }

    [Fact]
    public void Both_bases_agree_with_arithmetic_on_big_integers() =>
        Prop.ForAll<byte[], byte>(
                (bytes, zeros) =>
                {
                    byte[] input = [.. new byte[zeros % 4], .. bytes, .. bytes, .. bytes];
                    return Base58.Encode(input) == ByDivision(input, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
                        && Base36.Encode(input) == ByDivision(input, "0123456789abcdefghijklmnopqrstuvwxyz")
                        && Base58.Decode(Base58.Encode(input), out var back58) == MultiformatError.None
                        && back58.AsSpan().SequenceEqual(input)
                        && Base36.Decode(Base36.Encode(input), out var back36) == MultiformatError.None
                        && back36.AsSpan().SequenceEqual(input);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Long_input_takes_the_pooled_path_and_survives_the_round_trip()
    {
        var bytes = new byte[2500];
        new Random(3).NextBytes(bytes);
        Assert.Equal(MultiformatError.None, Base58.Decode(Base58.Encode(bytes), out var back));
        Assert.Equal(bytes, back);
    }

    private static string ByDivision(byte[] bytes, string alphabet)
    {
        var number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var text = new StringBuilder();
        for (; number > 0; number /= alphabet.Length)
        {
            text.Insert(0, alphabet[(int)(number % alphabet.Length)]);
        }

        return new string(alphabet[0], bytes.TakeWhile(b => b == 0).Count()) + text;
    }
}
