using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Tests;

public sealed class HostileInputTests
{
    [Fact]
    public void Spoiled_otlp_protobuf_gives_format_errors_only() =>
        Mutations.OnlyFormatErrors(
            Captures.Read("js-libp2p/other/25-dht-findProviders-dead-peers.otlp-http-proto.1.pb"),
            input => OtlpProtobuf.Decode(input)
        );

    [Fact]
    public void Spoiled_otlp_json_gives_format_errors_only() =>
        Mutations.OnlyFormatErrors(Captures.Read("js-libp2p/23-aborted-after-60ms.otlp-http-json.1.json"), input => OtlpJson.Decode(input));

    [Fact]
    public void Spoiled_jaeger_json_gives_format_errors_only() =>
        Mutations.OnlyFormatErrors(
            JaegerJson.Encode(OtlpJson.Decode(Captures.Read("js-libp2p/23-aborted-after-60ms.otlp-http-json.1.json"))),
            input => JaegerJson.Decode(input)
        );

    [Fact]
    public void Spoiled_jaeger_v3_json_gives_format_errors_only() =>
        Mutations.OnlyFormatErrors(
            JaegerV3Json.Encode(OtlpJson.Decode(Captures.Read("js-libp2p/23-aborted-after-60ms.otlp-http-json.1.json"))),
            input => JaegerV3Json.Decode(input)
        );

    [Fact]
    public void Braces_without_end_are_an_error_and_no_overflow_of_the_stack()
    {
        var opening = "{\"resourceSpans\":["u8.ToArray();
        byte[] hostile = [.. Enumerable.Repeat(opening, 100_000).SelectMany(part => part)];
        Assert.Throws<TraceFormatException>(() => OtlpJson.Decode(hostile));
        Assert.Throws<TraceFormatException>(() => JaegerJson.Decode(hostile));
        Assert.Throws<TraceFormatException>(() => JaegerV3Json.Decode(hostile));
    }

    [Fact]
    public void Groups_without_end_are_an_error_and_no_overflow_of_the_stack() =>
        Assert.Throws<TraceFormatException>(() => OtlpProtobuf.Decode(Enumerable.Repeat((byte)0x0B, 1_000_000).ToArray()));
}
