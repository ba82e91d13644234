using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Model;

public sealed class AttributeListTests
{
    [Fact]
    public void Lists_of_equal_content_are_equal_and_have_one_hash()
    {
        var one = AttributeList.Of(("a", 1L), ("b", new ArrayValue(["x", 2L])), ("a", true));
        var other = AttributeList.Of(("a", 1L), ("b", new ArrayValue(["x", 2L])), ("a", true));
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, AttributeList.Of(("a", 1L), ("b", new ArrayValue(["x", 3L])), ("a", true)));
        Assert.NotEqual(one, AttributeList.Of(("a", 1L), ("a", true), ("b", new ArrayValue(["x", 2L]))));
    }

    [Fact]
    public void Resources_that_differ_in_one_value_only_rarely_share_a_hash()
    {
        var hashes = Enumerable
            .Range(0, 1000)
            .Select(node =>
                AttributeList.Of(("service.name", "dht"), ("service.instance.id", $"node-{node}"), ("host", "h")).GetHashCode()
            );
        Assert.InRange(hashes.Distinct().Count(), 990, 1000);
    }

    [Fact]
    public void The_first_value_of_a_key_is_found()
    {
        var list = AttributeList.Of(("a", 1L), ("b", "text"), ("a", 2L));
        Assert.Equal(1L, list["a"]?.AsInt());
        Assert.Equal("text", list.GetString("b"));
        Assert.Null(list.GetString("a"));
        Assert.Null(list["c"]);
    }

    [Fact]
    public void Doubles_and_bytes_compare_by_content()
    {
        Assert.Equal(new DoubleValue(double.NaN), new DoubleValue(double.NaN));
        Assert.Equal(new BytesValue([1, 2]), new BytesValue([1, 2]));
        Assert.NotEqual<AttributeValue>(new BytesValue([1, 2]), new BytesValue([1, 3]));
        Assert.NotEqual<AttributeValue>(new IntValue(1), new DoubleValue(1));
    }
}
