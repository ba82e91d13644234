using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Proto = DhtTracer.Traces.Jaeger.Proto;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Tests.Jaeger;

/// <summary>What Jaeger itself puts into spans that pass through it is neither lost nor taken for something else.</summary>
public class JaegerHabitsTests
{
    [Fact]
    public void The_tag_internal_span_format_of_v1_60_stays_a_tag_and_changes_nothing_else()
    {
        var plain = MadeUp();
        var tagged = MadeUp();
        tagged.Tags.Add(new Proto.KeyValue { Key = "internal.span.format", VStr = "otlp" });

        var span = Assert.Single(JaegerModel.Decode([tagged]));

        Assert.Equal("otlp", span.Attributes.GetString("internal.span.format"));
        Assert.Equal(Assert.Single(JaegerModel.Decode([plain])), span with { Attributes = AttributeList.Empty });
    }

    [Theory]
    [InlineData("null-process-and-service-name")]
    [InlineData("missing-service-name")]
    public void The_names_that_jaeger_gives_to_missing_services_are_kept_as_it_says_them(string name)
    {
        // A pull asks by these names and a link back to Jaeger needs them: inventing "none" here would lose both.
        var span = MadeUp();
        span.Process.ServiceName = name;
        Assert.Equal(name, Assert.Single(JaegerModel.Decode([span])).Resource.ServiceName);
    }

    [Fact]
    public void The_nanosecond_that_v2_makes_of_no_duration_comes_with_its_warning_and_goes_out_again()
    {
        const string Warning = "duration is zero, set to 1ns";
        var jaeger = MadeUp();
        jaeger.Duration = new Duration { Nanos = 1 };
        jaeger.Warnings.Add(Warning);

        var span = Assert.Single(JaegerModel.Decode([jaeger]));

        Assert.Equal(span.StartUnixNano + 1, span.EndUnixNano);
        var again = JaegerModel.Encode(span);
        Assert.Equal([Warning], again.Warnings);
        Assert.Equal(new Duration { Nanos = 1 }, again.Duration);
    }

    private static Proto.Span MadeUp() =>
        new()
        {
            TraceId = ByteString.CopyFrom([.. new byte[15], 7]),
            SpanId = ByteString.CopyFrom([.. new byte[7], 9]),
            OperationName = "lookup",
            StartTime = new Timestamp { Seconds = 1_795_000_000 },
            Duration = new Duration { Nanos = 5_000 },
            Process = new Proto.Process { ServiceName = "kubo" },
        };
}
