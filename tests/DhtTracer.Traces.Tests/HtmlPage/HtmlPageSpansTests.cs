using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.HtmlPage;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.HtmlPage;

public class HtmlPageSpansTests
{
    private static readonly Span Span = new()
    {
        TraceId = new TraceId(1, 2),
        SpanId = new SpanId(3),
        Name = "dht.query \"quoted\" <b>",
        StartUnixNano = 1_795_334_400_000_000_001,
        EndUnixNano = 1_795_334_400_000_000_999,
        Resource = Resource.Empty,
        Scope = InstrumentationScope.Empty,
    };

    [Fact]
    public void Spans_come_back_as_they_went_in()
    {
        var page = Encoding.UTF8.GetBytes($"<!DOCTYPE html>\n<html><body><h1>x</h1>{HtmlPageSpans.Encode([Span])}</body></html>");
        Assert.Equal(TraceFormat.HtmlPage, TraceFormatDetector.Detect(page));
        var rejected = new List<RejectedSpan>();
        var read = Assert.Single(HtmlPageSpans.Decode(page, rejected));
        Assert.Empty(rejected);
        Assert.Equal(
            (Span.TraceId, Span.SpanId, Span.Name, Span.StartUnixNano, Span.EndUnixNano),
            (read.TraceId, read.SpanId, read.Name, read.StartUnixNano, read.EndUnixNano)
        );
    }

    [Fact]
    public void The_element_holds_nothing_that_would_be_markup() =>
        Assert.Matches("^<data id=\"dht-tracer-spans\" value=\"[A-Za-z0-9+/=]+\"></data>$", HtmlPageSpans.Encode([Span]));

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>another page</body></html>", "holds no spans")]
    [InlineData("<html><data id=\"dht-tracer-spans\" value=\"H4sI", "cut off")]
    [InlineData("<html><data id=\"dht-tracer-spans\" value=\"!!!!\"></data>", "no base64")]
    [InlineData("<html><data id=\"dht-tracer-spans\" value=\"AAAA\"></data>", "damaged")]
    public void Another_page_and_a_damaged_one_are_refused_with_the_reason(string page, string reason)
    {
        var error = Assert.Throws<TraceFormatException>(() => HtmlPageSpans.Decode(Encoding.UTF8.GetBytes(page), []));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
