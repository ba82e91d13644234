using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Tests.Otlp;

public sealed class OtlpSplitterTests
{
    public static TheoryData<string> Captures() =>
        [.. Directory.GetFiles(TestFiles.Data("js-libp2p", "other"), "*.pb").Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Captures))]
    public void The_slices_of_a_capture_hold_exactly_its_spans(string file)
    {
        var message = File.ReadAllBytes(TestFiles.Data("js-libp2p", "other", file));
        AssertSameSpans(message, OtlpSplitter.Split(message));
    }

    [Fact]
    public void Spans_of_many_traces_resources_and_scopes_keep_what_they_belong_to()
    {
        var random = new Random(7);
        var resources = Enumerable
            .Range(0, 3)
            .Select(i => new Resource { Attributes = AttributeList.Of(("service.name", $"s{i}")), SchemaUrl = $"u{i}" })
            .ToList();
        var scopes = Enumerable.Range(0, 3).Select(i => new InstrumentationScope { Name = $"scope{i}", Version = $"{i}" }).ToList();
        var messages = Enumerable
            .Range(0, 20)
            .Select(_ =>
                OtlpProtobuf.Encode(
                    Enumerable
                        .Range(1, 50)
                        .Select(i => new Span
                        {
                            TraceId = new TraceId(1, (ulong)random.Next(1, 6)),
                            SpanId = new SpanId((ulong)i),
                            Name = new string('n', random.Next(300)),
                            Resource = resources[random.Next(3)],
                            Scope = scopes[random.Next(3)],
                        })
                )
            );
        foreach (var message in messages)
        {
            var split = OtlpSplitter.Split(message);
            AssertSameSpans(message, split);
            Assert.Equal(50, split.SpanCount);
        }
    }

    [Fact]
    public void Fields_that_nobody_knows_yet_stay_in_the_slices()
    {
        // Two spans of two traces, each followed by field 99 (varint 5); so are the scope group, the resource group and the message.
        byte[] unknown = [0x98, 0x06, 0x05];
        byte[] Span(byte trace) => [.. Field(1, [.. new byte[15], trace]), .. Field(2, [0, 0, 0, 0, 0, 0, 0, 1]), .. unknown];
        byte[] scope = [.. Field(2, Span(1)), .. Field(2, Span(2)), .. unknown];
        byte[] resource = [.. Field(2, scope), .. unknown];
        var split = OtlpSplitter.Split((byte[])[.. Field(1, resource), .. unknown]);

        byte[] expectedScope = [.. unknown, .. Field(2, Span(2))];
        byte[] expectedResource = [.. unknown, .. Field(2, expectedScope)];
        Assert.Equal(Field(1, expectedResource), split.Slices[1].Otlp.ToArray());
    }

    [Fact]
    public void Spans_without_valid_ids_are_left_out_and_counted()
    {
        byte[] good = [.. Field(1, [.. new byte[15], 1]), .. Field(2, [0, 0, 0, 0, 0, 0, 0, 1])];
        byte[][] bad =
        [
            [.. Field(1, new byte[16]), .. Field(2, [0, 0, 0, 0, 0, 0, 0, 1])],
            [.. Field(1, [.. new byte[15], 1]), .. Field(2, new byte[8])],
            [.. Field(1, [1, 2, 3]), .. Field(2, [0, 0, 0, 0, 0, 0, 0, 1])],
            [.. Field(1, [.. new byte[15], 1])],
        ];
        var message = Field(1, Field(2, [.. bad.SelectMany(span => Field(2, span)), .. Field(2, good)]));
        var split = OtlpSplitter.Split(message);

        Assert.Equal(4, split.RejectedCount);
        Assert.Equal(1, split.SpanCount);
        Assert.Equal("expected a span with a trace id that is not all zero", split.FirstRejected!.Value.Problem);
        Assert.Single(OtlpProtobuf.Decode(Assert.Single(split.Slices).Otlp));
    }

    [Fact]
    public void It_accepts_what_the_decoder_reads_and_refuses_what_it_refuses()
    {
        var capture = File.ReadAllBytes(TestFiles.Data("js-libp2p", "other", "14-dht-put.otlp-http-proto.1.pb"));
        var random = new Random(20);
        var count = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var asked) ? asked : 3000;
        var (accepted, refused) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var mutated = capture.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            if (random.Next(5) == 0)
            {
                mutated = mutated[..random.Next(mutated.Length)];
            }

            var rejected = new List<RejectedSpan>();
            var decoded = Try(() => OtlpProtobuf.Decode(mutated, rejected));
            var split = Try(() => OtlpSplitter.Split(mutated));
            Assert.Equal(decoded is null, split is null);
            if (decoded is null || split is null)
            {
                refused++;
                continue;
            }

            accepted++;
            Assert.Equal(rejected.Count, split.RejectedCount);
            Assert.Equal(decoded.Count, split.SpanCount);
            Assert.Equal(decoded.Count, split.Slices.Sum(slice => OtlpProtobuf.Decode(slice.Otlp).Count));
        }

        // Neither side of the comparison was empty.
        Assert.True(accepted > 0 && refused > 0, $"{accepted} accepted, {refused} refused");
    }

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (TraceFormatException)
        {
            return null;
        }
    }

    private static void AssertSameSpans(byte[] message, OtlpSplit split)
    {
        var expected = OtlpProtobuf.Decode(message);
        Assert.Equal(0, split.RejectedCount);
        Assert.Equal(expected.Select(span => span.TraceId).Distinct(), split.Slices.Select(slice => slice.TraceId));
        foreach (var slice in split.Slices)
        {
            var spans = OtlpProtobuf.Decode(slice.Otlp);
            Assert.Equal(slice.SpanCount, spans.Count);
            Assert.Equal(expected.Where(span => span.TraceId == slice.TraceId), spans);
        }
    }

    private static byte[] Field(int number, byte[] content)
    {
        Assert.InRange(content.Length, 0, (1 << 14) - 1);
        byte[] length = content.Length < 128 ? [(byte)content.Length] : [(byte)(content.Length | 0x80), (byte)(content.Length >> 7)];
        return [(byte)((number << 3) | 2), .. length, .. content];
    }
}
