using DhtTracer.Ingestion.Grpc;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Ingestion.Tests.Grpc;

public class GrpcTextTests
{
    [Theory]
    [InlineData("plain text, with ~ and !", "plain text, with ~ and !")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb", "a%0Ab")]
    [InlineData("é", "%C3%A9")]
    public void Messages_are_percent_encoded_utf8(string text, string encoded)
    {
        Assert.Equal(encoded, GrpcText.EncodeMessage(text));
        Assert.Equal(text, GrpcText.DecodeMessage(encoded));
    }

    [Theory]
    [InlineData("50% off", "50% off")]
    [InlineData("end%", "end%")]
    [InlineData("end%4", "end%4")]
    [InlineData("%zz%41", "%zzA")]
    public void Broken_escapes_stay_as_they_stand(string encoded, string text) => Assert.Equal(text, GrpcText.DecodeMessage(encoded));

    [Fact]
    public void Every_text_comes_back_and_only_printable_ascii_travels() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<NonNull<string>>(),
                text =>
                {
                    var wellFormed = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Get));
                    var encoded = GrpcText.EncodeMessage(wellFormed);
                    return encoded.All(c => c is >= ' ' and <= '~') && GrpcText.DecodeMessage(encoded) == wellFormed;
                }
            )
        );

    [Fact]
    public void Long_messages_are_cut()
    {
        var decoded = GrpcText.DecodeMessage(GrpcText.EncodeMessage(new string('x', 100_000)));
        Assert.Equal(new string('x', GrpcText.MaxMessageLength) + "…", decoded);
    }

    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("500m", 5_000_000)]
    [InlineData("7u", 70)]
    [InlineData("250n", 3)]
    [InlineData("99999999S", 999_999_990_000_000)]
    [InlineData("99999999H", 3_599_999_964_000_000_000)]
    public void Timeouts_are_read_in_every_unit(string text, long ticks)
    {
        Assert.True(GrpcText.TryParseTimeout(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("1x")]
    [InlineData("123456789S")]
    public void What_is_no_timeout_is_refused(string text) => Assert.False(GrpcText.TryParseTimeout(text, out _));

    [Theory]
    [InlineData(1, "1u")]
    [InlineData(10, "1u")]
    [InlineData(600_000_000, "60000000u")]
    [InlineData(36_000_000_000, "3600000m")]
    [InlineData(0, "0n")]
    public void Timeouts_are_written_in_the_finest_unit_that_fits(long ticks, string text) =>
        Assert.Equal(text, GrpcText.FormatTimeout(new TimeSpan(ticks)));

    [Fact]
    public void A_written_timeout_is_never_shorter_than_asked() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<NonNegativeInt>(),
                ArbMap.Default.ArbFor<NonNegativeInt>(),
                (a, b) =>
                {
                    var asked = new TimeSpan((long)a.Get * (b.Get + 1));
                    return GrpcText.TryParseTimeout(GrpcText.FormatTimeout(asked), out var read) && read >= asked;
                }
            )
        );
}
