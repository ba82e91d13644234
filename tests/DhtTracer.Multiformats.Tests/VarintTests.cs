using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Multiformats.Tests;

public class VarintTests
{
    // The examples of the unsigned-varint specification.
    [Theory]
    [InlineData(1UL, "01")]
    [InlineData(127UL, "7f")]
    [InlineData(128UL, "8001")]
    [InlineData(255UL, "ff01")]
    [InlineData(300UL, "ac02")]
    [InlineData(16384UL, "808001")]
    [InlineData(ulong.MaxValue >> 1, "ffffffffffffffff7f")]
    public void The_examples_of_the_specification_are_written_and_read(ulong value, string hex)
    {
        var bytes = new byte[Varint.Length(value)];
        Assert.Equal(bytes.Length, Varint.Write(bytes, value));
        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
        Assert.Equal(MultiformatError.None, Varint.Read(bytes, out var read, out var length));
        Assert.Equal((value, bytes.Length), (read, length));
    }

    [Theory]
    [InlineData("", MultiformatError.Truncated)]
    [InlineData("80", MultiformatError.Truncated)]
    [InlineData("8000", MultiformatError.NotMinimal)]
    [InlineData("ffffffffffffffffff", MultiformatError.TooLong)]
    [InlineData("80808080808080808001", MultiformatError.TooLong)]
    public void Bad_varints_are_refused_by_kind(string hex, MultiformatError error) =>
        Assert.Equal(error, Varint.Read(Convert.FromHexString(hex), out _, out _));

    [Fact]
    public void Padding_with_zero_groups_is_read_when_allowed()
    {
        // Google's OTLP writer pads lengths like this.
        Assert.Equal(MultiformatError.None, Varint.Read([0xb4, 0x83, 0x80, 0x00], out var value, out var length, allowOverlong: true));
        Assert.Equal((0x1b4UL, 4), (value, length));
    }

    [Fact]
    public void Every_value_survives_the_round_trip() =>
        Prop.ForAll<ulong>(number =>
            {
                var value = number & Varint.MaxValue;
                var bytes = new byte[Varint.MaxLength];
                var written = Varint.Write(bytes, value);
                return written == Varint.Length(value)
                    && Varint.Read(bytes.AsSpan(0, written), out var read, out var length) == MultiformatError.None
                    && read == value
                    && length == written;
            })
            .QuickCheckThrowOnFailure();
}
