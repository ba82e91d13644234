using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Model;

public sealed class IdTests
{
    [Theory]
    [InlineData("5b8efff798038103d269b633813fc60c", 0x5B8EFFF798038103, 0xD269B633813FC60C)]
    [InlineData("5B8EFFF798038103D269B633813FC60C", 0x5B8EFFF798038103, 0xD269B633813FC60C)]
    [InlineData("d269b633813fc60c", 0, 0xD269B633813FC60C)]
    [InlineData("3d269b633813fc60c", 3, 0xD269B633813FC60C)]
    [InlineData("f", 0, 0xF)]
    public void A_trace_id_is_read_from_up_to_32_digits_of_either_case(string text, ulong high, ulong low)
    {
        Assert.True(TraceId.TryParse(text, out var id));
        Assert.Equal(new TraceId(high, low), id);
        Assert.Equal(text.ToLowerInvariant().PadLeft(32, '0'), id.ToString());
        Assert.Equal(text.ToUpperInvariant().PadLeft(32, '0'), Convert.ToHexString(id.ToBytes()));
        Assert.Equal(id, TraceId.FromBytes(id.ToBytes()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("g")]
    [InlineData(" 1")]
    [InlineData("0x1")]
    [InlineData("-1")]
    [InlineData("5b8efff798038103d269b633813fc60c0")]
    [InlineData("g269b633813fc60cd269b633813fc60c")]
    public void What_is_no_id_is_refused(string? text)
    {
        Assert.False(TraceId.TryParse(text, out _));
        Assert.False(SpanId.TryParse(text, out _));
    }

    [Fact]
    public void A_span_id_is_read_from_up_to_16_digits_of_either_case()
    {
        Assert.True(SpanId.TryParse("EEE19b7ec3c1b174", out var id));
        Assert.Equal(new SpanId(0xEEE19B7EC3C1B174), id);
        Assert.Equal("eee19b7ec3c1b174", id.ToString());
        Assert.Equal(id, SpanId.FromBytes(id.ToBytes()));
        Assert.True(SpanId.TryParse("1f", out var shortId));
        Assert.Equal("000000000000001f", shortId.ToString());
        Assert.False(SpanId.TryParse("0eee19b7ec3c1b174", out _));
    }

    [Fact]
    public void Ids_sort_as_their_digits_do()
    {
        TraceId[] ids = [new(1, 0), new(0, ulong.MaxValue), new(0, 0), new(ulong.MaxValue, 1), new(1, 5)];
        Assert.Equal(ids.OrderBy(id => id.ToString(), StringComparer.Ordinal), ids.Order());
        Assert.True(new TraceId(0, 9) < new TraceId(1, 0));
        Assert.True(new SpanId(ulong.MaxValue) > new SpanId(1));
        Assert.True(new SpanId(1) <= new SpanId(1) && new SpanId(1) >= new SpanId(1));
    }
}
