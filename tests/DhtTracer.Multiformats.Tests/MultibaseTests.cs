using System.Text;
using DhtTracer.TestSupport;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Multiformats.Tests;

public class MultibaseTests
{
    // From the specification's tests/basic.csv and tests/two_leading_zeros.csv.
    [Theory]
    [InlineData("f796573206d616e692021", "f0000796573206d616e692021")]
    [InlineData("F796573206D616E692021", "F0000796573206D616E692021")]
    [InlineData("bpfsxgidnmfxgsibb", "baaahszltebwwc3tjeaqq")]
    [InlineData("BPFSXGIDNMFXGSIBB", "BAAAHSZLTEBWWC3TJEAQQ")]
    [InlineData("vf5in683dc5n6i811", "v0007ipbj41mm2rj940gg")]
    [InlineData("VF5IN683DC5N6I811", "V0007IPBJ41MM2RJ940GG")]
    [InlineData("cpfsxgidnmfxgsibb", "caaahszltebwwc3tjeaqq====")]
    [InlineData("CPFSXGIDNMFXGSIBB", "CAAAHSZLTEBWWC3TJEAQQ====")]
    [InlineData("tf5in683dc5n6i811", "t0007ipbj41mm2rj940gg====")]
    [InlineData("TF5IN683DC5N6I811", "T0007IPBJ41MM2RJ940GG====")]
    [InlineData("k2lcpzo5yikidynfl", "k002lcpzo5yikidynfl")]
    [InlineData("K2LCPZO5YIKIDYNFL", "K002LCPZO5YIKIDYNFL")]
    [InlineData("z7paNL19xttacUY", "z117paNL19xttacUY")]
    [InlineData("meWVzIG1hbmkgIQ", "mAAB5ZXMgbWFuaSAh")]
    [InlineData("MeWVzIG1hbmkgIQ==", "MAAB5ZXMgbWFuaSAh")]
    [InlineData("ueWVzIG1hbmkgIQ", "uAAB5ZXMgbWFuaSAh")]
    [InlineData("UeWVzIG1hbmkgIQ==", "UAAB5ZXMgbWFuaSAh")]
    public void The_vectors_of_the_specification_hold_both_ways(string basic, string twoLeadingZeros)
    {
        Check(basic, "yes mani !");
        Check(twoLeadingZeros, "\0\0yes mani !");

        static void Check(string text, string value)
        {
            Assert.Equal(MultiformatError.None, Multibase.Decode(text, out var bytes, out var encoding));
            Assert.Equal(value, Encoding.ASCII.GetString(bytes));
            Assert.Equal(text[0], (char)encoding);
            Assert.Equal(text, Multibase.Encode(encoding, bytes));
        }
    }

    // From the specification's tests/case_insensitivity.csv.
    [Theory]
    [InlineData("f68656c6c6f20776F726C64")]
    [InlineData("F68656c6c6f20776F726C64")]
    [InlineData("bnbswy3dpeB3W64TMMQ")]
    [InlineData("Bnbswy3dpeB3W64TMMQ")]
    [InlineData("vd1imor3f41RMUSJCCG")]
    [InlineData("Vd1imor3f41RMUSJCCG")]
    [InlineData("cnbswy3dpeB3W64TMMQ======")]
    [InlineData("Td1imor3f41RMUSJCCG======")]
    [InlineData("kfUvrsIvVnfRbjWaJo")]
    [InlineData("KfUVrSIVVnFRbJWAJo")]
    public void Letters_may_come_in_either_case_where_the_base_has_only_one(string text)
    {
        Assert.Equal(MultiformatError.None, Multibase.Decode(text, out var bytes, out _));
        Assert.Equal("hello world", Encoding.ASCII.GetString(bytes));
    }

    [Theory]
    [InlineData("", MultiformatError.Empty)]
    [InlineData("\0abc", MultiformatError.Unsupported)]
    [InlineData("7362625631006654133464440102", MultiformatError.Unsupported)]
    [InlineData("z0OIl", MultiformatError.InvalidCharacter)]
    [InlineData("bm\u007f", MultiformatError.InvalidCharacter)]
    [InlineData("béé", MultiformatError.InvalidCharacter)]
    [InlineData("f123", MultiformatError.Truncated)]
    [InlineData("bmb", MultiformatError.InvalidCharacter)] // spare bits are not zero
    [InlineData("MeWVzIG1hbmkgIQ", MultiformatError.InvalidCharacter)] // padding is missing
    [InlineData("meWVzIG1hbmkgIQ==", MultiformatError.InvalidCharacter)] // padding where there should be none
    [InlineData("M====", MultiformatError.InvalidCharacter)]
    [InlineData("m eWVzIG1hbmkgIQ", MultiformatError.InvalidCharacter)] // white space
    [InlineData("MeWV IG1hbmkg", MultiformatError.InvalidCharacter)]
    [InlineData("m-_-_", MultiformatError.InvalidCharacter)] // digits of the other alphabet
    [InlineData("u+/+/", MultiformatError.InvalidCharacter)]
    [InlineData("bpfsxgidnmfxgsib1", MultiformatError.InvalidCharacter)] // a digit that base32 has not
    public void Bad_text_is_refused_by_kind(string text, MultiformatError error)
    {
        Assert.Equal(error, Multibase.Decode(text, out var bytes, out _));
        Assert.Empty(bytes);
    }

    [Fact]
    public void Text_beyond_the_limit_is_refused_before_any_work() =>
        Assert.Equal(MultiformatError.TooLong, Multibase.Decode(new string('z', Multibase.MaxLength + 1), out _, out _));

    [Fact]
    public void Every_base_survives_the_round_trip() =>
        Prop.ForAll<byte[]>(bytes =>
                Enum.GetValues<MultibaseEncoding>()
                    .All(encoding =>
                        Multibase.Decode(Multibase.Encode(encoding, bytes), out var read, out var seen) == MultiformatError.None
                        && seen == encoding
                        && read.AsSpan().SequenceEqual(bytes)
                    )
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Mutated_text_gives_bytes_or_an_error_and_nothing_else()
    {
        var random = new Random(1);
        string[] valid =
        [
            "f796573206d616e692021",
            "bpfsxgidnmfxgsibb",
            "caaahszltebwwc3tjeaqq====",
            "k2lcpzo5yikidynfl",
            "z7paNL19xttacUY",
            "UeWVzIG1hbmkgIQ==",
        ];
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            var text = Fuzz.Mutate(random, valid[i % valid.Length]);
            if (Multibase.Decode(text, out var bytes, out var encoding) == MultiformatError.None)
            {
                // One value has one text, but for the case of letters.
                Assert.Equal(text, Multibase.Encode(encoding, bytes), ignoreCase: true);
            }
        }
    }
}
