using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.KuboEvents;

public sealed class KuboEventReaderTests
{
    private const string Asked = """{"Extra":"","ID":"12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf","Responses":null,"Type":0}""";
    private const string AskedShort = """{"ID":"12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf","Type":0}""";

    private const string Answered =
        """{"Extra":"","ID":"12D3KooWF997Wsa5SsAeQN3txePhs6jQa9WmRXeQMQcFB7xZXYrf","Responses":["""
        + """{"ID":"QmZzunFRc1uHBVfw3rHTSAi3cTEAsbTduwwTLT8t2Tn77d","Addrs":["/ip4/11.1.0.1/tcp/4001","/ip4/11.1.0.1/udp/4001/quic-v1"]},"""
        + """{"ID":"12D3KooWMXH8SwuXwfUNHVV7bdj1MxnEr7vd657FCRnKMaANd7Nh","Addrs":[]}],"Type":1}""";

    private const string Provider =
        """{"Responses":[{"ID":"12D3KooWP8cEV4dzTcg8Wx8STwBJTBLnCRJhxprP8cxqea13aBX2","Addrs":["/ip4/11.137.0.1/tcp/4001"]}],"Type":4}""";

    [Fact]
    public void A_stream_becomes_a_root_span_and_a_span_for_each_event_in_its_order()
    {
        var spans = Decode(Asked, Answered.Trim(), Provider);

        var root = spans[0];
        Assert.Equal(
            (false, "get-providers"),
            (root.Attributes[KuboEventNames.Timed]?.AsBool(), root.Attributes.GetString(KuboEventNames.Type))
        );
        Assert.Equal(["SendingQuery", "PeerResponse", "Provider"], spans.Skip(1).Select(static span => span.Name));
        Assert.Equal([1L, 2L, 3L], spans.Skip(1).Select(static span => span.Attributes[KuboEventNames.Sequence]!.AsInt()!.Value));
        Assert.All(spans.Skip(1), span => Assert.Equal((root.TraceId, root.SpanId), (span.TraceId, span.ParentSpanId)));
        Assert.All(
            spans,
            static span => Assert.Equal((0UL, 0UL, KuboEventNames.Scope), (span.StartUnixNano, span.EndUnixNano, span.Scope.Name))
        );
        var answer = Assert.IsType<ArrayValue>(spans[2].Attributes[KuboEventNames.Addresses]);
        Assert.Equal(["/ip4/11.1.0.1/tcp/4001 /ip4/11.1.0.1/udp/4001/quic-v1", ""], answer.Values.Select(static value => value.AsString()));
    }

    [Fact]
    public void The_same_events_give_the_same_ids_with_and_without_their_empty_fields()
    {
        Assert.Equal(Decode(Asked, Provider), Decode(AskedShort, Provider));
        Assert.NotEqual(Decode(Asked, Provider)[0].TraceId, Decode(Provider, Asked)[0].TraceId);
    }

    [Fact]
    public void What_the_user_says_changes_no_id()
    {
        var plain = Decode(Asked);
        var told = KuboEventReader.Decode(
            Encoding.UTF8.GetBytes(Asked),
            new TraceHints
            {
                Key = "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye",
                Type = "get-providers",
                StartUnixNano = 5,
            }
        );

        Assert.Equal(plain.Select(static span => span.SpanId), told.Select(static span => span.SpanId));
        Assert.Equal((plain[0].TraceId, 5UL), (told[0].TraceId, told[0].StartUnixNano));
        Assert.Equal("get-providers", told[0].Attributes.GetString(KuboEventNames.Type));
        Assert.Null(plain[0].Attributes[KuboEventNames.Type]);
    }

    [Theory]
    [InlineData(
        """{"Responses":[{"ID":"12D3KooWP8cEV4dzTcg8Wx8STwBJTBLnCRJhxprP8cxqea13aBX2","Addrs":[]}],"Type":2}""",
        "find-peer",
        "12D3KooWP8cEV4dzTcg8Wx8STwBJTBLnCRJhxprP8cxqea13aBX2"
    )]
    [InlineData("""{"ID":"12D3KooWP8cEV4dzTcg8Wx8STwBJTBLnCRJhxprP8cxqea13aBX2","Type":2}""", "get-closest-peers", null)]
    [InlineData("""{"Extra":"aGVsbG8=","Type":5}""", "get-value", null)]
    [InlineData("""{"Extra":"routing: not found","Type":3}""", null, null)]
    public void The_result_tells_the_operation(string line, string? type, string? key)
    {
        var root = Decode(line)[0];

        Assert.Equal((type, key), (root.Attributes.GetString(KuboEventNames.Type), root.Attributes.GetString(KuboEventNames.Key)));
    }

    [Fact]
    public void An_error_line_is_the_end_of_the_stream()
    {
        var spans = Decode("""{"Message":"routing: not found","Code":0,"Type":"error"}""");

        Assert.Equal("routing: not found", Assert.Single(spans).Attributes.GetString(KuboEventNames.Error));
    }

    [Theory]
    [InlineData("""{"ID":"12D3Koo""", "expected a JSON object")]
    [InlineData("""{"ID":"12D3KooW","Type":1,"Responses":8}""", "expected a list as Responses")]
    [InlineData("""{"ID":"12D3KooW"}""", "expected an event with a Type")]
    [InlineData("""{"ID":"12D3KooW","Type":"other"}""", "expected a number")]
    [InlineData("""{"ID":"\ud800","Type":1}""", "surrogate")]
    [InlineData("[1]", "expected a JSON object")]
    public void A_line_that_is_no_event_is_an_error_with_its_number(string line, string problem)
    {
        var error = Assert.Throws<TraceFormatException>(() => Decode(Asked, line));

        Assert.Equal(2, error.Line);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_last_line_can_be_passed_over()
    {
        var rejected = new List<RejectedSpan>();
        var spans = KuboEventReader.Decode(Encoding.UTF8.GetBytes(Asked + "\n" + Answered.Trim()[..40]), null, rejected);

        Assert.Equal(2, spans.Count);
        Assert.StartsWith("line 2", Assert.Single(rejected).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Asked)]
    [InlineData(AskedShort)]
    [InlineData(Provider)]
    [InlineData("""{"Message":"routing: not found","Code":0,"Type":"error"}""")]
    public void The_format_is_recognised_by_its_first_line(string line)
    {
        Assert.Equal(TraceFormat.KuboEventsJsonLines, TraceFormatDetector.Detect(Encoding.UTF8.GetBytes(line + "\n" + Asked)));
    }

    [Theory]
    [InlineData("""{"Type":1}""")]
    [InlineData("""{"ID":"x","Type":1,"Name":"other"}""")]
    [InlineData("""{"ID":"x","Responses":null}""")]
    public void Other_objects_are_not_taken_for_it(string line)
    {
        Assert.NotEqual(TraceFormat.KuboEventsJsonLines, TraceFormatDetector.Detect(Encoding.UTF8.GetBytes(line)));
    }

    private static IReadOnlyList<Span> Decode(params string[] lines) =>
        KuboEventReader.Decode(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
}
