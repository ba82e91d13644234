using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Jaeger.Tests.Pull;

public class JaegerAddressTests
{
    [Theory]
    [InlineData("jaeger://host", "jaeger://host:16685", "http://host:16685/", "http://host:16686/")]
    [InlineData("jaeger://host:16685", "jaeger://host:16685", "http://host:16685/", "http://host:16686/")]
    [InlineData("jaeger://HOST:9000/", "jaeger://host:9000", "http://host:9000/", "http://host:9000/")]
    [InlineData("http://host", "http://host:16686", "http://host:16685/", "http://host:16686/")]
    [InlineData("http://host:16686/", "http://host:16686", "http://host:16685/", "http://host:16686/")]
    [InlineData("jaegers://host/jaeger/", "jaegers://host:16685/jaeger", "https://host:16685/jaeger", "https://host:16686/jaeger")]
    [InlineData("https://host/jaeger", "https://host:443/jaeger", null, "https://host/jaeger")]
    [InlineData("http://host:80", "http://host:80", null, "http://host/")]
    [InlineData("https://host", "https://host:443", null, "https://host/")]
    [InlineData("jaeger://[::1]:16685", "jaeger://[::1]:16685", "http://[::1]:16685/", "http://[::1]:16686/")]
    public void An_address_says_where_each_protocol_may_be(string source, string name, string? grpc, string http)
    {
        var address = JaegerAddress.Parse(source);
        Assert.Equal(name, address.Name);
        Assert.Equal(grpc, address.Grpc?.AbsoluteUri);
        Assert.Equal(http, address.Http?.AbsoluteUri);
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:16685")]
    [InlineData("ftp://host")]
    [InlineData("http://user:secret@host")]
    [InlineData("jaeger://")]
    public void What_is_no_address_is_refused_with_an_example(string source)
    {
        var error = Assert.Throws<ArgumentException>(() => JaegerAddress.Parse(source));
        Assert.Contains("jaeger://host:16685", error.Message, StringComparison.Ordinal);
    }
}
