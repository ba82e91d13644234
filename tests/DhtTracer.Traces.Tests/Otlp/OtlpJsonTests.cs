using System.Text;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Traces.Tests.Otlp;

public sealed class OtlpJsonTests
{
    private const string Ids = "\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\"";

    [Theory]
    [MemberData(nameof(Captures.OtlpJson), MemberType = typeof(Captures))]
    public void A_captured_document_comes_out_as_it_went_in(string name)
    {
        var original = Captures.Read(name);
        var encoded = OtlpJson.Encode(OtlpJson.Decode(original));
        Assert.Equal(OtlpJsonTree.Normalise(original), OtlpJsonTree.Normalise(encoded));
    }

    [Fact]
    public void Arbitrary_spans_survive_encoding_and_decoding() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(seed =>
            {
                var spans = ArbitrarySpans.Spans(seed);
                Assert.Equal(Grouped(spans), OtlpJson.Decode(OtlpJson.Encode(spans)));
            })
        );

    [Fact]
    public void The_example_of_the_specification_is_read()
    {
        // opentelemetry-proto, examples/trace.json, with its ids in upper case as it has them.
        const string example = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
             "scopeSpans":[{"scope":{"name":"my.library","version":"1.0.0",
               "attributes":[{"key":"my.scope.attribute","value":{"stringValue":"some scope attribute"}}]},
              "spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173",
               "name":"I'm a server span",
               "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","kind":2,
               "attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}]}]}]}]}
            """;
        var span = Assert.Single(OtlpJson.Decode(Encoding.UTF8.GetBytes(example)));
        Assert.Equal(new TraceId(0x5B8EFFF798038103, 0xD269B633813FC60C), span.TraceId);
        Assert.Equal(new SpanId(0xEEE19B7EC3C1B174), span.SpanId);
        Assert.Equal(new SpanId(0xEEE19B7EC3C1B173), span.ParentSpanId);
        Assert.Equal("I'm a server span", span.Name);
        Assert.Equal(SpanKind.Server, span.Kind);
        Assert.Equal(1544712660000000000UL, span.StartUnixNano);
        Assert.Equal(1544712661000000000UL, span.EndUnixNano);
        Assert.Equal("some value", span.Attributes.GetString("my.span.attr"));
        Assert.Equal("my.service", span.Resource.ServiceName);
        Assert.Equal(("my.library", "1.0.0"), (span.Scope.Name, span.Scope.Version));
        Assert.Equal("some scope attribute", span.Scope.Attributes.GetString("my.scope.attribute"));
        Assert.Null(span.Status);
    }

    [Fact]
    public void Fields_are_read_in_snake_case_with_numbers_as_numbers_and_enums_by_name()
    {
        const string text = """
            {"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",
             "parent_span_id":"eee19b7ec3c1b173",
             "start_time_unix_nano":1544712660000000001,"end_time_unix_nano":1544712660000000002,"kind":"SPAN_KIND_CLIENT",
              "trace_state":"a=b","flags":"257",
             "dropped_attributes_count":1,"dropped_events_count":"2","dropped_links_count":3,
             "status":{"code":"STATUS_CODE_ERROR","message":"m"},
             "attributes":[{"key":"i","value":{"int_value":-5}},{"key":"e","value":{"intValue":"1e3"}},
              {"key":"d","value":{"double_value":"NaN"}},
              {"key":"b","value":{"bytes_value":"_-8"}},{"key":"n","value":{}}],
             "events":[{"time_unix_nano":"7","name":"x"}],
             "links":[{"trace_id":"5B8EFFF798038103D269B633813FC60D","span_id":"EEE19B7EC3C1B175"}]}],
             "schema_url":"https://s"}],"schema_url":"https://r"}]}
            """;
        var span = Assert.Single(OtlpJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(new SpanId(0xEEE19B7EC3C1B173), span.ParentSpanId);
        Assert.Equal((1544712660000000001UL, 1544712660000000002UL), (span.StartUnixNano, span.EndUnixNano));
        Assert.Equal((SpanKind.Client, "a=b", 257u), (span.Kind, span.TraceState, span.Flags));
        Assert.Equal((1u, 2u, 3u), (span.DroppedAttributesCount, span.DroppedEventsCount, span.DroppedLinksCount));
        Assert.Equal(new SpanStatus(StatusCode.Error, "m"), span.Status);
        Assert.Equal(
            AttributeList.Of(("i", -5L), ("e", 1000L), ("d", double.NaN), ("b", new BytesValue([0xFF, 0xEF])), ("n", EmptyValue.Instance)),
            span.Attributes
        );
        Assert.Equal((7UL, "x"), (span.Events[0].TimeUnixNano, span.Events[0].Name));
        Assert.Equal(
            (new TraceId(0x5B8EFFF798038103, 0xD269B633813FC60D), new SpanId(0xEEE19B7EC3C1B175)),
            (span.Links[0].TraceId, span.Links[0].SpanId)
        );
        Assert.Equal(("https://r", "https://s"), (span.Resource.SchemaUrl, span.Scope.SchemaUrl));
    }

    [Fact]
    public void Members_in_any_order_and_unknown_members_are_read()
    {
        var text = $$$"""
            {"x":[{"y":null}],"resourceSpans":[{"scopeSpans":[{"spans":[{{{{Ids}}},"new":{"a":[1,2]},"name":null}],
             "scope":{"name":"late"}}],
             "resource":{"attributes":[{"value":{"stringValue":"s"},"key":"service.name"}]}}]}
            """;
        var span = Assert.Single(OtlpJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(("late", "s", ""), (span.Scope.Name, span.Resource.ServiceName, span.Name));
    }

    [Fact]
    public void A_scope_under_the_name_that_it_had_before_2022_is_read()
    {
        var text = $$$"""
            {"resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"old","version":"1"},
             "spans":[{{{{Ids}}}}]}]}]}
            """;
        var span = Assert.Single(OtlpJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(("old", "1"), (span.Scope.Name, span.Scope.Version));
    }

    [Fact]
    public void Lines_are_read_one_after_another()
    {
        var first = Captures.Read(Captures.Names("js-libp2p", "25*.1.json")[0]);
        var second = Captures.Read(Captures.Names("js-libp2p", "25*.2.json")[0]);
        IReadOnlyList<Span> expected = [.. OtlpJson.Decode(first), .. OtlpJson.Decode(second)];
        Assert.Equal(expected, OtlpJson.DecodeLines([.. first, (byte)'\n', .. second, (byte)'\r', (byte)'\n']));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_becomes_a_replacement_character()
    {
        var text = $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{{{Ids}},"name":"a\ud83dz\n\u0041"}]}]}]}""";
        Assert.Equal("a\uFFFDz\nA", OtlpJson.Decode(Encoding.UTF8.GetBytes(text))[0].Name);
    }

    [Fact]
    public void A_span_without_a_valid_id_is_rejected_and_its_neighbour_taken()
    {
        var text =
            $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc","spanId":"eee19b7ec3c1b174"},{{{Ids}}}"""
            + """, {"spanId":"eee19b7ec3c1b174"}]}]}]}""";
        var bytes = Encoding.UTF8.GetBytes(text);
        var rejected = new List<RejectedSpan>();
        Assert.Single(OtlpJson.Decode(bytes, rejected));
        Assert.Equal(
            [text.IndexOf("{\"traceId\":\"abc", StringComparison.Ordinal), text.LastIndexOf("{\"spanId", StringComparison.Ordinal)],
            rejected.Select(span => span.Offset)
        );
        Assert.Contains("32 hex digits, found \"abc\"", rejected[0].Problem, StringComparison.Ordinal);
        Assert.Throws<TraceFormatException>(() => OtlpJson.Decode(bytes));
    }

    [Theory]
    [InlineData("", 0, "does not contain any JSON tokens")]
    [InlineData("[]", 0, "an object as TracesData, found an array")]
    [InlineData("{\"resourceSpans\":{}}", 17, "an array as resourceSpans, found an object")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"x\"}]}]}]}", 51, "kind")]
    [InlineData("{\"resourceSpans\":[\n", 19, "open JSON object or array")]
    [InlineData("{} {}", 3, "Expected end of data")]
    public void An_error_names_the_place_and_what_was_expected(string text, long offset, string problem)
    {
        var exception = Assert.Throws<TraceFormatException>(() => OtlpJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(offset, exception.Offset);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
        Assert.Equal(text.Count(character => character == '\n') + 1, exception.Line);
    }

    [Fact]
    public void Values_nested_too_deep_are_an_error()
    {
        var value = "{\"stringValue\":\"\"}";
        for (var depth = 0; depth < 33; depth++)
        {
            value = $$$"""{"arrayValue":{"values":[{{{value}}}]}}""";
        }

        var text = $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{{{Ids}},"attributes":[{"key":"k","value":{{value}}}]}]}]}]}""";
        var exception = Assert.Throws<TraceFormatException>(() => OtlpJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Contains("32 deep", exception.Problem, StringComparison.Ordinal);
    }

    private static IEnumerable<Span> Grouped(IReadOnlyList<Span> spans) =>
        SpanGrouping.ByResourceAndScope(spans).SelectMany(group => group.Scopes).SelectMany(scope => scope.Spans);
}
