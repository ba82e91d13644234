using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Proto = DhtTracer.Traces.Otlp.Proto;

namespace DhtTracer.Traces.Tests.Otlp;

public sealed class OtlpProtobufTests
{
    private static readonly ByteString Trace = ByteString.CopyFrom(Convert.FromHexString("5b8efff798038103d269b633813fc60c"));
    private static readonly ByteString SpanIdBytes = ByteString.CopyFrom(Convert.FromHexString("eee19b7ec3c1b174"));

    [Theory]
    [MemberData(nameof(Captures.OtlpProtobuf), MemberType = typeof(Captures))]
    public void A_captured_message_comes_out_as_it_went_in(string name)
    {
        var original = Captures.Read(name);
        var encoded = OtlpProtobuf.Encode(OtlpProtobuf.Decode(original));
        Assert.Equal(Proto.TracesData.Parser.ParseFrom(original), Proto.TracesData.Parser.ParseFrom(encoded));
    }

    [Theory]
    [InlineData("01-dht-findProviders-found", 1)]
    [InlineData("14-dht-put", 1)]
    [InlineData("25-dht-findProviders-dead-peers", 1)]
    [InlineData("25-dht-findProviders-dead-peers", 2)]
    public void The_same_export_in_protobuf_and_in_json_gives_the_same_spans(string name, int part)
    {
        var json = OtlpJson.Decode(Captures.Read($"js-libp2p/{name}.otlp-http-json.{part}.json"));
        Assert.Equal(json, OtlpProtobuf.Decode(Captures.Read($"js-libp2p/other/{name}.otlp-http-proto.{part}.pb")));
        Assert.Equal(json, OtlpProtobuf.Decode(Captures.Read($"js-libp2p/other/{name}.otlp-grpc.{part}.pb")));
    }

    [Fact]
    public void Arbitrary_spans_survive_encoding_and_decoding() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(seed =>
            {
                var spans = ArbitrarySpans.Spans(seed);
                var grouped = SpanGrouping.ByResourceAndScope(spans).SelectMany(group => group.Scopes).SelectMany(scope => scope.Spans);
                Assert.Equal(grouped, OtlpProtobuf.Decode(OtlpProtobuf.Encode(spans)));
            })
        );

    [Fact]
    public void What_is_written_reads_the_same_with_the_generated_classes_and_in_json() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(seed =>
            {
                // The generated parser writes the message anew; both must be the very same bytes, as fields stand in order of their
                // numbers.
                var encoded = OtlpProtobuf.Encode(ArbitrarySpans.Spans(seed));
                Assert.Equal(encoded, Proto.TracesData.Parser.ParseFrom(encoded).ToByteArray());
            })
        );

    [Fact]
    public void Messages_written_one_after_another_are_one_message()
    {
        var first = ArbitrarySpans.Spans(1, 5);
        var second = ArbitrarySpans.Spans(2, 5);
        var both = OtlpProtobuf.Decode([.. OtlpProtobuf.Encode(first), .. OtlpProtobuf.Encode(second)]);
        Assert.Equal(first.Concat(second).OrderBy(one => one.SpanId), both.OrderBy(one => one.SpanId));
    }

    [Fact]
    public void A_resource_after_its_spans_is_theirs()
    {
        var scopes = new Proto.ResourceSpans
        {
            ScopeSpans =
            {
                new Proto.ScopeSpans
                {
                    Spans =
                    {
                        new Proto.Span { TraceId = Trace, SpanId = SpanIdBytes },
                    },
                },
            },
        };
        var resource = new Proto.ResourceSpans
        {
            Resource = new Proto.Resource
            {
                Attributes =
                {
                    new Proto.KeyValue
                    {
                        Key = "service.name",
                        Value = new Proto.AnyValue { StringValue = "late" },
                    },
                },
            },
            SchemaUrl = "https://r",
        };
        byte[] group = [.. scopes.ToByteArray(), .. resource.ToByteArray()];
        var decoded = OtlpProtobuf.Decode([0x0A, (byte)group.Length, .. group]);
        Assert.Equal(("late", "https://r"), (decoded[0].Resource.ServiceName, decoded[0].Resource.SchemaUrl));
    }

    [Fact]
    public void Over_long_varints_are_read()
    {
        byte[] scopeSpans = new Proto.ScopeSpans
        {
            Spans =
            {
                new Proto.Span
                {
                    TraceId = Trace,
                    SpanId = SpanIdBytes,
                    Name = "n",
                },
            },
        }.ToByteArray();
        byte[] group = [0x12, (byte)(scopeSpans.Length | 0x80), 0x80, 0x80, 0x00, .. scopeSpans];
        var decoded = OtlpProtobuf.Decode([
            0x0A,
            (byte)(group.Length | 0x80),
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x00,
            .. group,
        ]);
        Assert.Equal("n", Assert.Single(decoded).Name);
    }

    [Fact]
    public void Unknown_fields_of_every_wire_type_are_passed_over()
    {
        // Fields 100 (varint), 101 (64 bits), 102 (length), 103 (a group with a field inside), 104 (32 bits).
        byte[] unknown =
        [
            0xA0,
            0x06,
            0x96,
            0x01,
            0xA9,
            0x06,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            0xB2,
            0x06,
            2,
            9,
            9,
            0xBB,
            0x06,
            0x08,
            0x01,
            0xBC,
            0x06,
            0xC5,
            0x06,
            1,
            2,
            3,
            4,
        ];
        byte[] message =
        [
            .. unknown,
            .. new Proto.Span
            {
                TraceId = Trace,
                SpanId = SpanIdBytes,
                Name = "n",
            }.ToByteArray(),
            .. unknown,
        ];
        byte[] scope = [0x12, (byte)message.Length, .. message, .. unknown];
        byte[] group = [.. unknown, 0x12, 0x80 | 0, 0x01, .. scope];
        group[unknown.Length + 1] = (byte)(scope.Length | 0x80);
        group[unknown.Length + 2] = (byte)(scope.Length >> 7);
        byte[] data = [0x0A, (byte)(group.Length | 0x80), (byte)(group.Length >> 7), .. group, .. unknown];
        Assert.Equal("n", Assert.Single(OtlpProtobuf.Decode(data)).Name);
    }

    [Fact]
    public void Spans_of_one_group_share_resource_scope_keys_and_repeated_values()
    {
        var decoded = OtlpProtobuf.Decode(Captures.Read("js-libp2p/other/01-dht-findProviders-found.otlp-http-proto.1.pb"));
        Assert.All(decoded, one => Assert.Same(decoded[0].Resource, one.Resource));
        Assert.All(decoded, one => Assert.Same(decoded[0].Scope, one.Scope));
        var keys = decoded.SelectMany(one => one.Attributes).Select(pair => pair.Key).Where(key => key == "message type").ToArray();
        Assert.All(keys, key => Assert.Same(keys[0], key));
    }

    [Fact]
    public void A_span_with_ids_of_the_wrong_length_is_rejected_and_its_neighbour_taken()
    {
        var data = Message(
            new Proto.Span { TraceId = Trace, SpanId = SpanIdBytes },
            new Proto.Span { TraceId = ByteString.CopyFrom(1, 2, 3), SpanId = SpanIdBytes },
            new Proto.Span { TraceId = Trace },
            new Proto.Span { TraceId = ByteString.CopyFrom(new byte[16]), SpanId = SpanIdBytes },
            new Proto.Span
            {
                TraceId = Trace,
                SpanId = SpanIdBytes,
                ParentSpanId = ByteString.CopyFrom(1),
            }
        );
        var rejected = new List<RejectedSpan>();
        Assert.Single(OtlpProtobuf.Decode(data, rejected));
        Assert.Equal(
            [
                "expected a trace id of 16 bytes, found 3",
                "expected a span with a span id that is not all zero",
                "expected a span with a trace id that is not all zero",
                "expected a parent span id of 8 bytes, found 1",
            ],
            rejected.Select(one => one.Problem)
        );
        Assert.Throws<TraceFormatException>(() => OtlpProtobuf.Decode(data));
    }

    [Theory]
    [InlineData("0A", 1, "expected a varint")]
    [InlineData("0A05", 2, "expected 5 bytes")]
    [InlineData("00", 0, "field number")]
    [InlineData("0AFFFFFFFFFFFFFFFFFFFF01", 1, "at most ten bytes")]
    [InlineData("0AFFFFFFFF7F", 1, "below 2 GiB")]
    [InlineData("17", 1, "wire type")]
    [InlineData("0A0212FF", 3, "expected a varint")]
    public void An_error_names_the_place_and_what_was_expected(string hex, long offset, string problem)
    {
        var exception = Assert.Throws<TraceFormatException>(() => OtlpProtobuf.Decode(Convert.FromHexString(hex)));
        Assert.Equal(offset, exception.Offset);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_nested_too_deep_are_an_error_and_spoil_nothing_for_the_next_message()
    {
        var value = new Proto.AnyValue { StringValue = "deep" };
        for (var depth = 0; depth < 33; depth++)
        {
            value = new Proto.AnyValue { ArrayValue = new Proto.ArrayValue { Values = { value } } };
        }

        var exception = Assert.Throws<TraceFormatException>(() =>
            OtlpProtobuf.Decode(
                Message(
                    new Proto.Span
                    {
                        TraceId = Trace,
                        SpanId = SpanIdBytes,
                        Attributes =
                        {
                            new Proto.KeyValue { Key = "k", Value = value },
                        },
                    }
                )
            )
        );
        Assert.Contains("32 deep", exception.Problem, StringComparison.Ordinal);
        Assert.Empty(OtlpProtobuf.Decode(Message(new Proto.Span { TraceId = Trace, SpanId = SpanIdBytes }))[0].Attributes);
    }

    private static byte[] Message(params Proto.Span[] spans) =>
        new Proto.TracesData
        {
            ResourceSpans = { new Proto.ResourceSpans { ScopeSpans = { new Proto.ScopeSpans { Spans = { spans } } } } },
        }.ToByteArray();
}
