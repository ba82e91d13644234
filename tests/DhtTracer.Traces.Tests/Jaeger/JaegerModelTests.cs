using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Proto = DhtTracer.Traces.Jaeger.Proto;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Tests.Jaeger;

public sealed class JaegerModelTests
{
    private static readonly ByteString Trace = ByteString.CopyFrom(Convert.FromHexString("5b8efff798038103d269b633813fc60c"));
    private static readonly ByteString Id = ByteString.CopyFrom(Convert.FromHexString("eee19b7ec3c1b174"));

    [Fact]
    public void From_otlp_to_jaeger_and_back_nothing_is_lost_but_what_the_table_names() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(seed =>
            {
                foreach (var span in ArbitrarySpans.Spans(seed))
                {
                    // Over the wire, as a client would get it.
                    var wire = Proto.Span.Parser.ParseFrom(JaegerModel.Encode(span).ToByteArray());
                    JaegerComparison.AssertSurvived(span, Assert.Single(JaegerModel.Decode([wire])));
                }
            })
        );

    [Fact]
    public void From_jaeger_to_otlp_and_back_nothing_is_lost() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(seed =>
            {
                var before = ArbitraryJaegerSpans.Span(seed);
                var after = JaegerModel.Encode(Assert.Single(JaegerModel.Decode([before])));
                Assert.Equal(
                    (before.TraceId, before.SpanId, before.OperationName, before.Flags),
                    (after.TraceId, after.SpanId, after.OperationName, after.Flags)
                );
                Assert.Equal((before.StartTime, before.Duration), (after.StartTime, after.Duration));
                Assert.Equal(Sorted(before.References), Sorted(after.References));
                Assert.Equal(before.Warnings, after.Warnings);
                Assert.Equal(before.Process, after.Process);
                Assert.Equal(
                    before.Logs.Select(log => (log.Timestamp, string.Join('\n', Sorted(log.Fields)))),
                    after.Logs.Select(log => (log.Timestamp, string.Join('\n', Sorted(log.Fields))))
                );
                var missing = Sorted(before.Tags.Select(Renamed)).ToList();
                var added = new List<string>();
                foreach (var tag in Sorted(after.Tags.Select(Renamed)))
                {
                    if (!missing.Remove(tag))
                    {
                        added.Add(tag);
                    }
                }

                // The scope may have been there twice, under its old and its new name; a failure is written in both of its ways.
                Assert.All(
                    missing,
                    tag =>
                        Assert.True(
                            tag.Contains("otel.scope.", StringComparison.Ordinal) && Sorted(after.Tags.Select(Renamed)).Contains(tag),
                            tag
                        )
                );
                Assert.All(
                    added,
                    tag =>
                        Assert.True(
                            tag
                                is "{ \"key\": \"otel.status_code\", \"vStr\": \"ERROR\" }"
                                    or "{ \"key\": \"error\", \"vType\": \"BOOL\", \"vBool\": true }",
                            tag
                        )
                );
            })
        );

    [Fact]
    public void A_lone_follows_from_is_the_parent_and_is_written_once()
    {
        var other = ByteString.CopyFrom(0, 0, 0, 0, 0, 0, 0, 9);
        var before = new Proto.Span
        {
            TraceId = Trace,
            SpanId = Id,
            References =
            {
                new Proto.SpanRef
                {
                    TraceId = Trace,
                    SpanId = other,
                    RefType = Proto.SpanRefType.FollowsFrom,
                },
            },
        };
        var span = Assert.Single(JaegerModel.Decode([before]));
        Assert.Equal(new SpanId(9), span.ParentSpanId);
        Assert.Equal("follows_from", Assert.Single(span.Links).Attributes.GetString("opentracing.ref_type"));
        Assert.Equal(before.References, JaegerModel.Encode(span).References);
    }

    [Fact]
    public void Flags_are_those_of_w3c_whatever_otlp_adds_to_them() =>
        Assert.Equal(
            1u,
            JaegerModel
                .Encode(Assert.Single(JaegerModel.Decode([new Proto.Span { TraceId = Trace, SpanId = Id }])) with { Flags = 257 })
                .Flags
        );

    [Fact]
    public void Ids_of_64_bits_are_padded_and_bad_ones_rejected()
    {
        Proto.Span[] spans =
        [
            new() { TraceId = Id, SpanId = Id },
            new() { TraceId = ByteString.CopyFrom(1, 2), SpanId = Id },
            new() { TraceId = Trace },
            new() { TraceId = ByteString.CopyFrom(new byte[16]), SpanId = Id },
        ];
        var rejected = new List<RejectedSpan>();
        Assert.Equal(new TraceId(0, 0xEEE19B7EC3C1B174), Assert.Single(JaegerModel.Decode(spans, rejected: rejected)).TraceId);
        Assert.Equal([1L, 2L, 3L], rejected.Select(one => one.Offset));
        Assert.Throws<TraceFormatException>(() => JaegerModel.Decode(spans));
    }

    [Theory]
    [InlineData(-62135596800, 0)] // 0001-01-01, Go's zero time.
    [InlineData(-6795364579, 128654848)] // 1754-08-30, what becomes of it in 64 bits of nanoseconds.
    public void An_absent_start_time_is_unknown_and_not_a_date_of_the_past(long seconds, int nanos)
    {
        var span = JaegerModel.Decode([
            new Proto.Span
            {
                TraceId = Trace,
                SpanId = Id,
                StartTime = new Timestamp { Seconds = seconds, Nanos = nanos },
            },
        ])[0];
        Assert.Equal((0UL, 0UL), (span.StartUnixNano, span.EndUnixNano));
    }

    [Fact]
    public void The_first_child_of_reference_within_the_trace_is_the_parent_and_the_others_are_links()
    {
        var other = ByteString.CopyFrom(Convert.FromHexString("00000000000000000000000000000007"));
        var span = new Proto.Span { TraceId = Trace, SpanId = Id };
        span.References.Add(
            new Proto.SpanRef
            {
                TraceId = other,
                SpanId = SpanIdOf(1),
                RefType = Proto.SpanRefType.ChildOf,
            }
        );
        span.References.Add(
            new Proto.SpanRef
            {
                TraceId = Trace,
                SpanId = SpanIdOf(2),
                RefType = Proto.SpanRefType.FollowsFrom,
            }
        );
        span.References.Add(
            new Proto.SpanRef
            {
                TraceId = Trace,
                SpanId = SpanIdOf(3),
                RefType = Proto.SpanRefType.ChildOf,
            }
        );
        span.References.Add(
            new Proto.SpanRef
            {
                TraceId = Trace,
                SpanId = SpanIdOf(4),
                RefType = Proto.SpanRefType.ChildOf,
            }
        );
        var decoded = JaegerModel.Decode([span])[0];
        Assert.Equal(new SpanId(3), decoded.ParentSpanId);
        Assert.Equal(
            [(new SpanId(1), "child_of"), (new SpanId(2), null), (new SpanId(4), "child_of")],
            decoded.Links.Select(link => (link.SpanId, link.Attributes.GetString("opentracing.ref_type")))
        );
    }

    [Theory]
    [InlineData("OK", null, StatusCode.Ok)]
    [InlineData("ERROR", null, StatusCode.Error)]
    [InlineData(null, true, StatusCode.Error)]
    [InlineData("ERROR", true, StatusCode.Error)]
    [InlineData("OK", true, StatusCode.Ok)]
    [InlineData(null, false, null)]
    [InlineData(null, null, null)]
    public void Status_comes_from_its_tag_and_else_from_the_error_tag(string? code, bool? error, StatusCode? expected)
    {
        var span = new Proto.Span { TraceId = Trace, SpanId = Id };
        if (code is not null)
        {
            span.Tags.Add(new Proto.KeyValue { Key = "otel.status_code", VStr = code });
        }

        if (error is { } value)
        {
            span.Tags.Add(
                new Proto.KeyValue
                {
                    Key = "error",
                    VType = Proto.ValueType.Bool,
                    VBool = value,
                }
            );
        }

        Assert.Equal(expected, JaegerModel.Decode([span])[0].Status?.Code);
    }

    [Fact]
    public void Spans_of_equal_processes_share_one_resource()
    {
        var one = new Proto.Span
        {
            TraceId = Trace,
            SpanId = Id,
            Process = new Proto.Process { ServiceName = "kubo" },
        };
        var other = new Proto.Span
        {
            TraceId = Trace,
            SpanId = SpanIdOf(5),
            Process = new Proto.Process { ServiceName = "js" },
        };
        var spans = JaegerModel.Decode([one, other, one.Clone()]);
        Assert.Same(spans[0].Resource, spans[2].Resource);
        Assert.Equal(["kubo", "js", "kubo"], spans.Select(span => span.Resource.ServiceName));
    }

    [Fact]
    public void Batches_hold_the_spans_of_one_process_each()
    {
        var spans = ArbitrarySpans.Spans(4);
        var batches = JaegerModel.EncodeBatches(spans);
        Assert.Equal(spans.Select(span => span.Resource).Distinct().Count(), batches.Count);
        var decoded = batches.SelectMany(batch => JaegerModel.Decode(batch.Spans, batch.Process)).OrderBy(span => span.SpanId).ToArray();
        Assert.All(spans.OrderBy(span => span.SpanId).Zip(decoded), pair => JaegerComparison.AssertSurvived(pair.First, pair.Second));
    }

    private static ByteString SpanIdOf(byte value) => ByteString.CopyFrom(0, 0, 0, 0, 0, 0, 0, value);

    private static IEnumerable<string> Sorted(IEnumerable<IMessage> messages) =>
        messages.Select(message => message.ToString()!).Order(StringComparer.Ordinal);

    private static Proto.KeyValue Renamed(Proto.KeyValue tag)
    {
        var renamed = tag.Clone();
        renamed.Key = tag.Key.Replace("otel.library.", "otel.scope.", StringComparison.Ordinal);
        return renamed;
    }
}
